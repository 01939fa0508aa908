import { authorize, bucketOf, xml, type S3Call } from './call.ts';
import { S3Refusal } from './refusal.ts';
import type { StoredObject } from '../world/storage.ts';
import { s3Namespace, xmlOf } from './xml.ts';

const mostKeys = 1000;

interface Page {
  readonly objects: StoredObject[];
  readonly prefixes: string[];
  /** The last key or prefix taken, when more follow. */
  readonly next: string | undefined;
}

/** `GET /bucket?list-type=2`. */
export function listObjectsV2(call: S3Call): Response {
  const token = call.query.get('continuation-token');
  const after = token === null ? (call.query.get('start-after') ?? '') : fromToken(token);
  const { page, shared } = list(call, after);
  return xml(
    xmlOf(
      'ListBucketResult',
      {
        ...shared,
        KeyCount: page.objects.length + page.prefixes.length,
        IsTruncated: page.next !== undefined,
        ...(token === null ? {} : { ContinuationToken: token }),
        ...(page.next === undefined ? {} : { NextContinuationToken: toToken(page.next) }),
      },
      s3Namespace,
    ),
  );
}

/** `GET /bucket`, the first version of the listing. */
export function listObjects(call: S3Call): Response {
  const marker = call.query.get('marker') ?? '';
  const { page, shared } = list(call, marker);
  return xml(
    xmlOf(
      'ListBucketResult',
      {
        ...shared,
        Marker: marker,
        IsTruncated: page.next !== undefined,
        ...(page.next === undefined ? {} : { NextMarker: page.next }),
      },
      s3Namespace,
    ),
  );
}

function list(call: S3Call, after: string): { page: Page; shared: Record<string, unknown> } {
  authorize(call, 'ListBucket');
  const bucket = bucketOf(call);
  const prefix = call.query.get('prefix') ?? '';
  const delimiter = call.query.get('delimiter') ?? '';
  const maxKeys = Number(call.query.get('max-keys') ?? mostKeys);
  if (!Number.isInteger(maxKeys) || maxKeys < 0)
    throw new S3Refusal('InvalidArgument', 'max-keys is not valid');
  const encoded = call.query.get('encoding-type') === 'url';
  const name = (text: string): string => (encoded ? encodeURIComponent(text).replaceAll('%2F', '/') : text);
  const page = pageOf([...bucket.objects.values()], {
    prefix,
    delimiter,
    after,
    limit: Math.min(maxKeys, mostKeys),
  });
  const shared = {
    Name: call.bucket,
    Prefix: name(prefix),
    ...(delimiter === '' ? {} : { Delimiter: delimiter }),
    MaxKeys: maxKeys,
    ...(encoded ? { EncodingType: 'url' } : {}),
    Contents: page.objects.map((one) => ({
      Key: name(one.key),
      LastModified: new Date(one.modifiedAtMs).toISOString(),
      ETag: `"${one.etag}"`,
      Size: one.bytes.byteLength,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: page.prefixes.map((one) => ({ Prefix: name(one) })),
  };
  return { page, shared };
}

/** Keys in the order of their UTF-8 bytes, folded at the delimiter. */
function pageOf(
  objects: readonly StoredObject[],
  ask: { prefix: string; delimiter: string; after: string; limit: number },
): Page {
  const sorted = objects
    .filter((one) => one.key.startsWith(ask.prefix))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const page: Page = { objects: [], prefixes: [], next: undefined };
  let last: string | undefined;
  for (const object of sorted) {
    const cut = ask.delimiter === '' ? -1 : object.key.indexOf(ask.delimiter, ask.prefix.length);
    const folded = cut === -1 ? undefined : object.key.slice(0, cut + ask.delimiter.length);
    const mark = folded ?? object.key;
    if (Buffer.compare(Buffer.from(mark), Buffer.from(ask.after)) <= 0 && ask.after !== '') continue;
    if (folded !== undefined && page.prefixes.at(-1) === folded) continue;
    if (page.objects.length + page.prefixes.length >= ask.limit) return { ...page, next: last };
    if (folded === undefined) page.objects.push(object);
    else page.prefixes.push(folded);
    last = mark;
  }
  return page;
}

const toToken = (key: string): string => Buffer.from(key).toString('base64url');
const fromToken = (token: string): string => Buffer.from(token, 'base64url').toString();
