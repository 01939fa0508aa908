import { splitTarget, type RequestContext } from '@hangar/http';
import { guardDoor, type DoorFetch } from '../doors.ts';
import { ulid } from '../ids.ts';
import type { Simulation } from '../simulation.ts';
import { corsHeaders, preflight } from './about/cors.ts';
import { expire } from './about/lifecycle.ts';
import type { S3Call } from './call.ts';
import { postForm } from './form.ts';
import { operationOf } from './operations.ts';
import { readPayload } from './wire/payload.ts';
import { faultRefusal, S3Refusal } from './wire/refusal.ts';
import { verifySignatureV4 } from './wire/signature.ts';

/** Headers of Tigris' own that mean something here; others would be promises that nobody keeps. */
const KNOWN_TIGRIS_HEADERS: ReadonlySet<string> = new Set(['x-tigris-regions', 'x-tigris-rename']);

/**
 * The simulated Tigris: S3 with Signature Version 4 and policies that are really evaluated
 * (docs/specs/platform.md#storage).
 */
export function createS3Door(simulation: Simulation): DoorFetch {
  const answer = async (request: Request, door: RequestContext): Promise<Response> => {
    const { bucket, key } = placeOf(request, door);
    if (request.method === 'OPTIONS') return preflight(simulation.world.buckets.get(bucket), request.headers);
    return isForm(request)
      ? await postForm(simulation, bucket, await formOf(request), {
          host: request.headers.get('host') ?? 'localhost',
          sourceIp: door.remoteAddress ?? '127.0.0.1',
        })
      : operate(await readCall(simulation, request, door, { bucket, key }));
  };
  const refused = (error: unknown, request: Request, door: RequestContext): Response => {
    const { path } = splitTarget(door.rawTarget);
    if (error instanceof S3Refusal) return withoutBody(request, error.response(path, door.requestId));
    simulation.settings.onError(error);
    const failure = new S3Refusal('InternalError', 'We encountered an internal error. Please try again.');
    return withoutBody(request, failure.response(path, door.requestId));
  };
  return guardDoor(
    simulation,
    's3',
    {
      fault: (status) => atStatus(status, faultRefusal(status).response('/', ulid(simulation.clock.nowMs()))),
    },
    async (request, door) => {
      const response = await answer(request, door).catch((error: unknown) => refused(error, request, door));
      response.headers.set('x-amz-request-id', door.requestId);
      const bucket = simulation.world.buckets.get(bucketIn(request, door));
      for (const [name, value] of Object.entries(corsHeaders(bucket, request)))
        response.headers.set(name, value);
      return response;
    },
  );
}

async function readCall(
  simulation: Simulation,
  request: Request,
  door: RequestContext,
  place: { bucket: string; key: string },
): Promise<S3Call> {
  const body = new Uint8Array(await request.arrayBuffer());
  const { method } = request;
  const { query: queryText } = splitTarget(door.rawTarget);
  const verified = await verifySignatureV4(simulation, 's3', {
    method,
    rawTarget: door.rawTarget,
    headers: request.headers,
    body,
  });
  const query = new URLSearchParams(queryText);
  return {
    simulation,
    signer: verified.signer,
    method,
    ...place,
    query,
    headers: withHoisted(request.headers, query),
    ...(await readPayload(request.headers, body, verified)),
    sourceIp: door.remoteAddress ?? '127.0.0.1',
  };
}

/** The upload of a browser is signed by a field of its form, so the signature of the request would be the wrong thing to miss. */
function isForm({ method, headers }: Request): boolean {
  return method === 'POST' && /^multipart\/form-data\b/i.test(headers.get('content-type') ?? '');
}

async function formOf(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch {
    throw new S3Refusal(
      'MalformedPOSTRequest',
      'The body of your POST request is not well-formed multipart/form-data.',
    );
  }
}

/**
 * A presigned address carries in its query what would have been headers: metadata, an ACL, the source of a copy. S3 takes them for
 * headers again, all but checksums: an SDK that signs before it knows the body puts that of no bytes there.
 */
function withHoisted(headers: Headers, query: URLSearchParams): Headers {
  const all = new Headers(headers);
  for (const [name, value] of query) {
    const header = name.toLowerCase();
    if (!header.startsWith('x-amz-') || /^x-amz-(sdk-)?checksum-/.test(header) || all.has(header)) continue;
    if (!/^[\t\u0020-\u007E\u0080-\u00FF]*$/.test(value)) {
      throw new S3Refusal('InvalidArgument', `${name}: this cannot be the value of a header`);
    }
    all.set(header, value);
  }
  return all;
}

function placeOf(request: Request, door: RequestContext): { bucket: string; key: string } {
  return place(splitTarget(door.rawTarget).path, request.headers.get('host') ?? '');
}

/** The bucket of a request whose path may be one that cannot be read. */
function bucketIn(request: Request, door: RequestContext): string {
  try {
    return placeOf(request, door).bucket;
  } catch {
    return '';
  }
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
  for (const name of call.headers.keys()) {
    if (!name.startsWith('x-tigris-') || KNOWN_TIGRIS_HEADERS.has(name)) continue;
    throw new S3Refusal('NotImplemented', `The header ${name} is not simulated`);
  }
  if ((call.headers.get('x-amz-acl') ?? 'private') !== 'private') {
    throw new S3Refusal('NotImplemented', 'Only private buckets and objects are simulated');
  }
  const bucket = call.simulation.world.buckets.get(call.bucket);
  if (bucket) expire(call, bucket);
  return operationOf(call)(call);
}

function withoutBody(request: Request, response: Response): Response {
  return request.method === 'HEAD'
    ? new Response(null, { status: response.status, headers: response.headers })
    : response;
}

function atStatus(status: number, response: Response): Response {
  return new Response(response.body, { status, headers: response.headers });
}
