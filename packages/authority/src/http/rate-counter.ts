import type { RateLimit } from '../ports.ts';

/**
 * What a process may use of a limit before it has heard what the others used: half, which is all of it for two. Limits that
 * count in ones are not divided: a holder of three a minute would else be refused the second at once.
 */
const PART = 0.5;
const UNDIVIDED = 20;

/** How a limit is divided where nobody was asked. */
export interface Share {
  readonly part: number;
  burst(rate: RateLimit): number;
}

/** The whole limit for a process that is alone. */
export function shareOf(isShared: boolean): Share {
  if (!isShared) return { part: 1, burst: ({ burst }) => burst };
  return { part: PART, burst: ({ burst }) => (burst < UNDIVIDED ? burst : burst * PART) };
}

/** What a process knows of one limit. */
export interface Counter {
  readonly rate: RateLimit;
  /** A share of the limit, used on credit; or a slice that was taken out of the shared bucket. */
  kind: 'share' | 'slice';
  left: number;
  /** When a share was filled up last. */
  at: number;
  usedAt: number;
  /** Used, and not told yet. */
  owed: number;
  /** What the last slice brought. */
  slice: number;
  isAsking: boolean;
  /** Not before this. */
  askAt: number;
  /** The shared bucket has nothing before this, unless somebody gives back. */
  emptyUntil: number;
}

/** A counter that nobody has used. */
export function fullShare(rate: RateLimit, share: Share, at: number): Counter {
  return {
    rate,
    kind: 'share',
    left: share.burst(rate),
    at,
    usedAt: at,
    owed: 0,
    slice: 0,
    isAsking: false,
    askAt: at,
    emptyUntil: at,
  };
}

/**
 * Time fills a share. While nobody can be told, what came in by it is not owed either: else the limit would be shut for as
 * long as the database was away.
 */
export function refill(
  counter: Counter,
  rate: RateLimit,
  share: Share,
  { at, isAway }: { readonly at: number; readonly isAway: boolean },
): void {
  const came = ((at - counter.at) * rate.perMinute * share.part) / 60_000;
  counter.left = Math.min(share.burst(rate), counter.left + came);
  if (isAway) counter.owed = Math.max(0, counter.owed - came);
  counter.at = at;
}
