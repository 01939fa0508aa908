import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Compares two byte strings of any lengths in a time that tells nothing of where they differ.
 * The digests are compared, not the bytes: `timingSafeEqual` throws on unequal lengths, and a
 * throw would turn a wrong signature into a 500.
 */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  const left = createHash('sha256').update(a).digest();
  const right = createHash('sha256').update(b).digest();
  return timingSafeEqual(left, right);
}
