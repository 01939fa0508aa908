/**
 * The primitives for Node: node:crypto, and a WebAssembly engine for whoever asks for one, because an object for every HMAC
 * is what makes createHmac slow. crypto/noble.ts has the same exports for browsers (`#crypto` in package.json).
 */
import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { cutDigests, PLAIN_CRYPTO } from './node-primitives.ts';
import { BOX_NONCE_BYTES, BOX_TAG_BYTES, type TokenCrypto, type TokenCryptoOptions } from './token-crypto.ts';
import { createEngine, type Engine } from './wasm/engine.ts';

export { encodeBase64, PLAIN_CRYPTO, sameBytes, sha1 } from './node-primitives.ts';

/** Up to here one WebAssembly call is cheaper than one hash object. */
const SHORT_BYTES = 256;
/** Where tokens are decoded to, one behind another: a buffer for each costs two objects. */
const POOL_BYTES = 8192;
/** One call for random bytes costs as much as a signature, however many they are. */
const RANDOM_BYTES = 4096;

/**
 * Builds the fast primitives: a WebAssembly module of its own, which takes some milliseconds, and a buffer of its own for
 * decoded tokens. Where WebAssembly is switched off or the machine is big-endian, node:crypto does it all.
 */
export function createTokenCrypto(options: TokenCryptoOptions = {}): TokenCrypto {
  const engine = options.engine === 'node' ? undefined : tryEngine();
  return engine === undefined
    ? { ...PLAIN_CRYPTO, randomBytes: pooledRandomness(), decodeBase64: pooledDecoder() }
    : fastCrypto(engine);
}

function tryEngine(): Engine | undefined {
  try {
    return createEngine();
  } catch {
    return undefined;
  }
}

/** The engine where it takes an input, node:crypto for the rest. */
function fastCrypto(engine: Engine): TokenCrypto {
  return {
    engine: 'WebAssembly',
    hmac: (key, message) => engine.hmac(key, message) ?? PLAIN_CRYPTO.hmac(key, message),
    chainTails: (key, nonce, pairs) =>
      engine.chainTails(key, nonce, pairs) ?? PLAIN_CRYPTO.chainTails(key, nonce, pairs),
    walkChain: (key, token, marks, proof, keep) => {
      const tails = engine.walkChain(key, token, marks, proof, keep);
      if (tails === undefined) return PLAIN_CRYPTO.walkChain(key, token, marks, proof, keep);
      return tails === 'wrong' ? undefined : tails;
    },
    sha256: (bytes) => {
      // For long input the machine's own SHA instructions win over everything that a call costs.
      const digest = bytes.length <= SHORT_BYTES ? engine.sha256(bytes) : undefined;
      return digest ?? PLAIN_CRYPTO.sha256(bytes);
    },
    tailDigests: (tails) => {
      const digests = engine.digests(tails);
      if (digests === undefined) return PLAIN_CRYPTO.tailDigests(tails);
      return cutDigests(Buffer.from(digests.buffer, digests.byteOffset, digests.length));
    },
    seal: (key, nonce, plain) => engine.seal(key, nonce, plain) ?? PLAIN_CRYPTO.seal(key, nonce, plain),
    unseal: (key, box) => {
      if (box.length < BOX_NONCE_BYTES + BOX_TAG_BYTES) return undefined;
      const plain = engine.unseal(key, box);
      if (plain === undefined) return PLAIN_CRYPTO.unseal(key, box);
      return plain === 'wrong' ? undefined : plain;
    },
    randomBytes: pooledRandomness(),
    decodeBase64: pooledDecoder(),
  };
}

/** Random bytes drawn many at a time. What was handed out is wiped, so that it is nowhere but in its place. */
function pooledRandomness(): TokenCrypto['randomBytes'] {
  const pool = new Uint8Array(RANDOM_BYTES);
  let used = RANDOM_BYTES;
  return (length) => {
    if (length > SHORT_BYTES) return PLAIN_CRYPTO.randomBytes(length);
    if (used + length > RANDOM_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  };
}

function pooledDecoder(): TokenCrypto['decodeBase64'] {
  let pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  let used = 0;
  return (text) => {
    const length = (text.length >> 2) * 3;
    if (length > POOL_BYTES) return PLAIN_CRYPTO.decodeBase64(text);
    if (used + length > POOL_BYTES) {
      pool = Buffer.allocUnsafeSlow(POOL_BYTES);
      used = 0;
    }
    const end = used + pool.write(text, used, length, 'base64');
    // Buffer skips what it does not know, so only text that comes back identical was base64.
    if (pool.toString('base64', used, end) !== text) return undefined;
    const bytes = new Uint8Array(pool.buffer, used, end - used);
    used = end;
    return bytes;
  };
}
