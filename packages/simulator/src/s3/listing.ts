import { createHmac } from 'node:crypto';
import { sameBytes } from '@hangar/security';
import type { StoredObject } from '../world/storage.ts';
import { ticketKey } from '../world/world.ts';
import { authorize, bucketOf, xml, type S3Call } from './call.ts';
import { compareKeys, nameWriter, pageSize } from './pages.ts';
import { S3Refusal } from './wire/refusal.ts';
import { S3_NAMESPACE, xmlOf } from './wire/xml.ts';

interface Page {
  readonly objects: StoredObject[];
  readonly prefixes: string[];
  /** The last key or prefix taken, when more follow. */
  readonly next: string | undefined;
}

/** `GET /bucket?list-type=2`. */
export function listObjectsV2(call: S3Call): Response {
  const token = call.query.get('continuation-token');
  const start = call.query.get('start-after');
  const { page, shared } = list(call, token === null ? (start ?? '') : fromToken(call, token));
  const { write } = nameWriter(call);
  return xml(
    xmlOf(
      'ListBucketResult',
      {
        ...shared,
        ...(start === null ? {} : { StartAfter: write(start) }),
        KeyCount: page.objects.length + page.prefixes.length,
        IsTruncated: page.next !== undefined,
        ...(token === null ? {} : { ContinuationToken: token }),
        ...(page.next === undefined ? {} : { NextContinuationToken: toToken(call, page.next) }),
      },
      S3_NAMESPACE,
    ),
  );
}

/** `GET /bucket`, the first version of the listing. */
export function listObjects(call: S3Call): Response {
  const marker = call.query.get('marker') ?? '';
  const { page, shared } = list(call, marker);
  const { write } = nameWriter(call);
  return xml(
    xmlOf(
      'ListBucketResult',
      {
        ...shared,
        Marker: write(marker),
        IsTruncated: page.next !== undefined,
        ...(page.next === undefined ? {} : { NextMarker: write(page.next) }),
      },
      S3_NAMESPACE,
    ),
  );
}

function list(call: S3Call, after: string): { page: Page; shared: Record<string, unknown> } {
  authorize(call, 'ListBucket');
  const bucket = bucketOf(call);
  const { prefix, delimiter } = foldOf(call);
  const limit = pageSize(call, 'max-keys');
  const { write, shown } = nameWriter(call);
  const page = pageOf([...bucket.objects.values()], { prefix, delimiter, after, limit });
  const owned = call.query.get('list-type') !== '2' || call.query.get('fetch-owner') === 'true';
  const Owner = { ID: 'flyio_operator', DisplayName: 'operator' };
  const shared = {
    Name: call.bucket,
    Prefix: write(prefix),
    ...(delimiter === '' ? {} : { Delimiter: write(delimiter) }),
    MaxKeys: limit,
    ...shown,
    Contents: page.objects.map((one) => ({
      Key: write(one.key),
      LastModified: new Date(one.modifiedAtMs).toISOString(),
      ETag: `"${one.etag}"`,
      Size: one.size,
      ...(owned ? { Owner } : {}),
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: page.prefixes.map((one) => ({ Prefix: write(one) })),
  };
  return { page, shared };
}

/** Prefix and delimiter of a list. */
export function foldOf(call: S3Call): { prefix: string; delimiter: string } {
  return { prefix: call.query.get('prefix') ?? '', delimiter: call.query.get('delimiter') ?? '' };
}

/** Keys in the order of their UTF-8 bytes, folded at the delimiter. */
export function pageOf(
  objects: readonly StoredObject[],
  ask: { prefix: string; delimiter: string; after: string; limit: number },
): Page {
  const sorted = objects
    .filter((one) => one.key.startsWith(ask.prefix))
    .toSorted((a, b) => compareKeys(a.key, b.key));
  const page: Page = { objects: [], prefixes: [], next: undefined };
  let last: string | undefined;
  for (const object of sorted) {
    if (ask.after !== '' && compareKeys(object.key, ask.after) <= 0) continue;
    const cut = ask.delimiter === '' ? -1 : object.key.indexOf(ask.delimiter, ask.prefix.length);
    const folded = cut === -1 ? undefined : object.key.slice(0, cut + ask.delimiter.length);
    // A page may have ended with a folded prefix; what lies under it was told with it.
    if (folded !== undefined && (folded === ask.after || page.prefixes.at(-1) === folded)) continue;
    if (page.objects.length + page.prefixes.length >= ask.limit) return { ...page, next: last };
    if (folded === undefined) page.objects.push(object);
    else page.prefixes.push(folded);
    last = folded ?? object.key;
  }
  return page;
}

/** A token is the last name of the page before, with a proof that it was given out for this very list. */
function toToken(call: S3Call, last: string): string {
  return `${Buffer.from(last).toString('base64url')}.${proofOf(call, last)}`;
}

function fromToken(call: S3Call, token: string): string {
  const last = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString();
  if (sameBytes(Buffer.from(toToken(call, last)), Buffer.from(token))) return last;
  throw new S3Refusal('InvalidArgument', 'The continuation token provided is incorrect');
}

function proofOf(call: S3Call, last: string): string {
  const { prefix, delimiter } = foldOf(call);
  return createHmac('sha256', ticketKey(call.simulation.world))
    .update(JSON.stringify(['list', call.bucket, prefix, delimiter, last]))
    .digest('base64url')
    .slice(0, 16);
}
