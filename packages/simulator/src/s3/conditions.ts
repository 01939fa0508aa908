import type { StoredObject } from '../world/storage.ts';
import type { S3Call } from './call.ts';
import { S3Refusal } from './wire/refusal.ts';

/** What a request asks of the present state of an object before it goes on (RFC 9110, 13; S3 and Tigris on conditionals). */
interface Conditions {
  readonly match: string | null;
  readonly noneMatch: string | null;
  readonly modifiedSince: number | undefined;
  readonly unmodifiedSince: number | undefined;
}

/** Which condition does not hold. A read answers 304 for the second. */
type Verdict = 'holds' | 'changed' | 'unchanged';

const failed = (): S3Refusal =>
  new S3Refusal('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');

/** For a read of an object that is there: true when the answer is 304. Throws 412. */
export function notModified(call: S3Call, object: StoredObject): boolean {
  const verdict = judge(read(call, ''), object);
  if (verdict === 'changed') throw failed();
  return verdict === 'unchanged';
}

/** For a write or a delete. Throws 412, or 404 when what must match is not there. */
export function checkTarget(call: S3Call, present: StoredObject | undefined): void {
  const conditions = read(call, '');
  if (present && judge(conditions, present) !== 'holds') throw failed();
  // An empty ETag is Tigris' way to say "only when there is none".
  if (present || conditions.match === null || isEmptyTag(conditions.match)) return;
  throw new S3Refusal('NoSuchKey', 'The specified key does not exist.');
}

/** For the source of a copy, under `x-amz-copy-source-if-…`. Throws 412. */
export function checkSource(call: S3Call, source: StoredObject): void {
  if (judge(read(call, 'x-amz-copy-source-'), source) !== 'holds') throw failed();
}

/** The two conditions that only a delete has. Throws 412. */
export function checkDeletion(call: S3Call, present: StoredObject | undefined): void {
  checkTarget(call, present);
  const size = call.headers.get('x-amz-if-match-size');
  const time = dateOf(call.headers.get('x-amz-if-match-last-modified-time'));
  if (!present) return;
  if (size !== null && Number(size) !== present.size) throw failed();
  if (time !== undefined && time !== secondOf(present)) throw failed();
}

/** Whether a range is still meant: `If-Range` names this very object, or is absent (RFC 9110, 13.1.5). */
export function rangeHolds(call: S3Call, object: StoredObject): boolean {
  const condition = call.headers.get('if-range');
  if (condition === null) return true;
  return condition.includes('"')
    ? listed(condition, object.etag, 'strong')
    : dateOf(condition) === secondOf(object);
}

/** Whether an ETag as clients write it, in quotes or bare, is that of the object. */
export function isTagOf(tag: string, object: StoredObject): boolean {
  return listed(tag, object.etag, 'strong');
}

function read(call: S3Call, prefix: string): Conditions {
  const header = (name: string): string | null => call.headers.get(prefix + name);
  return {
    match: header('if-match'),
    noneMatch: header('if-none-match'),
    modifiedSince: dateOf(header('if-modified-since')),
    unmodifiedSince: dateOf(header('if-unmodified-since')),
  };
}

/** An ETag is exact, a date is good to the second: where both are given, the ETag alone counts (RFC 9110, 13.2.2). */
function judge(conditions: Conditions, object: StoredObject): Verdict {
  const { match, noneMatch, modifiedSince, unmodifiedSince } = conditions;
  const second = secondOf(object);
  if (
    match === null
      ? unmodifiedSince !== undefined && second > unmodifiedSince
      : !listed(match, object.etag, 'strong')
  )
    return 'changed';
  if (
    noneMatch === null
      ? modifiedSince !== undefined && second <= modifiedSince
      : listed(noneMatch, object.etag, 'weak')
  )
    return 'unchanged';
  return 'holds';
}

/** `If-Match` compares strongly: a weak tag matches nothing there. `If-None-Match` compares weakly. */
function listed(tags: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  return tags.split(',').some((one) => {
    const tag = one.trim();
    if (tag === '*') return true;
    const weak = tag.startsWith('W/');
    if (weak && comparison === 'strong') return false;
    return (weak ? tag.slice(2) : tag).replaceAll('"', '') === etag;
  });
}

function isEmptyTag(tag: string): boolean {
  return tag.trim() === '' || tag.trim() === '""';
}

function secondOf(object: StoredObject): number {
  return Math.floor(object.modifiedAtMs / 1000) * 1000;
}

/** A date that cannot be read is no condition (RFC 9110, 13.1.3 and 13.1.4). */
function dateOf(text: string | null): number | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
