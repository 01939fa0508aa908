import type { Simulation } from '../../simulation.ts';

/** The limits that Fly.io documents: per action and per identifier. */
export interface RateLimits {
  /** Counts a request; true when it is one too many. */
  exceeded(method: string, path: string): boolean;
}

const usual = { perSecond: 1, burst: 3 };
const getMachine = { perSecond: 5, burst: 10 };

/** Creates the buckets. They count only while the option or a `rate_limit` fault is on. */
export function createRateLimits(simulation: Simulation): RateLimits {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    exceeded(method, path) {
      const fault = simulation.faults.list().some((one) => one.kind === 'rate_limit');
      if (!simulation.settings.rateLimits && !fault) return false;
      const machine = /\/machines\/([0-9a-f]{14})(\/[a-z]+)?/.exec(path);
      const app = /\/apps\/([^/]+)/.exec(path)?.[1] ?? '';
      if (method === 'GET' && !machine) return false;
      const limit = method === 'GET' && machine?.[2] === undefined ? getMachine : usual;
      const key = `${method} ${machine?.[2] ?? ''} ${machine?.[1] ?? app}`;
      const nowMs = simulation.clock.nowMs();
      const bucket = buckets.get(key) ?? { tokens: limit.burst, atMs: nowMs };
      bucket.tokens = Math.min(limit.burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * limit.perSecond);
      bucket.atMs = nowMs;
      buckets.set(key, bucket);
      if (bucket.tokens < 1) return true;
      bucket.tokens -= 1;
      return false;
    },
  };
}
