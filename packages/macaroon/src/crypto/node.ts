/**
 * The primitives of the format on node:crypto, and on WebAssembly once there is enough to do: an object for every HMAC is
 * what makes createHmac slow. crypto/noble.ts has the same exports for browsers (`#crypto` in package.json).
 */
import { Buffer } from 'node:buffer';
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hash,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto';
import { tailsOf, walkParts, type Marks } from '../format/signed-parts.ts';
import { createEngine, type Engine } from './wasm/engine.ts';

const AEAD = 'chacha20-poly1305';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** One caveat is signed as a set of its own: a two-element array of type and body. */
const PAIR_HEADER = Uint8Array.of(0x92);

/** Calls after which building the WebAssembly engine pays; a command that checks one token never waits for it. */
const ENGINE_PAYS_AFTER = 64;
/** Up to here one WebAssembly call is cheaper than one hash object. */
const SHORT_BYTES = 256;
/** Compiled code, once per process; `null` where WebAssembly is switched off. */
let engine: Engine | null | undefined;
let calls = 0;

function fastEngine(): Engine | null {
  if (engine !== undefined) return engine;
  calls += 1;
  if (calls < ENGINE_PAYS_AFTER) return null;
  try {
    engine = createEngine();
  } catch {
    engine = null;
  }
  return engine;
}

/** HMAC-SHA256. */
export function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return fastEngine()?.hmac(key, message) ?? slowHmac(key, message);
}

function slowHmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(message).digest();
}

/** All tails of a chain: of the nonce, then after each caveat. `pairs` are the encoded type and body of each caveat. */
export function chainTails(
  key: Uint8Array,
  nonce: Uint8Array,
  pairs: readonly Uint8Array[],
): readonly Uint8Array[] {
  const fast = fastEngine()?.chainTails(key, nonce, pairs);
  if (fast !== undefined) return fast;
  let tail: Uint8Array = createHmac('sha256', key).update(nonce).digest();
  const tails = [tail];
  for (const pair of pairs) {
    tail = createHmac('sha256', tail).update(PAIR_HEADER).update(pair).digest();
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
  keep: boolean,
): Uint8Array | undefined {
  const fast = fastEngine()?.walkChain(key, token, marks, proof, keep);
  if (fast !== undefined) return fast === 'wrong' ? undefined : fast;
  return walkParts(key, token, marks, proof, { chainTails, hmac, sameBytes });
}

/** SHA-256. */
export function sha256(bytes: Uint8Array): Uint8Array {
  // For long input the machine's own SHA instructions win over everything that a call costs.
  const fast = bytes.length <= SHORT_BYTES ? fastEngine()?.sha256(bytes) : undefined;
  return fast ?? hash('sha256', bytes, 'buffer');
}

/** SHA-256 in hex of each of the tails that `walkChain` answers with. */
export function tailDigests(tails: Uint8Array): readonly string[] {
  const fast = fastEngine()?.digests(tails);
  // One text, cut: turning each into hex by itself takes as long as hashing it.
  const all =
    fast === undefined
      ? Buffer.concat(tailsOf(tails).map((tail) => hash('sha256', tail, 'buffer'))).toString('hex')
      : Buffer.from(fast.buffer, fast.byteOffset, fast.length).toString('hex');
  return Array.from({ length: all.length / 64 }, (_, index) => all.slice(64 * index, 64 * (index + 1)));
}

/** SHA-1, for version 5 UUIDs only. */
export function sha1(bytes: Uint8Array): Uint8Array {
  return hash('sha1', bytes, 'buffer');
}

/** ChaCha20-Poly1305: nonce, ciphertext and tag in one box. */
export function seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv(AEAD, key, nonce, { authTagLength: TAG_BYTES });
  const body = cipher.update(plain);
  cipher.final();
  return plainBytes(Buffer.concat([nonce, body, cipher.getAuthTag()]));
}

/** Opens a box made by `seal`; undefined when the key is not its key or a bit has changed. */
export function unseal(key: Uint8Array, box: Uint8Array): Uint8Array | undefined {
  if (box.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const fast = fastEngine()?.unseal(key, box);
  if (fast !== undefined) return fast === 'wrong' ? undefined : fast;
  const decipher = createDecipheriv(AEAD, key, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(box.subarray(box.length - TAG_BYTES));
  const plain = decipher.update(box.subarray(NONCE_BYTES, box.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plainBytes(plain);
}

/** Equality without telling where the difference is. Lengths are no secret. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Fresh random bytes. */
export function randomBytes(length: number): Uint8Array {
  return randomFillSync(new Uint8Array(length));
}

/** Standard base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Where tokens are decoded to, one behind another: Buffer's own pool costs two objects for each. */
const POOL_BYTES = 8192;
let pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let poolUsed = 0;

/** Strict base64: standard alphabet, full padding, no white space, unused bits zero. Undefined for anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const length = (text.length >> 2) * 3;
  if (length > POOL_BYTES) {
    const bytes = Buffer.from(text, 'base64');
    return bytes.toString('base64') === text ? plainBytes(bytes) : undefined;
  }
  if (poolUsed + length > POOL_BYTES) {
    pool = Buffer.allocUnsafeSlow(POOL_BYTES);
    poolUsed = 0;
  }
  const end = poolUsed + pool.write(text, poolUsed, length, 'base64');
  // Buffer skips what it does not know, so only text that comes back identical was base64.
  if (pool.toString('base64', poolUsed, end) !== text) return undefined;
  const bytes = new Uint8Array(pool.buffer, poolUsed, end - poolUsed);
  poolUsed = end;
  return bytes;
}

function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
