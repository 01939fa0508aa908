import type { Clock, Log } from '@hangar/http';
import { systemClock } from '@hangar/http';
import type { Outgoing } from '@hangar/security/outgoing';
import { z } from 'zod';

/** How often the simulated Fly.io is asked what time it is. */
const ASK_EVERY_MS = 1_000;
/**
 * Nothing is served before the first answer, since signed requests from a moved clock would be refused for good. On a
 * machine with more work than cores it takes longer than a second; one that hangs must not keep Hangar from starting.
 */
const FIRST_ANSWER_MS = 10_000;

const answer = z.object({ offset_ms: z.number() });

/** A clock that follows another's offset, and the means to stop following. */
export interface FollowedClock {
  readonly now: Clock;
  stop(): void;
}

/**
 * In simulator mode the time is the simulated platform's: whoever moves its clock by a day (to see a token
 * expire or a day billed) takes Hangar along, as the real world would. Resolves when the platform has said its time, or
 * did not; from then on, one that does not answer leaves the offset as it was.
 */
export async function followPlatformClock(
  controlUrl: string,
  outgoing: Outgoing,
  log: Log,
): Promise<FollowedClock> {
  let offsetMs = 0;
  const ask = async (timeoutMs: number): Promise<void> => {
    try {
      const response = await outgoing.send({
        method: 'GET',
        url: `${controlUrl}/_fly/clock`,
        timeoutMs,
      });
      if (response.status === 200) offsetMs = answer.parse(JSON.parse(response.text())).offset_ms;
    } catch {
      log.debug({}, 'the simulated Fly.io did not tell the time');
    }
  };
  await ask(FIRST_ANSWER_MS);
  const timer = setInterval(() => void ask(ASK_EVERY_MS), ASK_EVERY_MS);
  timer.unref();
  return {
    now: () => new Date(systemClock().getTime() + offsetMs),
    stop: () => clearInterval(timer),
  };
}
