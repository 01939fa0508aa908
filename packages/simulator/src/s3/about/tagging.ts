import type { Tags } from '../../world/storage.ts';
import { authorize, bucketOf, empty, objectOf, xml, type S3Call } from '../call.ts';
import { S3Refusal } from '../wire/refusal.ts';
import { elementsOf, readXml, S3_NAMESPACE, textIn, xmlOf } from '../wire/xml.ts';

const MOST_TAGS = { object: 10, bucket: 50 } as const;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;

/** `GET /bucket/key?tagging`. */
export function getObjectTagging(call: S3Call): Response {
  authorize(call, 'GetObjectTagging');
  return tagging(objectOf(call).tags ?? {});
}

/** `PUT /bucket/key?tagging`. */
export function putObjectTagging(call: S3Call): Response {
  authorize(call, 'PutObjectTagging');
  return describeObject(call, readTags(call, 'object'));
}

/** `DELETE /bucket/key?tagging`. */
export function deleteObjectTagging(call: S3Call): Response {
  authorize(call, 'DeleteObjectTagging');
  describeObject(call, {});
  return empty(204);
}

/** `GET /bucket?tagging`; a bucket without tags has no set of them. */
export function getBucketTagging(call: S3Call): Response {
  authorize(call, 'GetBucketTagging');
  const { tags } = bucketOf(call);
  if (!tags) throw new S3Refusal('NoSuchTagSet', 'The TagSet does not exist');
  return tagging(tags);
}

/** `PUT /bucket?tagging`. */
export function putBucketTagging(call: S3Call): Response {
  authorize(call, 'PutBucketTagging');
  const bucket = bucketOf(call);
  bucket.tags = readTags(call, 'bucket');
  call.simulation.world.buckets.changed(bucket.name);
  return empty(204);
}

/** `DELETE /bucket?tagging`. */
export function deleteBucketTagging(call: S3Call): Response {
  authorize(call, 'PutBucketTagging');
  const bucket = bucketOf(call);
  delete bucket.tags;
  call.simulation.world.buckets.changed(bucket.name);
  return empty(204);
}

/** The tags of the header `x-amz-tagging`, which is written as a query. Throws InvalidTag. */
export function tagsOfHeader(text: string): Tags {
  return checked([...new URLSearchParams(text)], 'object');
}

function describeObject(call: S3Call, tags: Tags): Response {
  const bucket = bucketOf(call);
  const object = objectOf(call, bucket);
  bucket.objects.set(object.key, { ...object, tags });
  return empty(200);
}

function readTags(call: S3Call, of: keyof typeof MOST_TAGS): Tags {
  const document = readXml(call.bytes, 'Tagging');
  const [set] = document === undefined ? [] : [document['TagSet']];
  if (set === undefined)
    throw new S3Refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  const tags = set === '' ? [] : (elementsOf(set as Readonly<Record<string, unknown>>, 'Tag') ?? []);
  return checked(
    tags.map((tag) => [textIn(tag, 'Key') ?? '', textIn(tag, 'Value') ?? ''] as const),
    of,
  );
}

function checked(pairs: readonly (readonly [string, string])[], of: keyof typeof MOST_TAGS): Tags {
  const most = MOST_TAGS[of];
  if (pairs.length > most) throw new S3Refusal('InvalidTag', `There can be ${most} tags at most`);
  for (const [key, value] of pairs) {
    if (key === '' || key.length > LONGEST_KEY || value.length > LONGEST_VALUE)
      throw new S3Refusal('InvalidTag', 'The TagKey or the TagValue you have provided is invalid');
  }
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length)
    throw new S3Refusal('InvalidTag', 'Cannot provide multiple Tags with the same key');
  return Object.fromEntries(pairs);
}

function tagging(tags: Tags): Response {
  const Tag = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return xml(xmlOf('Tagging', { TagSet: { Tag } }, S3_NAMESPACE));
}
