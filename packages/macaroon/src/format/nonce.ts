import { concatBytes, fromHex, toHex } from '../bytes.ts';
import { sha1 } from '#crypto';
import { NONCE_RANDOM_BYTES } from '../limits.ts';
import type { Reader } from '../msgpack/reader.ts';
import type { Writer } from '../msgpack/writer.ts';

/** The first, signed part of a token: which key signed it, and what makes it unique. */
export interface Nonce {
  /** Opaque to everybody but the signer. In a discharge it is the whole ticket. */
  readonly keyId: Uint8Array;
  readonly random: Uint8Array;
  /** A proof has a finalized tail: nobody without the root key can add to it. */
  readonly proof: boolean;
  /** Version 0 has no proof flag; it is still read, and signed as it was. */
  readonly version: 0 | 1;
}

/** Reads a nonce (docs/specs/token-format.md#nonce). */
export function readNonce(reader: Reader): Nonce {
  const fields = reader.struct(2, 3);
  const keyId = reader.bin();
  if (keyId.length === 0) reader.malformed('empty key id');
  const random = reader.bin();
  if (random.length !== NONCE_RANDOM_BYTES) reader.malformed(`expected ${NONCE_RANDOM_BYTES} random bytes`);
  if (fields === 2) return { keyId, random, proof: false, version: 0 };
  return { keyId, random, proof: reader.bool(), version: 1 };
}

/** Writes the signed bytes of a nonce. */
export function writeNonce(writer: Writer, nonce: Nonce): void {
  writer
    .array(nonce.version === 0 ? 2 : 3)
    .bin(nonce.keyId)
    .bin(nonce.random);
  if (nonce.version === 1) writer.bool(nonce.proof);
}

const NAMESPACE = fromHex('968fc2c6a94f4988a5442ad72b02f222')!;

/**
 * The version 5 UUID of a nonce: the same for a token and everything narrowed from it
 * (docs/specs/token-format.md#token-id).
 */
export function nonceUuid(nonce: Nonce): string {
  const hex = toHex(uuid5(uuid5(NAMESPACE, nonce.keyId), nonce.random));
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function uuid5(namespace: Uint8Array, name: Uint8Array): Uint8Array {
  const uuid = sha1(concatBytes([namespace, name])).slice(0, 16);
  uuid[6] = (uuid[6]! & 0x0f) | 0x50;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}
