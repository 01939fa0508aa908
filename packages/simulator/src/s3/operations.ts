import { getAcl, putAcl } from './about/acl.ts';
import { deleteCors, getCors, putCors } from './about/cors.ts';
import { deleteLifecycle, getLifecycle, putLifecycle } from './about/lifecycle.ts';
import {
  deleteBucketTagging,
  deleteObjectTagging,
  getBucketTagging,
  getObjectTagging,
  putBucketTagging,
  putObjectTagging,
} from './about/tagging.ts';
import { listVersions } from './about/versions.ts';
import { bucketLocation, createBucket, deleteBucket, headBucket, listBuckets } from './buckets.ts';
import type { S3Call } from './call.ts';
import { listObjects, listObjectsV2 } from './listing.ts';
import { abortUpload, completeUpload, createUpload, uploadPart } from './multipart.ts';
import { copyObject, deleteObject, deleteObjects, KEPT_HEADERS, putObject } from './objects.ts';
import { getObject } from './reads.ts';
import { S3Refusal } from './wire/refusal.ts';
import { listParts, listUploads } from './upload-listing.ts';

/** One operation of S3: where it is asked for, and every parameter of the query that it obeys. */
interface Operation {
  readonly on: 'service' | 'bucket' | 'object';
  readonly methods: readonly string[];
  /** The parameters without which it is another operation; with a value where only that one will do. */
  readonly needs?: readonly string[];
  readonly obeys?: readonly string[];
  readonly run: (call: S3Call) => Response;
}

const overrides = KEPT_HEADERS.map((name) => `response-${name}`);
const FOLDED = ['prefix', 'delimiter', 'encoding-type'];

/** The first that fits is the one that is meant. */
const OPERATIONS: readonly Operation[] = [
  { on: 'service', methods: ['GET'], run: listBuckets },
  ...about('bucket', 'tagging', {
    GET: getBucketTagging,
    PUT: putBucketTagging,
    DELETE: deleteBucketTagging,
  }),
  ...about('bucket', 'cors', { GET: getCors, PUT: putCors, DELETE: deleteCors }),
  ...about('bucket', 'lifecycle', { GET: getLifecycle, PUT: putLifecycle, DELETE: deleteLifecycle }),
  ...about('bucket', 'acl', { GET: getAcl, PUT: putAcl }),
  ...about('object', 'tagging', {
    GET: getObjectTagging,
    PUT: putObjectTagging,
    DELETE: deleteObjectTagging,
  }),
  ...about('object', 'acl', { GET: getAcl, PUT: putAcl }),
  {
    on: 'bucket',
    methods: ['GET'],
    needs: ['versions'],
    obeys: [...FOLDED, 'key-marker', 'version-id-marker', 'max-keys'],
    run: listVersions,
  },
  { on: 'bucket', methods: ['PUT'], run: createBucket },
  { on: 'bucket', methods: ['HEAD'], run: headBucket },
  { on: 'bucket', methods: ['DELETE'], run: deleteBucket },
  { on: 'bucket', methods: ['POST'], needs: ['delete'], run: deleteObjects },
  { on: 'bucket', methods: ['GET'], needs: ['location'], run: bucketLocation },
  {
    on: 'bucket',
    methods: ['GET'],
    needs: ['uploads'],
    obeys: [...FOLDED, 'key-marker', 'upload-id-marker', 'max-uploads'],
    run: listUploads,
  },
  {
    on: 'bucket',
    methods: ['GET'],
    needs: ['list-type=2'],
    obeys: [...FOLDED, 'max-keys', 'start-after', 'continuation-token', 'fetch-owner'],
    run: listObjectsV2,
  },
  { on: 'bucket', methods: ['GET'], obeys: [...FOLDED, 'max-keys', 'marker'], run: listObjects },
  { on: 'object', methods: ['PUT'], needs: ['uploadId'], obeys: ['partNumber'], run: uploadPart },
  {
    on: 'object',
    methods: ['PUT'],
    run: (call) => (call.headers.has('x-amz-copy-source') ? copyObject(call) : putObject(call)),
  },
  {
    on: 'object',
    methods: ['GET'],
    needs: ['uploadId'],
    obeys: ['max-parts', 'part-number-marker'],
    run: listParts,
  },
  {
    on: 'object',
    methods: ['GET', 'HEAD'],
    obeys: ['partNumber', 'versionId', ...overrides],
    run: getObject,
  },
  { on: 'object', methods: ['DELETE'], needs: ['uploadId'], run: abortUpload },
  { on: 'object', methods: ['DELETE'], obeys: ['versionId'], run: deleteObject },
  { on: 'object', methods: ['POST'], needs: ['uploads'], run: createUpload },
  { on: 'object', methods: ['POST'], needs: ['uploadId'], run: completeUpload },
];

/** What S3 has and Tigris has not: refused as what it is, so that nobody looks for it in a later version of the simulator. */
const ABSENT: ReadonlyMap<string, string> = new Map([
  ['versioning', 'bucket versioning'],
  ['policy', 'bucket policies'],
  ['notification', 'setting of notifications over S3'],
]);

/** The operations about a sub-resource, by method. */
function about(
  on: Operation['on'],
  name: string,
  methods: Readonly<Record<string, Operation['run']>>,
): Operation[] {
  return Object.entries(methods).map(([method, run]) => ({ on, methods: [method], needs: [name], run }));
}

/**
 * The operation that the request means. A parameter that nobody would obey is refused, because leaving it out would be another
 * request: `?versioning` is not a list, and `?versionId` is not the newest object.
 */
export function operationOf(call: S3Call): (call: S3Call) => Response {
  const absent = [...ABSENT].find(([name]) => call.query.has(name));
  if (absent && call.key === '')
    throw new S3Refusal('NotImplemented', `Tigris has no ${absent[1]} (${absent[0]})`);
  const on = call.bucket === '' ? 'service' : call.key === '' ? 'bucket' : 'object';
  const there = OPERATIONS.filter((one) => one.on === on);
  const meant = there.find(
    (one) => one.methods.includes(call.method) && (one.needs ?? []).every((need) => asks(call, need)),
  );
  const obeyed = new Set([
    ...(meant?.needs ?? []).map((need) => need.split('=')[0]),
    ...(meant?.obeys ?? []),
  ]);
  for (const name of call.query.keys()) {
    // The first says which SDK method was called, the rest belongs to the signature or stands for a header.
    if (name === 'x-id' || name.toLowerCase().startsWith('x-amz-') || obeyed.has(name)) continue;
    throw new S3Refusal('NotImplemented', `The parameter ${name} is not simulated for this operation`);
  }
  if (meant) return meant.run;
  if (call.method === 'POST') {
    throw new S3Refusal('NotImplemented', 'This form of POST is not simulated');
  }
  throw new S3Refusal('MethodNotAllowed', 'The specified method is not allowed against this resource.');
}

function asks(call: S3Call, need: string): boolean {
  const [name = '', value] = need.split('=');
  return value === undefined ? call.query.has(name) : call.query.get(name) === value;
}
