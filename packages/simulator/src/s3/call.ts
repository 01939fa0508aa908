import { isAllowed } from '../iam/evaluate.ts';
import type { Simulation } from '../simulation.ts';
import type { Bucket, StoredObject } from '../world/storage.ts';
import type { Checksum } from './wire/checksums.ts';
import { S3Refusal } from './wire/refusal.ts';
import type { Signer } from './wire/signature.ts';

/** One verified S3 request. */
export interface S3Call {
  readonly simulation: Simulation;
  readonly signer: Signer;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** The body as it is to be stored. */
  readonly bytes: Uint8Array;
  /** The checksum that came with it, and was right. */
  readonly checksum: Checksum | undefined;
  readonly sourceIp: string;
}

/** Refuses with AccessDenied what the key's policies do not allow; the admin key passes. */
export function authorize(call: S3Call, action: string, bucket = call.bucket, key = call.key): void {
  if (!may(call, action, bucket, key)) throw new S3Refusal('AccessDenied', 'Access Denied');
}

/** Whether the key's policies allow it. */
export function may(call: S3Call, action: string, bucket = call.bucket, key = call.key): boolean {
  if (call.simulation.world.buckets.get(bucket)?.foreign === true) return false;
  if (call.signer.admin) return true;
  const resource = bucket === '' ? '*' : `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`;
  return isAllowed(call.simulation.world, call.signer.key, {
    action: `s3:${action}`,
    resource,
    now: call.simulation.clock.now(),
    sourceIp: call.sourceIp,
  });
}

/** The bucket of the request. */
export function bucketOf(call: S3Call, name = call.bucket): Bucket {
  const bucket = call.simulation.world.buckets.get(name);
  if (!bucket) throw new S3Refusal('NoSuchBucket', 'The specified bucket does not exist');
  return bucket;
}

/** The object of the request. */
export function objectOf(call: S3Call, bucket = bucketOf(call), key = call.key): StoredObject {
  const object = bucket.objects.get(key);
  if (!object) throw new S3Refusal('NoSuchKey', 'The specified key does not exist.');
  return object;
}

/** An answer without a body. */
export function empty(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}

/** An XML answer. */
export function xml(body: string): Response {
  return new Response(body, { headers: { 'content-type': 'application/xml' } });
}
