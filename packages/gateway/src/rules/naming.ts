import { randomBytes } from 'node:crypto';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** Longest part of an app's name that is kept in its bucket's name; with the random part it stays within 63. */
const BUCKET_PREFIX_LENGTH = 40;
const BUCKET_RANDOM_LENGTH = 10;

/** A ULID: 48 bits of milliseconds and 80 random bits in Crockford's base 32, so that ids sort by age. */
export function newUlid(now: Date): string {
  let time = BigInt(now.getTime());
  let head = '';
  for (let i = 0; i < 10; i += 1) {
    head = CROCKFORD.charAt(Number(time % 32n)) + head;
    time /= 32n;
  }
  return head + [...randomBytes(16)].map((byte) => CROCKFORD.charAt(byte % 32)).join('');
}

/** Lower-case base-32 letters, unguessable enough to keep strangers off a global namespace. */
export function randomBase32(length: number): string {
  return [...randomBytes(length)].map((byte) => BASE32.charAt(byte % 32)).join('');
}

/**
 * A bucket's name: the app's, cut and stripped to what buckets allow, and ten random characters. Bucket names are
 * global across all of Tigris and one stranger could occupy the app's own name (docs/specs/gateway.md#bucket-names);
 * the real name is recorded.
 */
export function bucketNameFor(app: string): string {
  const prefix = app
    .replace(/[^a-z0-9-]/g, '')
    .slice(0, BUCKET_PREFIX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return `${prefix === '' ? 'app' : prefix}-${randomBase32(BUCKET_RANDOM_LENGTH)}`;
}

/** The mark on everything an environment owns outside: network, access key and policy. Found again by it after a crash. */
export function markFor(installation: string, environment: string): string {
  return `hgr-${installation}-${environment}`;
}
