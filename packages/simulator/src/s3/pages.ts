import type { S3Call } from './call.ts';
import { S3Refusal } from './wire/refusal.ts';

/** No list has more entries in one answer, whatever is asked for. */
const LONGEST_PAGE = 1000;

/** What S3 takes for a number in a query: a 32-bit integer, not negative. */
const LARGEST_NUMBER = 2 ** 31 - 1;

/** `max-keys` and its kin: how many entries the answer may have. */
export function pageSize(call: S3Call, name: string): number {
  return Math.min(numberIn(call, name) ?? LONGEST_PAGE, LONGEST_PAGE);
}

/** A whole number of the query; absent when it is not there or empty. */
export function numberIn(call: S3Call, name: string): number | undefined {
  const text = call.query.get(name);
  if (text === null || text === '') return undefined;
  const number = Number(text);
  if (!/^\d{1,10}$/.test(text) || number > LARGEST_NUMBER) {
    throw new S3Refusal('InvalidArgument', `${name} must be an integer between 0 and ${LARGEST_NUMBER}`);
  }
  return number;
}

/** How names are written in this answer: as they are, or percent-encoded when `encoding-type=url` asks for it. */
export function nameWriter(call: S3Call): {
  readonly write: (name: string) => string;
  readonly shown: { readonly EncodingType?: 'url' };
} {
  const type = call.query.get('encoding-type');
  if (type === null || type === '') return { write: (name) => name, shown: {} };
  if (type !== 'url') throw new S3Refusal('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return {
    write: (name) => encodeURIComponent(name).replaceAll('%2F', '/'),
    shown: { EncodingType: 'url' },
  };
}

/** The order of lists: that of the UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
