import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { checkChunks, readChunks } from './chunks.ts';
import { S3Refusal } from './refusal.ts';
import type { Verified } from './signature.ts';

/** A body as it is stored, after every check that the request asked for. */
export interface Payload {
  readonly bytes: Uint8Array;
}

/** The words in `x-amz-content-sha256` for a body in chunks, and whether the chunks are signed. */
const streaming: ReadonlyMap<string, 'signed' | 'unsigned'> = new Map([
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'unsigned'],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'signed'],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', 'signed'],
]);

/** The checksums that can be checked here; others are taken on trust. */
const digests: ReadonlyMap<string, (bytes: Uint8Array) => Buffer> = new Map([
  ['x-amz-checksum-crc32', crc32Bytes],
  ['x-amz-checksum-sha1', (bytes) => createHash('sha1').update(bytes).digest()],
  ['x-amz-checksum-sha256', (bytes) => createHash('sha256').update(bytes).digest()],
]);

/** CRC-32 as S3 writes it: four bytes, most significant first, in base64. */
export function crc32Text(bytes: Uint8Array): string {
  return crc32Bytes(bytes).toString('base64');
}

function crc32Bytes(bytes: Uint8Array): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum;
}

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
  const decodedLength = headers.get('x-amz-decoded-content-length');
  if (decodedLength !== null && Number(decodedLength) !== bytes.byteLength) {
    throw new S3Refusal('IncompleteBody', 'The request body is not as long as announced.');
  }
  for (const [name, digest] of digests) {
    const claimed = trailers.get(name) ?? headers.get(name);
    if (claimed && digest(bytes).toString('base64') !== claimed) {
      const algorithm = name.replace('x-amz-checksum-', '').toUpperCase();
      throw new S3Refusal(
        'BadDigest',
        `The ${algorithm} you specified did not match the calculated checksum.`,
      );
    }
  }
  const md5 = headers.get('content-md5');
  if (md5 !== null && createHash('md5').update(bytes).digest('base64') !== md5) {
    throw new S3Refusal('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  return { bytes };
}

async function plainBody(
  body: Uint8Array,
  verified: Verified,
): Promise<{ bytes: Uint8Array; trailers: ReadonlyMap<string, string> }> {
  const kind = streaming.get(verified.payloadHash);
  if (kind === undefined) {
    if (verified.payloadHash.startsWith('STREAMING-')) {
      throw new S3Refusal('NotImplemented', `${verified.payloadHash} is not simulated`);
    }
    return { bytes: body, trailers: new Map() };
  }
  const chunked = readChunks(body);
  if (kind === 'signed') await checkChunks(chunked, verified.chain);
  return { bytes: Buffer.concat(chunked.chunks.map((chunk) => chunk.bytes)), trailers: chunked.trailers };
}
