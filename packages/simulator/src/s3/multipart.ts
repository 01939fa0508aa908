import { createHash } from 'node:crypto';
import { randomText } from '../ids.ts';
import type { Upload } from '../world/storage.ts';
import { authorize, bucketOf, empty, objectOf, xml, type S3Call } from './call.ts';
import { checkWriteConditions, copySource, describing, store } from './objects.ts';
import { S3Refusal } from './refusal.ts';
import { readXml, s3Namespace, xmlOf } from './xml.ts';

/** Every part but the last has at least this size. */
const smallestPart = 5 * 1024 * 1024;
const mostParts = 10_000;

/** `POST /bucket/key?uploads`. */
export function createUpload(call: S3Call): Response {
  authorize(call, 'PutObject');
  const bucket = bucketOf(call);
  const upload: Upload = {
    id: randomText(24),
    key: call.key,
    createdAtMs: call.simulation.clock.nowMs(),
    ...describing(call.headers),
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  return xml(
    xmlOf(
      'InitiateMultipartUploadResult',
      { Bucket: call.bucket, Key: call.key, UploadId: upload.id },
      s3Namespace,
    ),
  );
}

/** `PUT /bucket/key?partNumber&uploadId`, from the body or from another object. */
export function uploadPart(call: S3Call): Response {
  authorize(call, 'PutObject');
  const upload = uploadOf(call);
  const number = Number(call.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > mostParts) {
    throw new S3Refusal('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  }
  const copied = call.headers.has('x-amz-copy-source');
  const bytes = copied ? copiedBytes(call) : call.bytes;
  const etag = createHash('md5').update(bytes).digest('hex');
  const modifiedAtMs = call.simulation.clock.nowMs();
  upload.parts.set(number, { bytes, etag, modifiedAtMs });
  if (!copied) return empty(200, { etag: `"${etag}"` });
  const LastModified = new Date(modifiedAtMs).toISOString();
  return xml(xmlOf('CopyPartResult', { ETag: `"${etag}"`, LastModified }, s3Namespace));
}

function copiedBytes(call: S3Call): Uint8Array {
  const { bucket, key } = copySource(call);
  authorize(call, 'GetObject', bucket, key);
  const { bytes } = objectOf(call, bucketOf(call, bucket), key);
  const range = /^bytes=(\d+)-(\d+)$/.exec(call.headers.get('x-amz-copy-source-range') ?? '');
  return range ? bytes.subarray(Number(range[1]), Number(range[2]) + 1) : bytes;
}

/** `POST /bucket/key?uploadId`: the parts named, in order, become the object. */
export function completeUpload(call: S3Call): Response {
  authorize(call, 'PutObject');
  const bucket = bucketOf(call);
  const upload = uploadOf(call);
  checkWriteConditions(call, bucket);
  const chosen = namedParts(call).map(({ number, etag }, at, all) => {
    const part = upload.parts.get(number);
    if (!part || part.etag !== etag) {
      throw new S3Refusal('InvalidPart', 'One or more of the specified parts could not be found.');
    }
    if (at > 0 && number <= (all[at - 1]?.number ?? 0)) {
      throw new S3Refusal('InvalidPartOrder', 'The list of parts was not in ascending order.');
    }
    if (at < all.length - 1 && part.bytes.byteLength < smallestPart) {
      throw new S3Refusal('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    }
    return part;
  });
  const sums = Buffer.concat(chosen.map((part) => Buffer.from(part.etag, 'hex')));
  const etag = `${createHash('md5').update(sums).digest('hex')}-${chosen.length}`;
  const { headers, metadata } = upload;
  const object = store(
    call,
    bucket,
    call.key,
    Buffer.concat(chosen.map((part) => part.bytes)),
    { headers, metadata },
    etag,
  );
  bucket.uploads.delete(upload.id);
  return xml(
    xmlOf(
      'CompleteMultipartUploadResult',
      {
        Location: `/${call.bucket}/${call.key}`,
        Bucket: call.bucket,
        Key: call.key,
        ETag: `"${object.etag}"`,
      },
      s3Namespace,
    ),
  );
}

function namedParts(call: S3Call): { number: number; etag: string }[] {
  const document = readXml(new TextDecoder().decode(call.bytes))?.['CompleteMultipartUpload'];
  const list: unknown =
    typeof document === 'object' && document !== null && 'Part' in document ? document.Part : undefined;
  if (!Array.isArray(list) || list.length === 0) {
    throw new S3Refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  }
  return (list as { PartNumber?: unknown; ETag?: string }[]).map((part) => ({
    number: Number(part.PartNumber),
    etag: (part.ETag ?? '').replaceAll('"', '').replaceAll('&quot;', ''),
  }));
}

/** `DELETE /bucket/key?uploadId`. */
export function abortUpload(call: S3Call): Response {
  authorize(call, 'AbortMultipartUpload');
  bucketOf(call).uploads.delete(uploadOf(call).id);
  return empty(204);
}

/** `GET /bucket?uploads`. */
export function listUploads(call: S3Call): Response {
  authorize(call, 'ListBucketMultipartUploads');
  const prefix = call.query.get('prefix') ?? '';
  const uploads = [...bucketOf(call).uploads.values()].filter((one) => one.key.startsWith(prefix));
  return xml(
    xmlOf(
      'ListMultipartUploadsResult',
      {
        Bucket: call.bucket,
        IsTruncated: false,
        Upload: uploads.map((one) => ({
          Key: one.key,
          UploadId: one.id,
          Initiated: new Date(one.createdAtMs).toISOString(),
        })),
      },
      s3Namespace,
    ),
  );
}

/** `GET /bucket/key?uploadId`. */
export function listParts(call: S3Call): Response {
  authorize(call, 'ListMultipartUploadParts');
  const upload = uploadOf(call);
  const parts = [...upload.parts].toSorted(([a], [b]) => a - b);
  return xml(
    xmlOf(
      'ListPartsResult',
      {
        Bucket: call.bucket,
        Key: call.key,
        UploadId: upload.id,
        IsTruncated: false,
        Part: parts.map(([number, part]) => ({
          PartNumber: number,
          ETag: `"${part.etag}"`,
          Size: part.bytes.byteLength,
          LastModified: new Date(part.modifiedAtMs).toISOString(),
        })),
      },
      s3Namespace,
    ),
  );
}

function uploadOf(call: S3Call): Upload {
  const upload = bucketOf(call).uploads.get(call.query.get('uploadId') ?? '');
  if (upload?.key !== call.key) throw new S3Refusal('NoSuchUpload', 'The specified upload does not exist.');
  return upload;
}
