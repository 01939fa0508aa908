/** The primitives of the format in plain JavaScript, for browsers. Same exports as crypto/node.ts. */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 as nobleSha1 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { concatBytes, toHex } from '../bytes.ts';
import { tailsOf, walkParts } from '../format/signed-parts.ts';
import {
  BOX_NONCE_BYTES,
  BOX_TAG_BYTES,
  PAIR_HEADER,
  type TokenCrypto,
  type TokenCryptoOptions,
} from './token-crypto.ts';

/** What the functions of this package use when they are given nothing else. */
export const PLAIN_CRYPTO: TokenCrypto = Object.freeze<TokenCrypto>({
  engine: 'noble',
  hmac,
  chainTails: (key, nonce, pairs) => {
    let tail: Uint8Array = hmac(key, nonce);
    const tails = [tail];
    for (const pair of pairs) {
      tail = nobleHmac.create(nobleSha256, tail).update(PAIR_HEADER).update(pair).digest();
      tails.push(tail);
    }
    return tails;
  },
  walkChain: (key, token, marks, proof) =>
    walkParts(key, token, marks, proof, { chainTails: PLAIN_CRYPTO.chainTails, hmac, sameBytes }),
  sha256: (bytes) => nobleSha256(bytes),
  tailDigests: (tails) => tailsOf(tails).map((tail) => toHex(nobleSha256(tail))),
  seal: (key, nonce, plain) => concatBytes([nonce, chacha20poly1305(key, nonce).encrypt(plain)]),
  randomBytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  unseal: (key, box) => {
    if (box.length < BOX_NONCE_BYTES + BOX_TAG_BYTES) return undefined;
    try {
      return chacha20poly1305(key, box.subarray(0, BOX_NONCE_BYTES)).decrypt(box.subarray(BOX_NONCE_BYTES));
    } catch {
      return undefined;
    }
  },
  decodeBase64: (text) => {
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
  },
});

/** There is nothing to build here: a page has one engine. */
export function createTokenCrypto(_options: TokenCryptoOptions = {}): TokenCrypto {
  return PLAIN_CRYPTO;
}

function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return nobleHmac(nobleSha256, key, message);
}

/** SHA-1, for version 5 UUIDs only. */
export function sha1(bytes: Uint8Array): Uint8Array {
  return nobleSha1(bytes);
}

/** Equality without telling where the difference is. Lengths are no secret. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
