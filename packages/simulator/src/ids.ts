import { randomBytes, randomInt } from 'node:crypto';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A ULID for the given instant: machine versions, event ids and request ids of Fly.io have this form. */
export function ulid(ms: number): string {
  let time = '';
  for (let rest = ms, i = 0; i < 10; i++) {
    time = CROCKFORD[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let tail = '';
  for (const byte of randomBytes(16)) tail += CROCKFORD[byte % 32];
  return time + tail;
}

/** ULIDs of which each sorts behind the one before, also within a millisecond: who reads up to one misses nothing that comes later. */
export function ascendingUlids(nowMs: () => number): () => string {
  let last = '';
  return () => {
    const next = ulid(nowMs());
    last = next > last ? next : following(last);
    return last;
  };
}

/** The text behind this one, counted in its last characters. */
function following(id: string): string {
  const [, head = '', last = '', full = ''] = /^(.*)([^Z])(Z*)$/.exec(id) ?? [];
  return head + CROCKFORD[CROCKFORD.indexOf(last) + 1] + '0'.repeat(full.length);
}

/** Lower-case hex of `bytes` random bytes. Machines have 7 bytes (14 characters), lease nonces 6. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** Random lower-case letters and digits. */
export function randomBase36(length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += BASE36[randomInt(36)];
  return text;
}

/** Random base64url text of `bytes` bytes, for tokens and keys. */
export function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
