import { authorize, bucketOf, xml, type S3Call } from '../call.ts';
import { foldOf, pageOf } from '../listing.ts';
import { nameWriter, pageSize } from '../pages.ts';
import { S3Refusal } from '../wire/refusal.ts';
import { S3_NAMESPACE, xmlOf } from '../wire/xml.ts';

/** `GET /bucket?versions`: every object has one version, `null`. Tools that empty a bucket ask for these. */
export function listVersions(call: S3Call): Response {
  authorize(call, 'ListBucket');
  const bucket = bucketOf(call);
  const { prefix, delimiter } = foldOf(call);
  const limit = pageSize(call, 'max-keys');
  const marker = call.query.get('key-marker') ?? '';
  const version = call.query.get('version-id-marker') ?? '';
  if (version !== '' && version !== 'null')
    throw new S3Refusal('InvalidArgument', 'Invalid version id specified');
  const { write, shown } = nameWriter(call);
  const page = pageOf([...bucket.objects.values()], { prefix, delimiter, after: marker, limit });
  const Owner = { ID: 'flyio_operator', DisplayName: 'operator' };
  return xml(
    xmlOf(
      'ListVersionsResult',
      {
        Name: call.bucket,
        Prefix: write(prefix),
        ...(delimiter === '' ? {} : { Delimiter: write(delimiter) }),
        KeyMarker: write(marker),
        VersionIdMarker: version,
        MaxKeys: limit,
        ...shown,
        IsTruncated: page.next !== undefined,
        ...(page.next === undefined ? {} : { NextKeyMarker: write(page.next), NextVersionIdMarker: 'null' }),
        Version: page.objects.map((one) => ({
          Key: write(one.key),
          VersionId: 'null',
          IsLatest: true,
          LastModified: new Date(one.modifiedAtMs).toISOString(),
          ETag: `"${one.etag}"`,
          Size: one.size,
          StorageClass: 'STANDARD',
          Owner,
        })),
        CommonPrefixes: page.prefixes.map((one) => ({ Prefix: write(one) })),
      },
      S3_NAMESPACE,
    ),
  );
}

/** `versionId=` of a request about an object: there is none but `null`. */
export function checkVersion(call: S3Call): void {
  const version = call.query.get('versionId') ?? 'null';
  if (version !== 'null' && version !== '')
    throw new S3Refusal('NoSuchVersion', 'The specified version does not exist.');
}
