import { sha256 } from '@hangar/security';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Pauses after the first, second, ... failed attempt; then every hour. Dense at the start, so that after an hour
 * of outage nothing is more than half an hour late (docs/specs/extensions.md#webhooks).
 */
const PAUSES: readonly number[] = [
  2 * SECOND,
  10 * SECOND,
  30 * SECOND,
  1 * MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
];
const THEN_EVERY = HOUR;

/** After this long an announcement is parked for a person to look at. */
const GIVE_UP_AFTER = 72 * HOUR;

/** A tenth up or down, so that a backlog does not come back as one burst. */
const JITTER = 0.1;

/**
 * When to try again after attempt number `attempt` failed at `now`; undefined when the three days are over. The
 * jitter is drawn from the announcement's id: spread over announcements, and repeatable for one.
 */
export function nextAttempt(
  announcement: { id: string; scheduledFrom: Date },
  attempt: number,
  now: Date,
): Date | undefined {
  const pause = PAUSES[attempt - 1] ?? THEN_EVERY;
  const [draw = 0] = sha256(`${announcement.id}:${attempt}`);
  const at = now.getTime() + Math.round(pause * (1 - JITTER + (2 * JITTER * draw) / 255));
  return at > announcement.scheduledFrom.getTime() + GIVE_UP_AFTER ? undefined : new Date(at);
}
