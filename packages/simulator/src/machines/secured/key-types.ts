import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';
import { invalidArgument } from '../request/refusal.ts';

/** What a key of one type is for, and how it does it. Bytes in, bytes out. */
export interface KeyType {
  /** How long a value from outside must be; absent where only generated keys are simulated. */
  readonly valueBytes?: number;
  readonly generate: () => Uint8Array;
  readonly publicKey?: (value: Uint8Array) => Uint8Array;
  readonly sign?: (value: Uint8Array, plaintext: Uint8Array) => Uint8Array;
  readonly verify?: (value: Uint8Array, plaintext: Uint8Array, signature: Uint8Array) => boolean;
  readonly encrypts?: true;
  /** Whether a ciphertext can be bound to further bytes. */
  readonly bindsData?: true;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function mac(algorithm: string, bytes: number, keep: number): KeyType {
  const compute = (value: Uint8Array, plaintext: Uint8Array): Uint8Array =>
    createHmac(algorithm, value).update(plaintext).digest().subarray(0, keep);
  return {
    valueBytes: bytes,
    generate: () => randomBytes(bytes),
    sign: compute,
    verify: (value, plaintext, signature) => {
      const expected = compute(value, plaintext);
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    },
  };
}

const privateKeyOf = (value: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(value), format: 'der', type: 'pkcs8' });

const pair = {
  generated: (key: KeyObject): Uint8Array => key.export({ format: 'der', type: 'pkcs8' }),
  publicKey: (value: Uint8Array): Uint8Array =>
    createPublicKey(privateKeyOf(value)).export({ format: 'der', type: 'spki' }),
};

function signer(generate: () => KeyObject, digest: string | null): KeyType {
  return {
    generate: () => pair.generated(generate()),
    publicKey: pair.publicKey,
    sign: (value, plaintext) => sign(digest, plaintext, privateKeyOf(value)),
    verify: (value, plaintext, signature) =>
      verify(digest, plaintext, createPublicKey(privateKeyOf(value)), signature),
  };
}

/** The types of docs/specs/platform.md#secret-keys. */
export const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  hs256: mac('sha256', 32, 32),
  hs384: mac('sha384', 48, 48),
  hs512: mac('sha512', 64, 64),
  // libsodium's crypto_auth: HMAC-SHA-512, cut to its first half.
  nacl_auth: mac('sha512', 32, 32),
  es256: signer(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sha256'),
  nacl_sign: signer(() => generateKeyPairSync('ed25519').privateKey, null),
  nacl_box: {
    generate: () => pair.generated(generateKeyPairSync('x25519').privateKey),
    publicKey: pair.publicKey,
    encrypts: true,
  },
  nacl_secretbox: { valueBytes: 32, generate: () => randomBytes(32), encrypts: true },
  xaes256gcm: { valueBytes: 32, generate: () => randomBytes(32), encrypts: true, bindsData: true },
};

/**
 * Encrypts. A ciphertext of this platform is opaque: only the platform opens it again, so every type is AES-256-GCM under a key made of the
 * value, and not what the type's name says.
 */
export function seal(value: Uint8Array, plaintext: Uint8Array, bound: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', cipherKey(value), nonce).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `seal` made. Throws a 400 refusal for anything else. */
export function unseal(value: Uint8Array, ciphertext: Uint8Array, bound: Uint8Array): Uint8Array {
  if (ciphertext.length < NONCE_BYTES + TAG_BYTES)
    throw invalidArgument('ciphertext: is not one of this key');
  const tagAt = ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', cipherKey(value), ciphertext.subarray(0, NONCE_BYTES));
  decipher.setAAD(bound).setAuthTag(ciphertext.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(NONCE_BYTES, tagAt)), decipher.final()]);
  } catch {
    throw invalidArgument('ciphertext: is not one of this key');
  }
}

function cipherKey(value: Uint8Array): Uint8Array {
  return createHash('sha256').update('secret key').update(value).digest();
}
