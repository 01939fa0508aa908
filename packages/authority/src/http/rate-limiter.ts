/** Counters remembered at once; the one unused the longest starts again full. */
const MAX_COUNTERS = 50_000;
const MINUTE_MS = 60_000;

/** How much of something is allowed. */
export interface RateLimit {
  readonly perMinute: number;
  /** How many at once after a pause. */
  readonly burst: number;
}

/** Counters by name, in this process only: they protect it, and are no quota across replicas. */
export interface RateLimiter {
  /** Takes one; undefined when there was one, else the whole seconds until there is. */
  take(counter: string, rate: RateLimit): number | undefined;
}

/** Builds one that has counted nothing yet. `monotonicMs` is a clock that never jumps. */
export function createRateLimiter(monotonicMs: () => number): RateLimiter {
  const counters = new Map<string, { left: number; at: number }>();
  return {
    take: (counter, { perMinute, burst }) => {
      const at = monotonicMs();
      const perMs = perMinute / MINUTE_MS;
      const seen = counters.get(counter);
      const left = seen ? Math.min(burst, seen.left + (at - seen.at) * perMs) : burst;
      counters.delete(counter);
      const oldest = counters.size >= MAX_COUNTERS ? counters.keys().next().value : undefined;
      if (oldest !== undefined) counters.delete(oldest);
      counters.set(counter, { left: left < 1 ? left : left - 1, at });
      return left < 1 ? Math.ceil((1 - left) / perMs / 1000) : undefined;
    },
  };
}
