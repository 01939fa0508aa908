import { ok, refuse, type Result } from '@hangar/http';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lifetime of tokens for people, when none is asked for. A day, not the 20 years of flyctl. */
export const DEFAULT_LIFETIME_SECONDS = DAY;

/** The longest lifetime anybody can ask for: a year, leap years included. */
export const MAX_LIFETIME_SECONDS = 366 * DAY;

/** Replicas' clocks differ a little; a token made on one is valid at once on the other. */
export const CLOCK_LEEWAY_SECONDS = 30;

const UNIT_SECONDS = new Map([
  ['w', 7 * DAY],
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', 1],
]);

/** Why a lifetime was not taken. */
export type LifetimeReason =
  | { readonly tag: 'not_a_duration' }
  | { readonly tag: 'out_of_range'; readonly maxSeconds: number };

/**
 * Reads a lifetime: whole seconds as a number, or a Go-style duration such as `8760h0m0s`, extended by
 * `d` and `w`. Anything below one second or above the limit is refused, never shortened silently.
 */
export function parseLifetime(
  value: unknown,
  maxSeconds = MAX_LIFETIME_SECONDS,
): Result<number, LifetimeReason> {
  const seconds = typeof value === 'string' ? durationSeconds(value) : value;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return refuse({ tag: 'not_a_duration' });
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > maxSeconds) {
    return refuse({ tag: 'out_of_range', maxSeconds });
  }
  return ok(seconds);
}

function durationSeconds(text: string): number | undefined {
  // Nine digits are enough for any unit and keep the sum exact.
  if (!/^(?:\d{1,9}[wdhms]){1,5}$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([wdhms])/g)) {
    total += Number(count) * (UNIT_SECONDS.get(unit ?? '') ?? Number.NaN);
  }
  return total;
}
