/**
 * The forms of names that reach a path, a header, a query or another service. All patterns are anchored, of
 * bounded length and linear. A name that fails here never leaves the process (sources beside each).
 */

const APP_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ORG_SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const REGION = /^[a-z]{3}$/;
const MACHINE_ID = /^[0-9a-f]{14}$/;
const VOLUME_ID = /^vol_[0-9a-z]{10,40}$/;
const BUCKET_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const EXTENSION_ID = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
const RESERVED_EXTENSION_IDS: readonly string[] = ['events', 'sso'];

const IMAGE_HOST = /^[a-z0-9](?:[a-z0-9.-]{0,252})(?::[0-9]{1,5})?$/i;
const IMAGE_SEGMENT = /^[a-z0-9]+(?:[._-]{1,2}[a-z0-9]+)*$/;
const IMAGE_TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const IMAGE_DIGEST = /^sha256:[0-9a-f]{64}$/;
const MAX_IMAGE_LENGTH = 512;

/** A Fly app's name: lower-case letters, digits and inner dashes, at most 63 (it becomes a DNS label). */
export function isAppName(text: string): boolean {
  return APP_NAME.test(text);
}

/** An organization's slug, also `personal`. */
export function isOrgSlug(text: string): boolean {
  return ORG_SLUG.test(text);
}

/** A region code: three lower-case letters. Whether Fly.io runs there is not said. */
export function isRegion(text: string): boolean {
  return REGION.test(text);
}

/** A machine's id: 14 lower-case hex characters. */
export function isMachineId(text: string): boolean {
  return MACHINE_ID.test(text);
}

/** A volume's id: `vol_` and base-36 characters. */
export function isVolumeId(text: string): boolean {
  return VOLUME_ID.test(text);
}

/**
 * A bucket's name as Hangar makes them: S3's rules without dots, which break TLS for host-style addresses.
 */
export function isBucketName(text: string): boolean {
  return BUCKET_NAME.test(text);
}

/** A resource's id in a provider's paths: needs no escaping, and is not one of the words the routes use. */
export function isExtensionId(text: string): boolean {
  return EXTENSION_ID.test(text) && !RESERVED_EXTENSION_IDS.includes(text);
}

/** A container image reference: `[host[:port]/]path[:tag][@sha256:…]`, at most 512 characters. */
export function isImage(text: string): boolean {
  if (text.length === 0 || text.length > MAX_IMAGE_LENGTH) return false;
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !IMAGE_DIGEST.test(digest))) return false;
  const segments = named.split('/');
  const last = segments.pop() ?? '';
  const [base = '', tag, ...rest] = last.split(':');
  if (rest.length > 0 || (tag !== undefined && !IMAGE_TAG.test(tag))) return false;
  const first = segments[0];
  const hasHost = first !== undefined && (/[.:]/.test(first) || first === 'localhost');
  if (hasHost && !IMAGE_HOST.test(first)) return false;
  return [...segments.slice(hasHost ? 1 : 0), base].every((segment) => IMAGE_SEGMENT.test(segment));
}
