import { silentLog, systemClock, type Clock, type Log } from '@hangar/http';
import { sha256Hex } from '@hangar/security';
import type { RateLimit, RateSlices } from '../ports.ts';
import { fullShare, refill, shareOf, type Counter } from './rate-counter.ts';

/** Counters remembered at once; the one unused the longest starts again full. */
const MAX_COUNTERS = 50_000;
/** Slices asked for at once; who comes after that lives on its own share, so that strangers cannot keep the database busy. */
const MAX_ASKING = 64;
/** Where all is used up, the others may have given back some by then. Shorter, and refusals cost statements. */
const EMPTY_MS = 50;
const EMPTY_LONGEST_MS = 1_000;
/** So long after a failure the database is asked again. */
const AWAY_MS = 1_000;
/** Who holds a slice and is not asked for that long gives it back. */
const IDLE_MS = 1_000;
/** A counter begins to tell what it has used from this part of its burst on: who uses less costs no statement. */
const TOLD_PART = 0.05;

/** Counters by name, shared by all processes on one database. */
export interface RateLimiter {
  /** Takes one; undefined when there was one, else the whole seconds until there is. Asks nobody. */
  take(counter: string, rate: RateLimit): number | undefined;
  /** Gives back what is held and has not been used for a second. */
  giveBack(): Promise<void>;
  /** Settles when no slice is asked for any more. */
  idle(): Promise<void>;
}

/** What a limiter is made of. */
export interface RateLimiterOptions {
  /** A clock that never jumps. */
  readonly monotonicMs: () => number;
  /** Where the limits are kept that processes share; without it this process counts alone. */
  readonly slices?: RateSlices | undefined;
  readonly now?: Clock | undefined;
  readonly log?: Log | undefined;
}

/**
 * Builds one that has counted nothing yet. Without `slices` a counter is a token bucket of this process. With them a
 * counter begins on a share of the limit, tells what it used of it, and then lives on slices that are taken out of the
 * shared bucket ahead of need: each at most half of what is left, and more is asked for when half of it is gone. While the
 * database is away it lives on its share again (docs/specs/promises.md#shared-limits).
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { monotonicMs, slices, now = systemClock, log = silentLog } = options;
  const share = shareOf(slices !== undefined);
  const counters = new Map<string, Counter>();
  /** Those that hold a slice, the one unused the longest first. */
  const holding = new Map<string, Counter>();
  const asking = new Set<Promise<void>>();
  let isAway = false;

  function counterOf(name: string, rate: RateLimit, at: number): Counter {
    const known = counters.get(name);
    counters.delete(name);
    const oldest = counters.size >= MAX_COUNTERS ? counters.keys().next().value : undefined;
    if (oldest !== undefined) counters.delete(oldest);
    const counter = known ?? fullShare(rate, share, at);
    counters.set(name, counter);
    return counter;
  }

  function ask(name: string, counter: Counter, rate: RateLimit, from: RateSlices): void {
    counter.isAsking = true;
    const told = tell(name, counter, rate, from).finally(() => {
      counter.isAsking = false;
      asking.delete(told);
      // More was used meanwhile than came: the others must hear of it before they use it too.
      if (counter.kind === 'slice' && counter.owed > 0) ask(name, counter, rate, from);
    });
    asking.add(told);
  }

  async function tell(name: string, counter: Counter, rate: RateLimit, from: RateSlices): Promise<void> {
    const used = counter.owed;
    counter.owed = 0;
    try {
      const wanted = { counter: sha256Hex(name), rate, used, wants: true, now: now() };
      const { granted, remaining } = await from.takeSlice(wanted);
      back();
      const had = counter.kind === 'slice' ? counter.left : 0;
      counter.kind = 'slice';
      // Credit is over. What was used of it meanwhile is paid out of what came.
      const paid = Math.min(granted, counter.owed);
      counter.owed -= paid;
      counter.left = had + granted - paid;
      counter.slice = granted;
      const at = monotonicMs();
      counter.emptyUntil = at + Math.max(0, 1 - remaining) / perMs(rate);
      const pause = Math.min(EMPTY_LONGEST_MS, Math.max(EMPTY_MS, counter.emptyUntil - at));
      counter.askAt = remaining >= 1 ? at : at + pause;
      if (counters.get(name) === counter) holding.set(name, counter);
    } catch (err) {
      away(err);
      counter.owed = Math.min(rate.burst, counter.owed + used);
      const at = monotonicMs();
      if (counter.kind === 'slice') Object.assign(counter, { kind: 'share', at });
      counter.askAt = at + AWAY_MS;
    }
  }

  function away(err: unknown): void {
    if (!isAway) log.warn({ err }, 'the database is away: rates are held by each process for itself');
    isAway = true;
  }
  function back(): void {
    if (isAway) log.info({}, 'rates are shared again');
    isAway = false;
  }

  return {
    take: (name, rate) => {
      const at = monotonicMs();
      const counter = counterOf(name, rate, at);
      if (counter.kind === 'share') refill(counter, rate, share, { at, isAway });
      else if (holding.delete(name)) holding.set(name, counter);
      counter.usedAt = at;
      const has = counter.left >= 1;
      if (has) counter.left -= 1;
      if (has && counter.kind === 'share') counter.owed = Math.min(rate.burst, counter.owed + 1);
      if (
        slices &&
        !counter.isAsking &&
        at >= counter.askAt &&
        asking.size < MAX_ASKING &&
        needs(counter, rate)
      )
        ask(name, counter, rate, slices);
      return has ? undefined : secondsUntil(counter, rate, share.part, at);
    },
    async giveBack() {
      const over = monotonicMs() - IDLE_MS;
      const given: Promise<unknown>[] = [];
      for (const [name, counter] of holding) {
        if (counter.usedAt > over) break;
        if (counter.isAsking) continue;
        holding.delete(name);
        if (counter.kind !== 'slice' || counter.left < 1) continue;
        // Whoever comes meanwhile begins on a share.
        if (counters.get(name) === counter) counters.delete(name);
        const { rate, left, owed } = counter;
        const wanted = { counter: sha256Hex(name), rate, used: owed - left, wants: false, now: now() };
        given.push(Promise.resolve(slices?.takeSlice(wanted)).catch(away));
      }
      await Promise.all(given);
    },
    async idle() {
      while (asking.size > 0) await Promise.all(asking);
    },
  };
}

/** Ahead of need: half a slice is left, or the last two. */
function needs(counter: Counter, rate: RateLimit): boolean {
  if (counter.kind === 'slice') return counter.left < Math.max(2, counter.slice / 2);
  return counter.left < 1 || counter.owed >= Math.max(1, rate.burst * TOLD_PART);
}

function secondsUntil(counter: Counter, rate: RateLimit, part: number, at: number): number {
  const ms =
    counter.kind === 'slice'
      ? Math.max(counter.emptyUntil, counter.askAt) - at
      : (1 - counter.left) / (perMs(rate) * part);
  return Math.max(1, Math.ceil(ms / 1000));
}

function perMs({ perMinute }: RateLimit): number {
  return perMinute / 60_000;
}
