import { hash, randomBytes } from 'node:crypto';

/** SHA-256 of bytes, or of the UTF-8 of a text. */
export function sha256(input: Uint8Array | string): Uint8Array {
  return new Uint8Array(hash('sha256', input, 'buffer'));
}

/** SHA-256 as 64 lower-case hex characters. */
export function sha256Hex(input: Uint8Array | string): string {
  return hash('sha256', input, 'hex');
}

/**
 * A fresh unguessable text, base64url without padding: 32 bytes make 43 characters.
 * @throws RangeError below 16 bytes, which would be guessable.
 */
export function randomToken(bytes = 32): string {
  if (!Number.isInteger(bytes) || bytes < 16) throw new RangeError('a random token needs at least 16 bytes');
  return randomBytes(bytes).toString('base64url');
}
