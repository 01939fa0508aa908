import { createHash } from 'node:crypto';
import type { Bucket, StoredObject } from '../world/storage.ts';
import { authorize, bucketOf, empty, may, objectOf, xml, type S3Call } from './call.ts';
import { crc32Text } from './payload.ts';
import { S3Refusal } from './refusal.ts';
import { readXml, s3Namespace, xmlOf } from './xml.ts';

/** Headers that an object keeps and gives back. */
const keptHeaders = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];

const mostDeletions = 1000;

/** The headers of a request that stay with the object. */
export function describing(headers: Headers): Pick<StoredObject, 'headers' | 'metadata'> {
  const kept: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = headers.get(name);
    if (value !== null) kept[name] = value;
  }
  // The framing of the upload is not an encoding of the object.
  const encoding = (kept['content-encoding'] ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '' && word !== 'aws-chunked');
  delete kept['content-encoding'];
  if (encoding.length > 0) kept['content-encoding'] = encoding.join(',');
  const metadata = Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-amz-meta-')));
  return { headers: kept, metadata };
}

/** Stores bytes under a key. The ETag is their MD5, or what a multipart upload says. */
export function store(
  call: S3Call,
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  described: Pick<StoredObject, 'headers' | 'metadata'>,
  etag = createHash('md5').update(bytes).digest('hex'),
): StoredObject {
  const object: StoredObject = {
    key,
    bytes,
    etag,
    modifiedAtMs: call.simulation.clock.nowMs(),
    crc32: crc32Text(bytes),
    ...described,
  };
  bucket.objects.set(key, object);
  return object;
}

/** 412 when the conditions of a write do not hold. */
export function checkWriteConditions(call: S3Call, bucket: Bucket): void {
  const present = bucket.objects.get(call.key);
  const failed = new S3Refusal(
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
  );
  if (call.headers.get('if-none-match') === '*' && present) throw failed;
  const wanted = call.headers.get('if-match');
  if (wanted === null) return;
  if (!present) throw new S3Refusal('NoSuchKey', 'The specified key does not exist.');
  if (!sameTag(wanted, present)) throw failed;
}

function sameTag(tag: string, object: StoredObject): boolean {
  return tag.split(',').some((one) => one.trim() === '*' || one.trim().replaceAll('"', '') === object.etag);
}

/** `PUT /bucket/key`. */
export function putObject(call: S3Call): Response {
  authorize(call, 'PutObject');
  const bucket = bucketOf(call);
  checkWriteConditions(call, bucket);
  const object = store(call, bucket, call.key, call.bytes, describing(call.headers));
  return empty(200, { etag: `"${object.etag}"`, 'x-amz-checksum-crc32': object.crc32 });
}

/** `GET` and `HEAD /bucket/key`, with conditions and one range. */
export function getObject(call: S3Call): Response {
  authorize(call, 'GetObject');
  const object = objectOf(call);
  const modified = new Date(object.modifiedAtMs).toUTCString();
  const headers: Record<string, string> = {
    'content-type': 'application/octet-stream',
    ...object.headers,
    ...object.metadata,
    etag: `"${object.etag}"`,
    'last-modified': modified,
    'accept-ranges': 'bytes',
  };
  const ifMatch = call.headers.get('if-match');
  if (ifMatch !== null && !sameTag(ifMatch, object)) {
    throw new S3Refusal(
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
    );
  }
  const ifNoneMatch = call.headers.get('if-none-match');
  if (ifNoneMatch !== null && sameTag(ifNoneMatch, object)) return empty(304, headers);

  const size = object.bytes.byteLength;
  const range = rangeOf(call.headers.get('range'), size);
  const bytes = range ? object.bytes.subarray(range.from, range.to + 1) : object.bytes;
  headers['content-length'] = String(bytes.byteLength);
  if (range) headers['content-range'] = `bytes ${range.from}-${range.to}/${size}`;
  else if (call.headers.get('x-amz-checksum-mode') === 'ENABLED' && !object.etag.includes('-')) {
    headers['x-amz-checksum-crc32'] = object.crc32;
  }
  const status = range ? 206 : 200;
  return call.method === 'HEAD'
    ? empty(status, headers)
    : new Response(Uint8Array.from(bytes), { status, headers });
}

function rangeOf(header: string | null, size: number): { from: number; to: number } | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return undefined;
  const last = found[2] === '' ? size - 1 : Math.min(size - 1, Number(found[2]));
  const range =
    found[1] === ''
      ? { from: Math.max(0, size - Number(found[2])), to: size - 1 }
      : { from: Number(found[1]), to: last };
  if (range.from >= size || range.from > range.to) {
    throw new S3Refusal('InvalidRange', 'The requested range is not satisfiable');
  }
  return range;
}

/** `DELETE /bucket/key`; deleting what is not there is no error. */
export function deleteObject(call: S3Call): Response {
  authorize(call, 'DeleteObject');
  bucketOf(call).objects.delete(call.key);
  return empty(204);
}

/** `POST /bucket?delete`: up to 1000 keys, each judged by itself. */
export function deleteObjects(call: S3Call): Response {
  const document = readXml(new TextDecoder().decode(call.bytes))?.['Delete'];
  const list: unknown =
    typeof document === 'object' && document !== null && 'Object' in document ? document.Object : undefined;
  if (!Array.isArray(list) || list.length === 0 || list.length > mostDeletions) {
    throw new S3Refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  }
  const bucket = bucketOf(call);
  const quiet = (document as { Quiet?: unknown }).Quiet === 'true';
  const deleted: { Key: string }[] = [];
  const errors: { Key: string; Code: string; Message: string }[] = [];
  for (const entry of list as { Key?: string }[]) {
    const key = entry.Key ?? '';
    if (may(call, 'DeleteObject', call.bucket, key)) {
      bucket.objects.delete(key);
      if (!quiet) deleted.push({ Key: key });
    } else {
      errors.push({ Key: key, Code: 'AccessDenied', Message: 'Access Denied' });
    }
  }
  return xml(xmlOf('DeleteResult', { Deleted: deleted, Error: errors }, s3Namespace));
}

/** `PUT /bucket/key` with `x-amz-copy-source`. `X-Tigris-Rename: true` takes the source away. */
export function copyObject(call: S3Call): Response {
  const { bucket: from, key } = copySource(call);
  authorize(call, 'PutObject');
  authorize(call, 'GetObject', from, key);
  const rename = call.headers.get('x-tigris-rename') === 'true';
  if (rename) authorize(call, 'DeleteObject', from, key);
  const bucket = bucketOf(call);
  checkWriteConditions(call, bucket);
  const source = objectOf(call, bucketOf(call, from), key);
  const replaced = call.headers.get('x-amz-metadata-directive') === 'REPLACE';
  const described = replaced
    ? describing(call.headers)
    : { headers: source.headers, metadata: source.metadata };
  const object = store(call, bucket, call.key, source.bytes, described);
  if (rename) bucketOf(call, from).objects.delete(key);
  return xml(
    xmlOf(
      'CopyObjectResult',
      { ETag: `"${object.etag}"`, LastModified: new Date(object.modifiedAtMs).toISOString() },
      s3Namespace,
    ),
  );
}

/** The bucket and key of `x-amz-copy-source`. */
export function copySource(call: S3Call): { bucket: string; key: string } {
  const source = decodeURIComponent(call.headers.get('x-amz-copy-source') ?? '').replace(/^\//, '');
  const cut = source.indexOf('/');
  if (cut < 1) throw new S3Refusal('InvalidArgument', 'Copy Source must mention the source bucket and key');
  return { bucket: source.slice(0, cut), key: source.slice(cut + 1).replace(/\?versionId=.*$/, '') };
}
