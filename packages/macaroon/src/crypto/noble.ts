/** The primitives of the format in plain JavaScript, for browsers. Same exports as crypto/node.ts. */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 as nobleSha1 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { concatBytes, toHex } from '../bytes.ts';
import { tailsOf, walkParts, type Marks } from '../format/signed-parts.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PAIR_HEADER = Uint8Array.of(0x92);

/** HMAC-SHA256. */
export function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return nobleHmac(nobleSha256, key, message);
}

/** All tails of a chain: of the nonce, then after each caveat. `pairs` are the encoded type and body of each caveat. */
export function chainTails(
  key: Uint8Array,
  nonce: Uint8Array,
  pairs: readonly Uint8Array[],
): readonly Uint8Array[] {
  let tail: Uint8Array = hmac(key, nonce);
  const tails = [tail];
  for (const pair of pairs) {
    tail = nobleHmac.create(nobleSha256, tail).update(PAIR_HEADER).update(pair).digest();
    tails.push(tail);
  }
  return tails;
}

/**
 * Checks the chain of a token against the tail at its end, a proof's finalized. Answers with all tails, 32 bytes each, if
 * `keep`, otherwise with nothing in an array; undefined for a wrong tail.
 */
export function walkChain(
  key: Uint8Array,
  token: Uint8Array,
  marks: Marks,
  proof: boolean,
  _keep: boolean,
): Uint8Array | undefined {
  return walkParts(key, token, marks, proof, { chainTails, hmac, sameBytes });
}

/** SHA-256. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** SHA-256 in hex of each of the tails that `walkChain` answers with. */
export function tailDigests(tails: Uint8Array): readonly string[] {
  return tailsOf(tails).map((tail) => toHex(sha256(tail)));
}

/** SHA-1, for version 5 UUIDs only. */
export function sha1(bytes: Uint8Array): Uint8Array {
  return nobleSha1(bytes);
}

/** ChaCha20-Poly1305: nonce, ciphertext and tag in one box. */
export function seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array {
  return concatBytes([nonce, chacha20poly1305(key, nonce).encrypt(plain)]);
}

/** Opens a box made by `seal`; undefined when the key is not its key or a bit has changed. */
export function unseal(key: Uint8Array, box: Uint8Array): Uint8Array | undefined {
  if (box.length < NONCE_BYTES + TAG_BYTES) return undefined;
  try {
    return chacha20poly1305(key, box.subarray(0, NONCE_BYTES)).decrypt(box.subarray(NONCE_BYTES));
  } catch {
    return undefined;
  }
}

/** Equality without telling where the difference is. Lengths are no secret. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Fresh random bytes. */
export function randomBytes(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Strict base64: standard alphabet, full padding, no white space, unused bits zero. Undefined for anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return undefined;
  }
  // atob skips white space and ignores unused bits, so only text that comes back identical was strict.
  if (btoa(binary) !== text) return undefined;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
