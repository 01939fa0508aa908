import { createHash } from 'node:crypto';
import { CHECKSUM_HEADERS, checksumOf, type Checksum } from './checksums.ts';
import { checkChunks, readChunks } from './chunks.ts';
import { S3Refusal } from './refusal.ts';
import type { Verified } from './signature.ts';

/** A body as it is stored, after every check that the request asked for. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly checksum: Checksum | undefined;
}

/** The words in `x-amz-content-sha256` for a body in chunks: are the chunks signed, and may headers come after them. */
const STREAMING: ReadonlyMap<string, { signed: boolean; trailing: boolean }> = new Map([
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { signed: false, trailing: true }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { signed: true, trailing: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { signed: true, trailing: true }],
]);

/**
 * Turns a request body into the object's bytes: strips the aws-chunked framing, and checks digest, length and checksums that came in
 * headers or trailers. Throws S3Refusal.
 */
export async function readPayload(headers: Headers, body: Uint8Array, verified: Verified): Promise<Payload> {
  const { payloadHash } = verified;
  if (/^[0-9a-f]{64}$/.test(payloadHash) && createHash('sha256').update(body).digest('hex') !== payloadHash) {
    throw new S3Refusal(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const { bytes, trailers } = await plainBody(body, verified);
  checkTrailers(headers.get('x-amz-trailer'), trailers);
  const decodedLength = headers.get('x-amz-decoded-content-length');
  if (decodedLength !== null && Number(decodedLength) !== bytes.byteLength) {
    throw new S3Refusal('IncompleteBody', 'The request body is not as long as announced.');
  }
  const md5 = headers.get('content-md5');
  if (md5 !== null && createHash('md5').update(bytes).digest('base64') !== md5) {
    throw new S3Refusal('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  return { bytes, checksum: checkedSum(headers, trailers, bytes) };
}

/** What was announced must come, and nothing else: a checksum that got lost on the way would otherwise go unnoticed. */
function checkTrailers(announced: string | null, trailers: ReadonlyMap<string, string>): void {
  const names = (announced ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (names.length === trailers.size && names.every((name) => trailers.has(name))) return;
  throw new S3Refusal(
    'MalformedTrailerError',
    `The headers after the body are not those that x-amz-trailer announces: ${names.join(', ') || 'none'}`,
  );
}

/** The one checksum of the request, when it is that of the bytes. */
function checkedSum(
  headers: Headers,
  trailers: ReadonlyMap<string, string>,
  bytes: Uint8Array,
): Checksum | undefined {
  const claims = [...CHECKSUM_HEADERS].flatMap((header) => {
    const value = trailers.get(header) ?? headers.get(header);
    return value === null ? [] : [{ header, value }];
  });
  const [claim] = claims;
  if (claim === undefined) return undefined;
  if (claims.length > 1) {
    throw new S3Refusal(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  if (checksumOf(bytes, claim.header).value === claim.value) return claim;
  const algorithm = claim.header.replace('x-amz-checksum-', '').toUpperCase();
  throw new S3Refusal('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
}

async function plainBody(
  body: Uint8Array,
  verified: Verified,
): Promise<{ bytes: Uint8Array; trailers: ReadonlyMap<string, string> }> {
  const kind = STREAMING.get(verified.payloadHash);
  if (kind === undefined) {
    if (verified.payloadHash.startsWith('STREAMING-')) {
      throw new S3Refusal('NotImplemented', `${verified.payloadHash} is not simulated`);
    }
    return { bytes: body, trailers: new Map() };
  }
  const chunked = readChunks(body);
  if (kind.signed) await checkChunks(chunked, verified.chain, kind.trailing);
  return { bytes: Buffer.concat(chunked.chunks.map((chunk) => chunk.bytes)), trailers: chunked.trailers };
}
