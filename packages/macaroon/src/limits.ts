/** How much of anything a received token may hold. The format itself knows no limits; a server must. */
export interface Limits {
  /** Characters of a whole header. */
  readonly headerLength: number;
  /** Comma-separated pieces of a header. */
  readonly tokensPerHeader: number;
  /** Bytes of one decoded token. */
  readonly tokenBytes: number;
  /** Caveats of one token, nested ones included. */
  readonly caveats: number;
  /** How deep IfPresent may stand inside IfPresent. */
  readonly ifPresentDepth: number;
  /** How deep arrays and maps may nest inside the body of an unknown caveat. */
  readonly unknownDepth: number;
  /** Entries of one resource map, or of a list of mutations, commands or arguments. */
  readonly entries: number;
  /** Bytes of one text or byte string. */
  readonly valueBytes: number;
  /** Third-party caveats of one token, nested ones included. */
  readonly thirdParties: number;
  /** Different discharges tried for one ticket. */
  readonly candidates: number;
}

/** The strict profile (docs/specs/token-format.md#limits). */
export const LIMITS: Limits = Object.freeze({
  headerLength: 65_536,
  tokensPerHeader: 256,
  tokenBytes: 32_768,
  caveats: 256,
  ifPresentDepth: 8,
  unknownDepth: 32,
  entries: 4096,
  valueBytes: 8192,
  thirdParties: 16,
  candidates: 8,
});

/** Bytes of the HMAC tail, of a shared key and of a discharge key. */
export const KEY_BYTES = 32;
/** Random bytes in a nonce. */
export const NONCE_RANDOM_BYTES = 16;
/** A binding shorter than this could be met by chance or on purpose. */
export const MIN_BINDING_BYTES = 16;
/** A binding can be no longer than the SHA-256 it is a prefix of. */
export const MAX_BINDING_BYTES = 32;
/**
 * The last end of a validity window, in Unix seconds. The reference's clock counts from the year 1, and one second more
 * overflows there. Who means "never" writes milliseconds or a large round number, which lie below.
 */
export const LAST_END_SECONDS = 9_223_371_974_719_179_007n;
