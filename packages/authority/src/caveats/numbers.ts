import { PRIVATE_RANGE } from '@hangar/macaroon';

/** Hangar's block inside the range that is free for private use; the numbers are signed, so they never change. */
const BLOCK = PRIVATE_RANGE.first + 0x48_41_4e_47_00n;

/** Type numbers of Hangar's own caveats. */
export const HANGAR_CAVEAT_NUMBERS = {
  EnvCreate: BLOCK + 1n,
  EnvLabels: BLOCK + 2n,
  ExecLimit: BLOCK + 3n,
  Source: BLOCK + 4n,
  Rate: BLOCK + 5n,
  Spend: BLOCK + 6n,
  LoginOf: BLOCK + 7n,
} as const;

/**
 * Caveats that count under the digest of their place in the chain. Copied onto another token they would
 * count from zero, so a token that carries one can be narrowed but not used to mint.
 */
export const COUNTING_CAVEATS: ReadonlySet<bigint> = new Set([
  HANGAR_CAVEAT_NUMBERS.EnvCreate,
  HANGAR_CAVEAT_NUMBERS.ExecLimit,
  HANGAR_CAVEAT_NUMBERS.Rate,
  HANGAR_CAVEAT_NUMBERS.Spend,
]);
