import type { Announcement, EndpointState, Settlement } from '../ports.ts';
import { nextAttempt } from './schedule.ts';

/** What came back from one attempt. */
export type Attempted =
  | { readonly tag: 'answered'; readonly status: number; readonly retryAfter: string | null }
  | { readonly tag: 'failed'; readonly reason: string };

/** What follows from it. */
export interface Verdict {
  readonly outcome: string;
  readonly next: Settlement;
  /** Present when the address itself changes state. */
  readonly endpoint?: EndpointState;
}

/** Nothing is wrong with the address. */
export const openEndpoint: EndpointState = {
  stoppedAt: undefined,
  pausedUntil: undefined,
  reason: undefined,
};

/** 401 and 403 mean that the secret is not theirs: one probe an hour until somebody repairs it. */
const SECRET_PAUSE_MS = 3_600_000;

/** A receiver may ask for patience, but not for more than a day. */
const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000;

/** Answers that will not change by being repeated are given this many chances. */
const REFUSALS = 3;

/** Decides what one attempt means for its announcement and for the address (docs/specs/extensions.md#webhooks). */
export function judgeAttempt(
  announcement: Announcement,
  attempt: number,
  attempted: Attempted,
  now: Date,
): Verdict {
  if (attempted.tag === 'failed')
    return { outcome: attempted.reason, next: again(announcement, attempt, now) };
  const { status, retryAfter } = attempted;
  if (status >= 200 && status < 300)
    return { outcome: 'delivered', next: { tag: 'delivered' }, endpoint: openEndpoint };
  if (status === 410) {
    const endpoint = { stoppedAt: now, pausedUntil: undefined, reason: 'the receiver answered 410' };
    return { outcome: 'stopped', next: { tag: 'again', at: now }, endpoint };
  }
  if (status === 401 || status === 403) {
    const at = new Date(now.getTime() + SECRET_PAUSE_MS);
    const reason = `the receiver answered ${status}: check the webhook secret`;
    return {
      outcome: 'unauthorized',
      next: { tag: 'again', at },
      endpoint: { stoppedAt: undefined, pausedUntil: at, reason },
    };
  }
  const wait = status === 429 || status === 503 ? readRetryAfter(retryAfter, now) : undefined;
  if (wait !== undefined) {
    const at = new Date(now.getTime() + wait);
    const reason = `the receiver asked for patience with ${status}`;
    return {
      outcome: 'asked to wait',
      next: { tag: 'again', at },
      endpoint: { stoppedAt: undefined, pausedUntil: at, reason },
    };
  }
  if (status >= 300 && status < 400)
    return { outcome: 'redirected', next: again(announcement, attempt, now) };
  if (status >= 400 && status < 500 && status !== 408 && status !== 429 && attempt >= REFUSALS) {
    return { outcome: 'refused', next: { tag: 'parked', reason: `refused with ${status} ${attempt} times` } };
  }
  return { outcome: status < 500 ? 'refused' : 'failed', next: again(announcement, attempt, now) };
}

function again(announcement: Announcement, attempt: number, now: Date): Settlement {
  const at = nextAttempt(announcement, attempt, now);
  return at === undefined
    ? { tag: 'parked', reason: 'not delivered within three days' }
    : { tag: 'again', at };
}

/** Seconds or a date (RFC 9110, 10.2.3), in milliseconds from now; undefined when it says nothing usable. */
function readRetryAfter(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const wait = /^[0-9]{1,12}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  if (Number.isNaN(wait) || wait <= 0) return undefined;
  return Math.min(wait, LONGEST_RETRY_AFTER_MS);
}
