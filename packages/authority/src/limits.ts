import { HangarError, withDefaults } from '@hangar/http';

/**
 * Bounds of what one workspace may mint (docs/specs/promises.md#limits-of-a-workspace). Without them every request could leave a
 * row behind for a year.
 */
export interface MintLimits {
  /** How many tokens may be minted one with another: the first is 1. A revocation walks down this far. */
  readonly depth: number;
  /** Tokens of one workspace that are neither over nor revoked. */
  readonly liveTokens: number;
}

/** What holds where nobody says otherwise. */
export const DEFAULT_MINT_LIMITS: MintLimits = { depth: 32, liveTokens: 1000 };

/**
 * Records of one workspace, as a multiple of its live tokens: revoked ones are kept until they would have ended, and
 * minting and revoking in turns must not fill the table.
 */
export const RECORDS_PER_LIVE_TOKEN = 10;

/**
 * Copies of one workspace that are revoked by their digest at one time. Whoever holds a text makes copies of it without
 * end, each another one to remember for as long as the text lives; whole tokens are bounded by their records.
 */
export const MAX_REVOKED_COPIES = 10_000;

const COPIES_RULE = 'revoked_copies';

/** Why a copy cannot be revoked by itself, as an error of our doors. */
export function tooManyCopies(): HangarError {
  return new HangarError('policy_denied', {
    public: `The workspace has ${MAX_REVOKED_COPIES} revoked copies, and may have no more until some of them would have ended. Revoke the whole token instead: by its id, creator, app or key, or by this text with scope "token".`,
    extra: { rule: COPIES_RULE, limit: MAX_REVOKED_COPIES },
  });
}

/** Whether this is {@link tooManyCopies}, thrown here or by an issuer that runs apart. */
export function isTooManyCopies(error: unknown): boolean {
  return error instanceof HangarError && error.extra?.['rule'] === COPIES_RULE;
}

/** Entries of the feed that are read at once: some two megabytes on their way from an issuer that runs apart. */
export const FEED_PAGE = 10_000;

/** The limits with defaults. Throws `config_invalid` for one that allows nothing. */
export function readMintLimits(given: Partial<MintLimits> = {}): MintLimits {
  const limits = withDefaults(DEFAULT_MINT_LIMITS, given);
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    const problem = `limits.${name} is a whole number from 1`;
    throw new HangarError('config_invalid', { detail: problem, public: problem });
  }
  return limits;
}
