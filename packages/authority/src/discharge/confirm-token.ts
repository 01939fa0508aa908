import type { Sealer } from '@hangar/security';

/**
 * The hidden field of a confirmation page: it fits one flow and one person. Whoever lures a signed-in
 * person onto a page of their own knows the flow but cannot seal this.
 */
export function confirmToken(sealer: Sealer, userDigest: string, userId: string): string {
  return Buffer.from(sealer.seal('', placeOf(userDigest, userId))).toString('base64url');
}

/** True for what {@link confirmToken} made for this flow and person, on any process with the same master keys. */
export function isConfirmToken(
  candidate: string,
  sealer: Sealer,
  userDigest: string,
  userId: string,
): boolean {
  try {
    sealer.open(Buffer.from(candidate, 'base64url'), placeOf(userDigest, userId));
    return true;
  } catch {
    return false;
  }
}

function placeOf(userDigest: string, userId: string): string {
  return `discharge confirmation/${userDigest}/${userId}`;
}
