import { createHash } from 'node:crypto';
import type { Bucket, StoredObject } from '../world/storage.ts';
import { authorize, bucketOf, empty, may, objectOf, xml, type S3Call } from './call.ts';
import { tagsOfHeader } from './about/tagging.ts';
import { checkVersion } from './about/versions.ts';
import { checkDeletion, checkSource, checkTarget, isTagOf } from './conditions.ts';
import { checksumOf } from './wire/checksums.ts';
import { S3Refusal } from './wire/refusal.ts';
import { elementsOf, readXml, S3_NAMESPACE, textIn, xmlOf, type XmlElement } from './wire/xml.ts';

/** Headers that an object keeps and gives back. */
export const KEPT_HEADERS: readonly string[] = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];

const MOST_DELETIONS = 1000;

/** The headers of a request that stay with the object. */
export function describing(headers: Headers): Pick<StoredObject, 'headers' | 'metadata' | 'tags'> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
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
  const tags = headers.get('x-amz-tagging');
  return { headers: kept, metadata, tags: tags === null ? undefined : tagsOfHeader(tags) };
}

/** Stores bytes under a key, in the place of what was there. The ETag is their MD5, unless the description has another one. */
export function store(
  call: S3Call,
  bucket: Bucket,
  bytes: Uint8Array,
  described: Pick<StoredObject, 'headers' | 'metadata' | 'tags'> &
    Partial<Pick<StoredObject, 'etag' | 'checksum' | 'parts'>>,
): StoredObject {
  const { bodies, clock } = call.simulation;
  const object: StoredObject = {
    key: call.key,
    body: bodies.add(bytes),
    size: bytes.byteLength,
    etag: createHash('md5').update(bytes).digest('hex'),
    modifiedAtMs: clock.nowMs(),
    ...described,
  };
  remove(call, bucket, call.key);
  bucket.objects.set(call.key, object);
  return object;
}

/** Takes an object away with its bytes; true when it was there. */
export function remove(call: S3Call, bucket: Bucket, key: string): boolean {
  const object = bucket.objects.get(key);
  if (!object) return false;
  call.simulation.bodies.drop(object.body);
  return bucket.objects.delete(key);
}

/** `PUT /bucket/key`. */
export function putObject(call: S3Call): Response {
  authorize(call, 'PutObject');
  const bucket = bucketOf(call);
  checkTarget(call, bucket.objects.get(call.key));
  const checksum = call.checksum ?? checksumOf(call.bytes);
  const object = store(call, bucket, call.bytes, { ...describing(call.headers), checksum });
  return empty(200, { etag: `"${object.etag}"`, [checksum.header]: checksum.value });
}

/** `DELETE /bucket/key`; deleting what is not there is no error. */
export function deleteObject(call: S3Call): Response {
  authorize(call, 'DeleteObject');
  checkVersion(call);
  const bucket = bucketOf(call);
  checkDeletion(call, bucket.objects.get(call.key));
  remove(call, bucket, call.key);
  return empty(204);
}

/** `POST /bucket?delete`: up to 1000 keys, each judged by itself. */
export function deleteObjects(call: S3Call): Response {
  const document = readXml(call.bytes, 'Delete');
  const entries = elementsOf(document, 'Object') ?? [];
  const named = entries.map((entry) => ({ entry, key: textIn(entry, 'Key') ?? '' }));
  if (
    !document ||
    named.length === 0 ||
    named.length > MOST_DELETIONS ||
    named.some((one) => one.key === '')
  ) {
    throw new S3Refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  }
  const bucket = bucketOf(call);
  const quiet = textIn(document, 'Quiet') === 'true';
  const deleted: { Key: string; VersionId?: string }[] = [];
  const errors: { Key: string; Code: string; Message: string }[] = [];
  for (const { entry, key } of named) {
    const refusal = may(call, 'DeleteObject', call.bucket, key)
      ? unlike(entry, bucket.objects.get(key))
      : new S3Refusal('AccessDenied', 'Access Denied');
    if (refusal) {
      errors.push({ Key: key, Code: refusal.code, Message: refusal.message });
    } else {
      remove(call, bucket, key);
      const version = textIn(entry, 'VersionId');
      if (!quiet) deleted.push({ Key: key, ...(version === undefined ? {} : { VersionId: version }) });
    }
  }
  return xml(xmlOf('DeleteResult', { Deleted: deleted, Error: errors }, S3_NAMESPACE));
}

/** Why an entry of a deletion does not mean this object: it may name a version, an ETag, a size and a time. */
function unlike(entry: XmlElement, object: StoredObject | undefined): S3Refusal | undefined {
  const [version, etag, size] = [textIn(entry, 'VersionId'), textIn(entry, 'ETag'), textIn(entry, 'Size')];
  const time = textIn(entry, 'LastModifiedTime');
  if (version !== undefined && version !== 'null')
    return new S3Refusal('NoSuchVersion', 'The specified version does not exist.');
  if (!object) {
    return etag === undefined ? undefined : new S3Refusal('NoSuchKey', 'The specified key does not exist.');
  }
  const second = Math.floor(object.modifiedAtMs / 1000);
  const holds =
    (etag === undefined || isTagOf(etag, object)) &&
    (size === undefined || Number(size) === object.size) &&
    (time === undefined || Math.floor(Date.parse(time) / 1000) === second);
  return holds
    ? undefined
    : new S3Refusal('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

/** `PUT /bucket/key` with `x-amz-copy-source`. `X-Tigris-Rename: true` takes the source away. */
export function copyObject(call: S3Call): Response {
  const { bucket: from, key } = copySource(call);
  authorize(call, 'PutObject');
  authorize(call, 'GetObject', from, key);
  const rename = call.headers.get('x-tigris-rename') === 'true';
  if (rename) authorize(call, 'DeleteObject', from, key);
  const bucket = bucketOf(call);
  checkTarget(call, bucket.objects.get(call.key));
  const sourceBucket = bucketOf(call, from);
  const source = objectOf(call, sourceBucket, key);
  checkSource(call, source);
  const bytes = call.simulation.bodies.read(source.body);
  const replaced = call.headers.get('x-amz-metadata-directive') === 'REPLACE';
  const object = store(call, bucket, bytes, {
    ...(replaced ? describing(call.headers) : { headers: source.headers, metadata: source.metadata }),
    ...copiedTags(call, source),
    checksum: source.checksum ?? checksumOf(bytes),
  });
  if (rename && !(from === call.bucket && key === call.key)) remove(call, sourceBucket, key);
  return xml(
    xmlOf(
      'CopyObjectResult',
      { ETag: `"${object.etag}"`, LastModified: new Date(object.modifiedAtMs).toISOString() },
      S3_NAMESPACE,
    ),
  );
}

/** A copy has the tags of its source, unless the request has others. */
function copiedTags(call: S3Call, source: StoredObject): Pick<StoredObject, 'tags'> {
  if (call.headers.get('x-amz-tagging-directive') === 'REPLACE')
    return { tags: tagsOfHeader(call.headers.get('x-amz-tagging') ?? '') };
  return source.tags === undefined ? {} : { tags: source.tags };
}

/** The bucket and key of `x-amz-copy-source`. */
export function copySource(call: S3Call): { bucket: string; key: string } {
  const source = decoded(call.headers.get('x-amz-copy-source') ?? '').replace(/^\//, '');
  const cut = source.indexOf('/');
  if (cut < 1) throw new S3Refusal('InvalidArgument', 'Copy Source must mention the source bucket and key');
  return { bucket: source.slice(0, cut), key: source.slice(cut + 1) };
}

/** The version comes after the key, undecoded, so a key may hold a `?` of its own. There is one version, `null`. */
function decoded(source: string): string {
  const [path = '', version = 'null'] = source.split('?versionId=');
  if (version !== 'null') throw new S3Refusal('NoSuchVersion', 'The specified version does not exist.');
  try {
    return decodeURIComponent(path);
  } catch {
    throw new S3Refusal('InvalidArgument', 'The copy source is not URL-encoded.');
  }
}
