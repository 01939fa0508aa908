/** The span in which a Spend caveat counts. */
export type SpendPeriod = 'day' | 'month' | 'total';

/** At most this many live environments that were made under the branch, each for this long at most. */
export interface LiveLimit {
  readonly kind: 'live';
  readonly branch: string;
  readonly maxLive: number;
  readonly maxTtlSeconds: number;
  /** The caveat in words. */
  readonly caveat: string;
}

/** A budget in minor units of a currency: nothing more that costs, once what the branch caused has cost this much. */
export interface SpendLimit {
  readonly kind: 'spend';
  readonly branch: string;
  readonly amount: number;
  readonly currency: string;
  readonly period: SpendPeriod;
  /** The caveat in words. */
  readonly caveat: string;
}

/** Upper bounds for a command run. */
export interface ExecLimit {
  readonly kind: 'exec';
  readonly timeoutSeconds: number;
  readonly maxOutputBytes: number;
}

/**
 * What a caveat leaves to whoever carries the request out, because it takes rows to know or is settled only then. The
 * caveat itself clears; the limit is to be held before anything happens, in one step with what it limits. Counters
 * belong to the branch of the token that ends with the caveat.
 */
export type BranchLimit = LiveLimit | SpendLimit | ExecLimit;

/** What allowed an access, and what it leaves to be held. */
export interface Clearance {
  readonly tokenId: string;
  /** Digests of the token and of all it was narrowed from, oldest first: counters of a branch are kept under these. */
  readonly branches: readonly string[];
  /** Empty unless the access said that limits will be held (`keepsLimits`). */
  readonly limits: readonly BranchLimit[];
}

/** Why a verified token does not allow an access. */
export interface ClearRefusal {
  readonly code: 'caveat_denied' | 'token_expired';
  /** The caveat that said no, in words. */
  readonly caveat: string;
  /** Which token, what was asked, and why not. */
  readonly sentence: string;
  readonly tokenId: string;
}
