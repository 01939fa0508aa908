const KEY_ID_BYTES = 8;

/** The key id of a key number: eight big-endian bytes, the form Fly.io uses too (docs/specs/token-format.md#nonce). */
export function keyIdOf(number: bigint): Uint8Array {
  const id = new Uint8Array(KEY_ID_BYTES);
  new DataView(id.buffer).setBigUint64(0, number);
  return id;
}

/** The key number in a key id, or undefined when it has another form. */
export function keyNumberOf(keyId: Uint8Array): bigint | undefined {
  if (keyId.length !== KEY_ID_BYTES) return undefined;
  return new DataView(keyId.buffer, keyId.byteOffset, KEY_ID_BYTES).getBigUint64(0);
}
