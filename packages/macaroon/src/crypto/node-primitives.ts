/** The primitives of the format on node:crypto, without any state. */
import { Buffer } from 'node:buffer';
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hash,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto';
import { tailsOf, walkParts } from '../format/signed-parts.ts';
import { BOX_NONCE_BYTES, BOX_TAG_BYTES, PAIR_HEADER, type TokenCrypto } from './token-crypto.ts';

const AEAD = 'chacha20-poly1305';

/** node:crypto alone: what the functions of this package use when they are given nothing else. */
export const PLAIN_CRYPTO: TokenCrypto = Object.freeze<TokenCrypto>({
  engine: 'node:crypto',
  hmac,
  chainTails: (key, nonce, pairs) => {
    let tail: Uint8Array = createHmac('sha256', key).update(nonce).digest();
    const tails = [tail];
    for (const pair of pairs) {
      tail = createHmac('sha256', tail).update(PAIR_HEADER).update(pair).digest();
      tails.push(tail);
    }
    return tails;
  },
  walkChain: (key, token, marks, proof) =>
    walkParts(key, token, marks, proof, { chainTails: PLAIN_CRYPTO.chainTails, hmac, sameBytes }),
  sha256,
  // One text, cut: turning each into hex by itself takes as long as hashing it.
  tailDigests: (tails) => cutDigests(Buffer.concat(tailsOf(tails).map(sha256))),
  seal,
  randomBytes,
  unseal: (key, box) => {
    if (box.length < BOX_NONCE_BYTES + BOX_TAG_BYTES) return undefined;
    const decipher = createDecipheriv(AEAD, key, box.subarray(0, BOX_NONCE_BYTES), {
      authTagLength: BOX_TAG_BYTES,
    });
    decipher.setAuthTag(box.subarray(box.length - BOX_TAG_BYTES));
    const plain = decipher.update(box.subarray(BOX_NONCE_BYTES, box.length - BOX_TAG_BYTES));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return plainBytes(plain);
  },
  decodeBase64: (text) => {
    // A buffer of its own: the pool of Buffer.from is everybody's.
    const bytes = Buffer.allocUnsafeSlow((text.length >> 2) * 3);
    const end = bytes.write(text, 'base64');
    return bytes.toString('base64', 0, end) === text ? plainBytes(bytes.subarray(0, end)) : undefined;
  },
});

function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(message).digest();
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}

/** Digests of 32 bytes each, one behind another, as a list of texts in hex. */
export function cutDigests(digests: Buffer): readonly string[] {
  const all = digests.toString('hex');
  return Array.from({ length: all.length / 64 }, (_, index) => all.slice(64 * index, 64 * (index + 1)));
}

/** SHA-1, for version 5 UUIDs only. */
export function sha1(bytes: Uint8Array): Uint8Array {
  return hash('sha1', bytes, 'buffer');
}

function seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv(AEAD, key, nonce, { authTagLength: BOX_TAG_BYTES });
  const body = cipher.update(plain);
  cipher.final();
  return plainBytes(Buffer.concat([nonce, body, cipher.getAuthTag()]));
}

/** Equality without telling where the difference is. Lengths are no secret. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function randomBytes(length: number): Uint8Array {
  return randomFillSync(new Uint8Array(length));
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
