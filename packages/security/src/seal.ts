import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import { HangarError } from '@hangar/http';
import { parseMasterKeys, type MasterKey } from './master-key.ts';
import type { Secret } from './secret.ts';

/**
 * Seals values for storage (docs/specs/promises.md#secrets-at-rest). Layout of a sealed value, all lengths in bytes:
 *
 *     format 1 | key id length 1 | key id | wrap nonce 12 | wrapped data key 32 | wrap tag 16
 *              | nonce 12 | ciphertext | tag 16
 *
 * Each value has a data key of its own, so no key ever meets the 2^32 messages that random 96-bit nonces
 * allow; a master key only wraps data keys. The place (table, column, row id) is authenticated on both
 * layers: a value moved to another row does not open.
 */
export interface Sealer {
  /**
   * Seals under the newest master key. `place` says where it will be stored, and must be said again to open
   * it.
   */
  seal(plain: string | Uint8Array, place: string): Uint8Array;
  /** @throws HangarError `internal` when it was sealed for another place, with an unknown key, or changed. */
  open(sealed: Uint8Array, place: string): Uint8Array;
  /** Like {@link Sealer.open}, as UTF-8 text. */
  openText(sealed: Uint8Array, place: string): string;
  /** The id of the master key that a sealed value needs. */
  keyIdOf(sealed: Uint8Array): string;
  /**
   * The same value wrapped by the newest master key; the ciphertext itself stays. Rotation calls it row by
   * row.
   */
  rewrap(sealed: Uint8Array, place: string): Uint8Array;
  /** The id that new values are sealed under. */
  readonly newestKeyId: string;
}

const FORMAT = 1;
const NONCE_LENGTH = 12;
const KEY_LENGTH = 32;
const TAG_LENGTH = 16;
/** One call for random bytes costs more than a cipher, however many they are. */
const POOL_BYTES = 4096;
const wrappedLength = NONCE_LENGTH + KEY_LENGTH + TAG_LENGTH;

/**
 * Makes a sealer from the master keys, newest first: the first seals, all of them open.
 * @throws HangarError `config_invalid` when there is none, one is malformed, or two share an id.
 *
 * @example
 * const sealer = createSealer([Secret.of(`2026-11:${keyInBase64}`)]);
 * const sealed = sealer.seal('postgres://…', `extensions.config/${id}`); // opens at the same place only
 */
export function createSealer(masterKeys: readonly Secret[]): Sealer {
  const keys = parseMasterKeys(masterKeys);
  const byId = new Map(keys.map((key) => [key.id, key]));
  const [newest] = keys;
  const random = randomPool();
  if (!newest) throw new HangarError('config_invalid', { detail: 'no master key is configured' });

  const unwrap = (sealed: Uint8Array, place: string): { dataKey: Uint8Array; box: Uint8Array } => {
    const parts = split(sealed);
    const master = byId.get(parts.keyId);
    if (!master) throw cannotOpen(place, `master key ${parts.keyId} is not configured`);
    return {
      dataKey: decrypt(master.key, parts.wrapped, wrapContext(master.id, place), place),
      box: parts.box,
    };
  };
  const open = (sealed: Uint8Array, place: string): Uint8Array => {
    const { dataKey, box } = unwrap(sealed, place);
    return decrypt(dataKey, box, valueContext(place), place);
  };

  return {
    newestKeyId: newest.id,
    seal(plain, place) {
      const dataKey = random(KEY_LENGTH);
      const bytes = typeof plain === 'string' ? new TextEncoder().encode(plain) : plain;
      return join(
        newest,
        encrypt(newest.key, random(NONCE_LENGTH), dataKey, wrapContext(newest.id, place)),
        encrypt(dataKey, random(NONCE_LENGTH), bytes, valueContext(place)),
      );
    },
    open,
    openText(sealed, place) {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(open(sealed, place));
    },
    keyIdOf(sealed) {
      return split(sealed).keyId;
    },
    rewrap(sealed, place) {
      const { dataKey, box } = unwrap(sealed, place);
      return join(
        newest,
        encrypt(newest.key, random(NONCE_LENGTH), dataKey, wrapContext(newest.id, place)),
        box,
      );
    },
  };
}

/** Random bytes, drawn many at a time. None is handed out twice, and none stays here that was handed out. */
function randomPool(): (length: number) => Buffer {
  const pool = Buffer.alloc(POOL_BYTES);
  let left = 0;
  return (length) => {
    if (length > left) {
      randomFillSync(pool);
      left = POOL_BYTES;
    }
    left -= length;
    const bytes = Buffer.alloc(length);
    pool.copy(bytes, 0, left, left + length);
    pool.fill(0, left, left + length);
    return bytes;
  };
}

function wrapContext(keyId: string, place: string): Uint8Array {
  return new TextEncoder().encode(`hangar-seal/1/key/${keyId}/${place}`);
}

function valueContext(place: string): Uint8Array {
  return new TextEncoder().encode(`hangar-seal/1/value/${place}`);
}

function join(master: MasterKey, wrapped: Uint8Array, box: Uint8Array): Uint8Array {
  const id = new TextEncoder().encode(master.id);
  const sealed = new Uint8Array(2 + id.length + wrapped.length + box.length);
  sealed[0] = FORMAT;
  sealed[1] = id.length;
  sealed.set(id, 2);
  sealed.set(wrapped, 2 + id.length);
  sealed.set(box, 2 + id.length + wrapped.length);
  return sealed;
}

function split(sealed: Uint8Array): { keyId: string; wrapped: Uint8Array; box: Uint8Array } {
  const idLength = sealed[1] ?? 0;
  const boxAt = 2 + idLength + wrappedLength;
  if (sealed[0] !== FORMAT || idLength === 0 || sealed.length < boxAt + NONCE_LENGTH + TAG_LENGTH) {
    throw new HangarError('internal', { detail: 'not a sealed value, or cut short' });
  }
  return {
    keyId: Buffer.from(sealed.subarray(2, 2 + idLength)).toString('latin1'),
    wrapped: sealed.subarray(2 + idLength, boxAt),
    box: sealed.subarray(boxAt),
  };
}

function encrypt(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, context: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
  return new Uint8Array(Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

function decrypt(key: Uint8Array, box: Uint8Array, context: Uint8Array, place: string): Uint8Array {
  const nonce = box.subarray(0, NONCE_LENGTH);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_LENGTH });
  decipher.setAAD(context).setAuthTag(box.subarray(box.length - TAG_LENGTH));
  try {
    const plain = decipher.update(box.subarray(NONCE_LENGTH, box.length - TAG_LENGTH));
    return new Uint8Array(Buffer.concat([plain, decipher.final()]));
  } catch (error) {
    throw cannotOpen(place, 'sealed for another place, with another key, or changed', error);
  }
}

function cannotOpen(place: string, why: string, cause?: unknown): HangarError {
  return new HangarError('internal', { detail: `the sealed value at ${place} does not open: ${why}`, cause });
}
