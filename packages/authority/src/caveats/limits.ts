import type { SpendPeriod } from './facts.ts';

/**
 * What a caveat leaves to whoever carries the request out, because it takes rows to know or is settled only then. The
 * caveat itself clears; the limit is to be held before anything happens, in one step with what it limits.
 */
export type BranchLimit =
  /** At most so many environments alive that were made under the branch, each for so long at most. */
  | {
      readonly kind: 'live';
      readonly branch: string;
      readonly maxLive: number;
      readonly maxTtlSeconds: number;
      /** The caveat in words. */
      readonly caveat: string;
    }
  /** Nothing more that costs, once what the branch caused has cost this much in minor units. */
  | {
      readonly kind: 'spend';
      readonly branch: string;
      readonly amount: number;
      readonly currency: string;
      readonly period: SpendPeriod;
      readonly caveat: string;
    }
  /** A command for which nobody asked for less runs and prints no more than this. */
  | { readonly kind: 'exec'; readonly timeoutSeconds: number; readonly maxOutputBytes: number };

/** What allowed an access, and what it leaves to be held. */
export interface Clearance {
  readonly tokenId: string;
  /** Digests of the token and of all it was narrowed from, oldest first: counters of a branch are kept under these. */
  readonly branches: readonly string[];
  /** Empty unless the access said that limits will be held (`keepsLimits`). */
  readonly limits: readonly BranchLimit[];
}
