import { splitTarget, type Door } from '@hangar/security';
import { guardDoor, type DoorFetch } from '../doors.ts';
import { ulid } from '../ids.ts';
import type { Simulation } from '../simulation.ts';
import { createBucket, deleteBucket, headBucket, listBuckets } from './buckets.ts';
import type { S3Call } from './call.ts';
import { listObjects, listObjectsV2 } from './listing.ts';
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  uploadPart,
} from './multipart.ts';
import { copyObject, deleteObject, deleteObjects, getObject, putObject } from './objects.ts';
import { readPayload } from './payload.ts';
import { faultRefusal, S3Refusal } from './refusal.ts';
import { verifySignatureV4 } from './signature.ts';

/** Parameters of the query that say nothing about which operation is meant. */
const silent: ReadonlySet<string> = new Set(
  (
    'x-id prefix delimiter max-keys marker start-after continuation-token fetch-owner encoding-type partNumber uploadId list-type uploads ' +
    'delete key-marker upload-id-marker max-uploads max-parts part-number-marker max-buckets bucket-region'
  ).split(' '),
);

/** Headers of Tigris' own that mean something here; others would be promises that nobody keeps. */
const knownTigrisHeaders: ReadonlySet<string> = new Set(['x-tigris-regions', 'x-tigris-rename']);

/** The simulated Tigris: S3 with Signature Version 4 and policies that are really evaluated (spec 8; user-envs.md 5). */
export function createS3Door(simulation: Simulation): DoorFetch {
  const answer = async (request: Request, door: Door): Promise<Response> => {
    const response = operate(await readCall(simulation, request, door));
    response.headers.set('x-amz-request-id', door.requestId);
    return response;
  };
  return guardDoor(
    simulation,
    's3',
    {
      fault: (status) => atStatus(status, faultRefusal(status).response('/', ulid(simulation.clock.nowMs()))),
    },
    async (request, door) => {
      const { path } = splitTarget(door.rawTarget);
      try {
        return await answer(request, door);
      } catch (error) {
        if (error instanceof S3Refusal) return withoutBody(request, error.response(path, door.requestId));
        simulation.settings.onError(error);
        const failure = new S3Refusal('InternalError', 'We encountered an internal error. Please try again.');
        return withoutBody(request, failure.response(path, door.requestId));
      }
    },
  );
}

async function readCall(simulation: Simulation, request: Request, door: Door): Promise<S3Call> {
  const body = new Uint8Array(await request.arrayBuffer());
  const { method, headers } = request;
  const verified = await verifySignatureV4(simulation, 's3', {
    method,
    rawTarget: door.rawTarget,
    headers,
    body,
  });
  const { path, query } = splitTarget(door.rawTarget);
  return {
    simulation,
    signer: verified.signer,
    method,
    ...place(path, headers.get('host') ?? ''),
    query: new URLSearchParams(query),
    headers,
    bytes: (await readPayload(headers, body, verified)).bytes,
    sourceIp: door.remoteAddress ?? '127.0.0.1',
  };
}

/** Bucket and key, from the path, or the bucket from the host: `bucket.localhost`. */
function place(path: string, host: string): { bucket: string; key: string } {
  const decoded = decodeTarget(path).replace(/^\//, '');
  const virtual = /^([a-z0-9.-]+)\.localhost(:\d+)?$/.exec(host);
  if (virtual) return { bucket: virtual[1] ?? '', key: decoded };
  const cut = decoded.indexOf('/');
  return cut === -1
    ? { bucket: decoded, key: '' }
    : { bucket: decoded.slice(0, cut), key: decoded.slice(cut + 1) };
}

function decodeTarget(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new S3Refusal('InvalidRequest', 'The request target is not valid.');
  }
}

function operate(call: S3Call): Response {
  const { query, method } = call;
  for (const name of call.headers.keys()) {
    if (!name.startsWith('x-tigris-') || knownTigrisHeaders.has(name)) continue;
    throw new S3Refusal('NotImplemented', `The header ${name} is not simulated`);
  }
  if ((call.headers.get('x-amz-acl') ?? 'private') !== 'private') {
    throw new S3Refusal('NotImplemented', 'Only private buckets and objects are simulated');
  }
  for (const name of query.keys()) {
    if (silent.has(name) || name.toLowerCase().startsWith('x-amz-') || name.startsWith('response-')) continue;
    throw new S3Refusal('NotImplemented', `The sub-resource ${name} is not simulated`);
  }
  if (call.bucket === '') {
    if (method === 'GET') return listBuckets(call);
  } else if (call.key === '') {
    if (method === 'PUT') return createBucket(call);
    if (method === 'HEAD') return headBucket(call);
    if (method === 'DELETE') return deleteBucket(call);
    if (method === 'POST' && query.has('delete')) return deleteObjects(call);
    if (method === 'GET' && query.has('uploads')) return listUploads(call);
    if (method === 'GET') return query.get('list-type') === '2' ? listObjectsV2(call) : listObjects(call);
  } else {
    if (method === 'PUT' && query.has('uploadId')) return uploadPart(call);
    if (method === 'PUT') return call.headers.has('x-amz-copy-source') ? copyObject(call) : putObject(call);
    if (method === 'GET' && query.has('uploadId')) return listParts(call);
    if (method === 'GET' || method === 'HEAD') return getObject(call);
    if (method === 'DELETE') return query.has('uploadId') ? abortUpload(call) : deleteObject(call);
    if (method === 'POST' && query.has('uploads')) return createUpload(call);
    if (method === 'POST' && query.has('uploadId')) return completeUpload(call);
  }
  throw new S3Refusal('MethodNotAllowed', 'The specified method is not allowed against this resource.');
}

function withoutBody(request: Request, response: Response): Response {
  return request.method === 'HEAD'
    ? new Response(null, { status: response.status, headers: response.headers })
    : response;
}

function atStatus(status: number, response: Response): Response {
  return new Response(response.body, { status, headers: response.headers });
}
