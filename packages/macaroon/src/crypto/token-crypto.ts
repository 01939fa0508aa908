import type { Marks } from '../format/signed-parts.ts';

/** Of ChaCha20-Poly1305: the nonce in front of a box, and the tag behind it. */
export const BOX_NONCE_BYTES = 12;
export const BOX_TAG_BYTES = 16;
/** One caveat is signed as a set of its own: a two-element array of type and body. */
export const PAIR_HEADER: Uint8Array = Uint8Array.of(0x92);

/** The primitives whose cost is the cost of a token. Every implementation gives the same answers. */
export interface TokenCrypto {
  /** Who computes, for logs. */
  readonly engine: 'WebAssembly' | 'node:crypto' | 'noble';
  /** HMAC-SHA256. */
  readonly hmac: (key: Uint8Array, message: Uint8Array) => Uint8Array;
  /** All tails of a chain: of the nonce, then after each caveat. `pairs` are the encoded type and body of each caveat. */
  readonly chainTails: (
    key: Uint8Array,
    nonce: Uint8Array,
    pairs: readonly Uint8Array[],
  ) => readonly Uint8Array[];
  /**
   * Checks the chain of a token against the tail at its end, a proof's finalized. Returns all tails, 32 bytes each, if
   * `keep`, otherwise an array that may be empty; undefined for a wrong tail.
   */
  readonly walkChain: (
    key: Uint8Array,
    token: Uint8Array,
    marks: Marks,
    proof: boolean,
    keep: boolean,
  ) => Uint8Array | undefined;
  /** SHA-256. */
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** SHA-256 in hex of each of the tails that `walkChain` returns. */
  readonly tailDigests: (tails: Uint8Array) => readonly string[];
  /** ChaCha20-Poly1305: nonce, ciphertext and tag in one box. */
  readonly seal: (key: Uint8Array, nonce: Uint8Array, plain: Uint8Array) => Uint8Array;
  /** Opens a box of ChaCha20-Poly1305; undefined when the key is not its key or a bit has changed. */
  readonly unseal: (key: Uint8Array, box: Uint8Array) => Uint8Array | undefined;
  /** Fresh random bytes. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Strict base64: standard alphabet, full padding, no white space, unused bits zero. Undefined for anything else. */
  readonly decodeBase64: (text: string) => Uint8Array | undefined;
}

/** How to build one. */
export interface TokenCryptoOptions {
  /** `node` leaves the WebAssembly engine unbuilt. Browsers have one engine, whatever is said here. */
  readonly engine?: 'wasm' | 'node';
}
