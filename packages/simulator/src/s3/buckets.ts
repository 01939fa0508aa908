import { Table } from '../world/table.ts';
import { xmlOf, S3_NAMESPACE } from './wire/xml.ts';
import { authorize, bucketOf, empty, xml, type S3Call } from './call.ts';
import { forget } from './multipart.ts';
import { remove } from './objects.ts';
import { S3Refusal } from './wire/refusal.ts';

/**
 * The rules for names (docs/specs/platform.md#bucket-names): one global namespace, 3 to 63 characters, nothing that
 * looks like an address.
 */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !name.startsWith('xn--') &&
    !name.endsWith('-s3alias') &&
    !/^\d{1,3}(\.\d{1,3}){3}$/.test(name)
  );
}

/** `GET /`. */
export function listBuckets(call: S3Call): Response {
  authorize(call, 'ListAllMyBuckets');
  const buckets = [...call.simulation.world.buckets.values()].filter((one) => !one.foreign);
  return xml(
    xmlOf(
      'ListAllMyBucketsResult',
      {
        Buckets: {
          Bucket: buckets.map((one) => ({
            Name: one.name,
            CreationDate: new Date(one.createdAtMs).toISOString(),
          })),
        },
        Owner: { ID: 'flyio_operator', DisplayName: 'operator' },
      },
      S3_NAMESPACE,
    ),
  );
}

/** `PUT /bucket`. */
export function createBucket(call: S3Call): Response {
  const { world, clock } = call.simulation;
  if (!isBucketName(call.bucket))
    throw new S3Refusal('InvalidBucketName', 'The specified bucket is not valid.');
  const existing = world.buckets.get(call.bucket);
  if (existing?.foreign) {
    throw new S3Refusal(
      'BucketAlreadyExists',
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system.',
    );
  }
  authorize(call, 'CreateBucket');
  if (existing) {
    throw new S3Refusal(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded.',
    );
  }
  world.buckets.set(call.bucket, {
    name: call.bucket,
    createdAtMs: clock.nowMs(),
    foreign: false,
    objects: new Table(),
    uploads: new Table(),
  });
  return empty(200, { location: `/${call.bucket}` });
}

/** `HEAD /bucket`. */
export function headBucket(call: S3Call): Response {
  authorize(call, 'ListBucket');
  bucketOf(call);
  return empty(200, { 'x-amz-bucket-region': 'auto' });
}

/** `GET /bucket?location`: there is one region. Tigris has no policy action of its own for it. */
export function bucketLocation(call: S3Call): Response {
  authorize(call, 'ListBucket');
  bucketOf(call);
  return xml(xmlOf('LocationConstraint', 'auto', S3_NAMESPACE));
}

/**
 * `DELETE /bucket`. A bucket with objects or unfinished uploads is refused, unless `Tigris-Force-Delete: true` says that its
 * contents may go with it.
 */
export function deleteBucket(call: S3Call): Response {
  authorize(call, 'DeleteBucket');
  const bucket = bucketOf(call);
  const forced = call.headers.get('tigris-force-delete') === 'true';
  if (!forced && (bucket.objects.size > 0 || bucket.uploads.size > 0)) {
    throw new S3Refusal('BucketNotEmpty', 'The bucket you tried to delete is not empty');
  }
  for (const key of bucket.objects.keys()) remove(call, bucket, key);
  for (const upload of bucket.uploads.values()) forget(call, bucket, upload);
  call.simulation.world.buckets.delete(bucket.name);
  return empty(204);
}
