import { parseNetwork } from '../http/client-address.ts';
import type { Kind } from './variables.ts';

/** What is wrong with a value, as a clause that follows the variable's name. Never the value itself. */
export type Complaint = string;

/** Shorter secrets can be guessed offline from one captured signature (docs/specs/extensions.md#secrets). */
export const MIN_SECRET_BYTES = 16;

const PLACEHOLDER = /^(?:change.?me|secret|password|placeholder|example|test|todo|x+|\*+|<.*>)$/i;

/** Checks one raw value against its kind; undefined when it is fine. */
export function complaintAbout(
  kind: Kind,
  value: string,
  choices: readonly string[] | undefined,
): Complaint | undefined {
  switch (kind) {
    case 'port':
      return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535
        ? undefined
        : 'must be a port number from 1 to 65535';
    case 'days':
      return /^\d{1,4}$/.test(value) && Number(value) >= 1 && Number(value) <= 3650
        ? undefined
        : 'must be a number of days from 1 to 3650';
    case 'url':
      return urlComplaint(value);
    case 'choice':
      return choices?.includes(value) === true ? undefined : `must be one of ${choices?.join(', ') ?? ''}`;
    case 'flag':
      return value === 'true' || value === 'false' ? undefined : 'must be true or false';
    case 'count':
      return /^[1-9]\d{0,6}$/.test(value) ? undefined : 'must be a whole number from 1 to 9999999';
    case 'duration':
      return durationMs(value) === undefined
        ? 'must be 0, or a whole number and s, m, h or d, such as 72h'
        : undefined;
    case 'list':
      return splitList(value).length > 0 ? undefined : 'must name at least one, or be unset';
    case 'networks':
      return splitList(value).every((network) => parseNetwork(network) !== undefined)
        ? undefined
        : 'must be networks such as 172.16.0.0/12 or fdaa::/16';
    case 'host':
    case 'folder':
    case 'file':
    case 'text':
      return value.trim() === '' ? 'must not be blank' : undefined;
    case 'secret':
      return value.trim() === '' ? 'must not be blank' : undefined;
    case 'secrets':
      return splitList(value).length > 0 ? undefined : 'must hold at least one secret';
  }
}

/**
 * What is wrong with a shared secret, if anything.
 *
 * @param givenBy who has the right one: a secret of somebody else's can only be asked for.
 */
export function weakSecret(secret: string, givenBy: string | undefined): Complaint | undefined {
  const remedy =
    givenBy === undefined
      ? 'generate one with `openssl rand -hex 32`'
      : `${givenBy} gives it: ask ${givenBy} for yours`;
  if (PLACEHOLDER.test(secret)) return `looks like a placeholder; ${remedy}`;
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES)
    return `must be at least ${MIN_SECRET_BYTES} bytes; ${remedy}`;
  return undefined;
}

/** What is wrong with a master key, if anything. */
export function badMasterKey(key: string): Complaint | undefined {
  const match = /^([A-Za-z0-9_-]{1,64}):([A-Za-z0-9+/]{43}=)$/.exec(key);
  if (match?.[2] === undefined || Buffer.from(match[2], 'base64').length !== 32) {
    return 'must be `id:` followed by 32 bytes in base64; `openssl rand -base64 32` makes the second part';
  }
  return undefined;
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration such as `90s`, `72h` or `30d`. Undefined for anything else. */
export function durationMs(value: string): number | undefined {
  if (value === '0') return 0;
  const [, count, unit] = /^([0-9]{1,6})([smhd])$/.exec(value) ?? [];
  return count === undefined ? undefined : Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** Comma separated, blanks around entries ignored. */
export function splitList(value: string): string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function urlComplaint(value: string): Complaint | undefined {
  if (!URL.canParse(value)) return 'must be an absolute URL';
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must start with https:// or http://';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or password';
  if (url.search !== '' || url.hash !== '') return 'must not have a query or fragment';
  if (url.pathname !== '/') return 'must not have a path';
  return undefined;
}
