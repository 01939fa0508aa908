/** Where things lie in the module's memory: two pages of 64 KiB. */
export const AT = {
  /** The eight words of SHA-256. */
  state: 0,
  /** One block being put together. */
  block: 64,
  /** The inner digest of an HMAC and the padding behind it. */
  inner: 128,
  /** The sixteen words of ChaCha20, and the stream made from them. */
  cipher: 192,
  stream: 256,
  /** The one-time key of Poly1305, and the tag it gives. */
  oneTimeKey: 320,
  tag: 352,
  /** Key and nonce of a box. */
  key: 384,
  nonce: 416,
  /** Pairs of address and length, one for each message of a chain. */
  table: 512,
  /** The first key of a chain, and behind it every tail. */
  tails: 4096,
  /** Messages, one after another, each with room for its padding. */
  input: 16_384,
  end: 131_072,
} as const;

export const PAGES = 2;
