import { createHash } from 'node:crypto';
import { randomText } from '../ids.ts';
import type { Bucket, Upload } from '../world/storage.ts';
import { Table } from '../world/table.ts';
import { authorize, bucketOf, empty, objectOf, xml, type S3Call } from './call.ts';
import { checkSource, checkTarget } from './conditions.ts';
import { copySource, describing, store } from './objects.ts';
import { S3Refusal } from './wire/refusal.ts';
import { elementsOf, readXml, S3_NAMESPACE, textIn, xmlOf } from './wire/xml.ts';

/** Every part but the last has at least this size. */
const SMALLEST_PART = 5 * 1024 * 1024;
const MOST_PARTS = 10_000;

/** `POST /bucket/key?uploads`. */
export function createUpload(call: S3Call): Response {
  authorize(call, 'PutObject');
  const bucket = bucketOf(call);
  const upload: Upload = {
    id: randomText(24),
    key: call.key,
    createdAtMs: call.simulation.clock.nowMs(),
    ...describing(call.headers),
    parts: new Table(),
  };
  bucket.uploads.set(upload.id, upload);
  return xml(
    xmlOf(
      'InitiateMultipartUploadResult',
      { Bucket: call.bucket, Key: call.key, UploadId: upload.id },
      S3_NAMESPACE,
    ),
  );
}

/** `PUT /bucket/key?partNumber&uploadId`, from the body or from another object. */
export function uploadPart(call: S3Call): Response {
  authorize(call, 'PutObject');
  const upload = uploadOf(call);
  const number = partNumberOf(call);
  const copied = call.headers.has('x-amz-copy-source');
  const bytes = copied ? copiedBytes(call) : call.bytes;
  const etag = createHash('md5').update(bytes).digest('hex');
  const modifiedAtMs = call.simulation.clock.nowMs();
  const { bodies } = call.simulation;
  const old = upload.parts.get(String(number));
  upload.parts.set(String(number), { body: bodies.add(bytes), size: bytes.byteLength, etag, modifiedAtMs });
  if (old) bodies.drop(old.body);
  if (!copied) {
    const sent = call.checksum ? { [call.checksum.header]: call.checksum.value } : {};
    return empty(200, { etag: `"${etag}"`, ...sent });
  }
  const LastModified = new Date(modifiedAtMs).toISOString();
  return xml(xmlOf('CopyPartResult', { ETag: `"${etag}"`, LastModified }, S3_NAMESPACE));
}

/** `?partNumber=`, 1 to 10000. */
export function partNumberOf(call: S3Call): number {
  const text = call.query.get('partNumber') ?? '';
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > MOST_PARTS) {
    throw new S3Refusal(
      'InvalidArgument',
      `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`,
    );
  }
  return number;
}

function copiedBytes(call: S3Call): Uint8Array {
  const { bucket, key } = copySource(call);
  authorize(call, 'GetObject', bucket, key);
  const source = objectOf(call, bucketOf(call, bucket), key);
  checkSource(call, source);
  const { bodies } = call.simulation;
  const asked = call.headers.get('x-amz-copy-source-range');
  if (asked === null) return bodies.read(source.body);
  const range = /^bytes=(\d+)-(\d+)$/.exec(asked);
  const [from, to] = [Number(range?.[1]), Number(range?.[2])];
  if (!range || from > to || to >= source.size) {
    throw new S3Refusal(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last, within the source object',
    );
  }
  return bodies.read(source.body, from, to + 1);
}

/** `POST /bucket/key?uploadId`: the parts named, in order, become the object. */
export function completeUpload(call: S3Call): Response {
  authorize(call, 'PutObject');
  const bucket = bucketOf(call);
  const upload = uploadOf(call);
  checkTarget(call, bucket.objects.get(call.key));
  const chosen = namedParts(call).map(({ number, etag }, at, all) => {
    const part = upload.parts.get(String(number));
    if (!part || part.etag !== etag) {
      throw new S3Refusal('InvalidPart', 'One or more of the specified parts could not be found.');
    }
    if (at > 0 && number <= (all[at - 1]?.number ?? 0)) {
      throw new S3Refusal('InvalidPartOrder', 'The list of parts was not in ascending order.');
    }
    if (at < all.length - 1 && part.size < SMALLEST_PART) {
      throw new S3Refusal('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    }
    return part;
  });
  const { bodies } = call.simulation;
  const sums = Buffer.concat(chosen.map((part) => Buffer.from(part.etag, 'hex')));
  const { headers, metadata, tags } = upload;
  const object = store(call, bucket, Buffer.concat(chosen.map((part) => bodies.read(part.body))), {
    headers,
    metadata,
    tags,
    etag: `${createHash('md5').update(sums).digest('hex')}-${chosen.length}`,
    parts: chosen.map((part) => part.size),
  });
  forget(call, bucket, upload);
  return xml(
    xmlOf(
      'CompleteMultipartUploadResult',
      {
        Location: `/${call.bucket}/${call.key}`,
        Bucket: call.bucket,
        Key: call.key,
        ETag: `"${object.etag}"`,
      },
      S3_NAMESPACE,
    ),
  );
}

function namedParts(call: S3Call): { number: number; etag: string }[] {
  const list = elementsOf(readXml(call.bytes, 'CompleteMultipartUpload'), 'Part') ?? [];
  if (list.length === 0) {
    throw new S3Refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  }
  return list.map((part) => ({
    number: Number(textIn(part, 'PartNumber')),
    etag: (textIn(part, 'ETag') ?? '').trim().replace(/^"(.*)"$/, '$1'),
  }));
}

/** `DELETE /bucket/key?uploadId`. */
export function abortUpload(call: S3Call): Response {
  authorize(call, 'AbortMultipartUpload');
  forget(call, bucketOf(call), uploadOf(call));
  return empty(204);
}

/** Takes an upload away with the bytes of its parts. */
export function forget(call: S3Call, bucket: Bucket, upload: Upload): void {
  for (const part of upload.parts.values()) call.simulation.bodies.drop(part.body);
  bucket.uploads.delete(upload.id);
}

/** The upload that the request names. */
export function uploadOf(call: S3Call): Upload {
  const upload = bucketOf(call).uploads.get(call.query.get('uploadId') ?? '');
  if (upload?.key !== call.key) throw new S3Refusal('NoSuchUpload', 'The specified upload does not exist.');
  return upload;
}
