import { HangarError } from '@hangar/security';

/** Bounds of what one workspace may mint. Without them every request could leave a row behind for a year. */
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

/** The limits with defaults. Throws `config_invalid` for one that allows nothing. */
export function readMintLimits(given: Partial<MintLimits> = {}): MintLimits {
  const limits = { ...DEFAULT_MINT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    const problem = `limits.${name} is a whole number from 1`;
    throw new HangarError('config_invalid', { detail: problem, public: problem });
  }
  return limits;
}
