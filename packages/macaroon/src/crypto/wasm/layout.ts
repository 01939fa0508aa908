/** Where things lie in the module's memory: two pages of 64 KiB. Whatever is secret lies below `table`, to be wiped at once. */
export const AT = {
  /** The eight words of SHA-256, and those of an HMAC's outer hash. */
  state: 0,
  outer: 32,
  /** The last block or two of a message, being padded, and eight bytes to run over into. */
  last: 64,
  /** The sixteen words of ChaCha20, and the stream made from them. */
  stream: 256,
  /** The one-time key of Poly1305, and the tag it gives. */
  oneTimeKey: 320,
  tag: 352,
  /** Key and nonce of a box. */
  key: 384,
  nonce: 416,
  /** The first key of a chain, and behind it every tail. */
  tails: 512,
  /** Pairs of address and length, one for each message of a chain. */
  table: 12_800,
  /** Both hashes of the HMAC that finalizes proofs, begun: no secret, and never wiped. */
  finalInner: 16_128,
  finalOuter: 16_160,
  /** Messages. One byte before them is free. */
  input: 16_384,
  end: 131_072,
} as const;

export const PAGES = 2;
