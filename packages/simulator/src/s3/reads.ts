import type { StoredObject } from '../world/storage.ts';
import { authorize, empty, objectOf, type S3Call } from './call.ts';
import { checkVersion } from './about/versions.ts';
import { notModified, rangeHolds } from './conditions.ts';
import { KEPT_HEADERS } from './objects.ts';
import { partNumberOf } from './multipart.ts';
import { S3Refusal } from './wire/refusal.ts';

/** A piece of an object, ends included. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** `GET` and `HEAD /bucket/key`, with conditions, and one range or one part. */
export function getObject(call: S3Call): Response {
  authorize(call, 'GetObject');
  checkVersion(call);
  const object = objectOf(call);
  const headers: Record<string, string> = {
    'content-type': 'application/octet-stream',
    ...object.headers,
    ...object.metadata,
    ...overrides(call),
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedAtMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...(object.tags === undefined ? {} : { 'x-amz-tagging-count': String(Object.keys(object.tags).length) }),
  };
  if (notModified(call, object)) return empty(304, headers);

  const part = call.query.has('partNumber') ? partOf(call, object) : undefined;
  const range =
    part ?? (rangeHolds(call, object) ? rangeOf(call.headers.get('range'), object.size) : undefined);
  const [from, to] = range ? [range.from, range.to + 1] : [0, object.size];
  headers['content-length'] = String(to - from);
  if (range) headers['content-range'] = `bytes ${range.from}-${range.to}/${object.size}`;
  else if (object.checksum && call.headers.get('x-amz-checksum-mode') === 'ENABLED') {
    headers[object.checksum.header] = object.checksum.value;
  }
  if (part && object.parts) headers['x-amz-mp-parts-count'] = String(object.parts.length);
  const status = range ? 206 : 200;
  if (call.method === 'HEAD') return empty(status, headers);
  const bytes = call.simulation.bodies.read(object.body, from, to);
  return new Response(Uint8Array.from(bytes), { status, headers });
}

/** `response-content-type` and its kin: the answer's header instead of the object's. */
function overrides(call: S3Call): Record<string, string> {
  const set: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = call.query.get(`response-${name}`);
    if (value === null) continue;
    if (!/^[\t\u0020-\u007E\u0080-\u00FF]*$/.test(value)) {
      throw new S3Refusal(
        'InvalidArgument',
        `response-${name}: a header can hold neither control characters nor what ISO-8859-1 does not know.`,
      );
    }
    set[name] = value;
  }
  return set;
}

/** The piece that was uploaded as that part. An object that was uploaded whole is its own first part. */
function partOf(call: S3Call, object: StoredObject): Range | undefined {
  const number = partNumberOf(call);
  if (call.headers.has('range')) {
    throw new S3Refusal('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter');
  }
  const sizes = object.parts ?? [object.size];
  const size = sizes[number - 1];
  if (size === undefined) {
    throw new S3Refusal('InvalidPartNumber', 'The requested partnumber is not satisfiable');
  }
  const from = sizes.slice(0, number - 1).reduce((sum, one) => sum + one, 0);
  return size === 0 ? undefined : { from, to: from + size - 1 };
}

function rangeOf(header: string | null, size: number): Range | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return undefined;
  const last = found[2] === '' ? size - 1 : Math.min(size - 1, Number(found[2]));
  const range =
    found[1] === ''
      ? { from: Math.max(0, size - Number(found[2])), to: size - 1 }
      : { from: Number(found[1]), to: last };
  // The last byte before the first is no range at all (RFC 9110, 14.1.1).
  if (found[1] !== '' && found[2] !== '' && Number(found[2]) < range.from) return undefined;
  if (range.from >= size) throw new S3Refusal('InvalidRange', 'The requested range is not satisfiable');
  return range;
}
