import { createHmac } from 'node:crypto';
import { sameBytes } from '@hangar/security';

/**
 * The hidden field of a confirmation page: it fits one flow and one person. Whoever lures a signed-in
 * person onto a page of their own knows the flow but cannot compute this.
 */
export function confirmToken(key: Uint8Array, userDigest: string, userId: string): string {
  return createHmac('sha256', key).update(`hangar-confirm/1\n${userDigest}\n${userId}`).digest('base64url');
}

/** Compares in constant time. */
export function isConfirmToken(
  candidate: string,
  key: Uint8Array,
  userDigest: string,
  userId: string,
): boolean {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  return sameBytes(bytes(candidate), bytes(confirmToken(key, userDigest, userId)));
}
