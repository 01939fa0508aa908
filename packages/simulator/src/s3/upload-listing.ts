import type { Upload } from '../world/storage.ts';
import { authorize, bucketOf, xml, type S3Call } from './call.ts';
import { uploadOf } from './multipart.ts';
import { compareKeys, nameWriter, numberIn, pageSize } from './pages.ts';
import { S3_NAMESPACE, xmlOf } from './wire/xml.ts';

/** `GET /bucket?uploads`: by key, then by age. `upload-id-marker` means something only beside `key-marker`, as on S3. */
export function listUploads(call: S3Call): Response {
  authorize(call, 'ListBucketMultipartUploads');
  const [prefix, delimiter] = [call.query.get('prefix') ?? '', call.query.get('delimiter') ?? ''];
  const keyMarker = call.query.get('key-marker') ?? '';
  const idMarker = keyMarker === '' ? '' : (call.query.get('upload-id-marker') ?? '');
  const limit = pageSize(call, 'max-uploads');
  const { write, shown } = nameWriter(call);
  const sorted = [...bucketOf(call).uploads.values()]
    .filter((one) => one.key.startsWith(prefix))
    .toSorted(
      (a, b) => compareKeys(a.key, b.key) || a.createdAtMs - b.createdAtMs || compareKeys(a.id, b.id),
    );
  const uploads: Upload[] = [];
  const prefixes: string[] = [];
  let last: { key: string; id: string } | undefined;
  let more = false;
  for (const upload of following(sorted, keyMarker, idMarker)) {
    const cut = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const folded = cut === -1 ? undefined : upload.key.slice(0, cut + delimiter.length);
    if (folded !== undefined && (folded === keyMarker || prefixes.at(-1) === folded)) continue;
    more = uploads.length + prefixes.length >= limit;
    if (more) break;
    if (folded === undefined) uploads.push(upload);
    else prefixes.push(folded);
    last = folded === undefined ? upload : { key: folded, id: '' };
  }
  return xml(
    xmlOf(
      'ListMultipartUploadsResult',
      {
        Bucket: call.bucket,
        KeyMarker: write(keyMarker),
        UploadIdMarker: idMarker,
        ...(more && last ? { NextKeyMarker: write(last.key), NextUploadIdMarker: last.id } : {}),
        Prefix: write(prefix),
        ...(delimiter === '' ? {} : { Delimiter: write(delimiter) }),
        MaxUploads: limit,
        ...shown,
        IsTruncated: more && last !== undefined,
        Upload: uploads.map((one) => ({
          Key: write(one.key),
          UploadId: one.id,
          StorageClass: 'STANDARD',
          Initiated: new Date(one.createdAtMs).toISOString(),
        })),
        CommonPrefixes: prefixes.map((one) => ({ Prefix: write(one) })),
      },
      S3_NAMESPACE,
    ),
  );
}

/** What comes after the marker. An id that is gone (the upload was completed meanwhile) leaves the rest of its key out. */
function following(sorted: readonly Upload[], keyMarker: string, idMarker: string): readonly Upload[] {
  const at = sorted.findIndex((one) => one.key === keyMarker && one.id === idMarker);
  if (at !== -1) return sorted.slice(at + 1);
  return sorted.filter((one) => keyMarker === '' || compareKeys(one.key, keyMarker) > 0);
}

/** `GET /bucket/key?uploadId`. */
export function listParts(call: S3Call): Response {
  authorize(call, 'ListMultipartUploadParts');
  const upload = uploadOf(call);
  const marker = numberIn(call, 'part-number-marker') ?? 0;
  const limit = pageSize(call, 'max-parts');
  const rest = [...upload.parts]
    .map(([number, part]) => ({ number: Number(number), part }))
    .filter((one) => one.number > marker)
    .toSorted((a, b) => a.number - b.number);
  const parts = rest.slice(0, limit);
  const last = parts.at(-1)?.number;
  const more = rest.length > parts.length && last !== undefined;
  return xml(
    xmlOf(
      'ListPartsResult',
      {
        Bucket: call.bucket,
        Key: call.key,
        UploadId: upload.id,
        PartNumberMarker: marker,
        ...(more ? { NextPartNumberMarker: last } : {}),
        MaxParts: limit,
        StorageClass: 'STANDARD',
        IsTruncated: more,
        Part: parts.map(({ number, part }) => ({
          PartNumber: number,
          ETag: `"${part.etag}"`,
          Size: part.size,
          LastModified: new Date(part.modifiedAtMs).toISOString(),
        })),
      },
      S3_NAMESPACE,
    ),
  );
}
