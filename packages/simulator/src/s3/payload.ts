import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Refusal } from './refusal.ts';

/** A body as it is stored, after every check that the request asked for. */
export interface Payload {
  readonly bytes: Uint8Array;
}

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
export function readPayload(headers: Headers, body: Uint8Array, payloadHash: string): Payload {
  const streaming = payloadHash.startsWith('STREAMING-');
  if (streaming && payloadHash !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    throw new S3Refusal('NotImplemented', `${payloadHash} is not simulated`);
  }
  if (/^[0-9a-f]{64}$/.test(payloadHash) && createHash('sha256').update(body).digest('hex') !== payloadHash) {
    throw new S3Refusal(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const { bytes, trailers } = streaming
    ? unchunk(body)
    : { bytes: body, trailers: new Map<string, string>() };
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

/** `size[;extension]CRLF data CRLF … 0 CRLF trailers CRLF`. */
function unchunk(body: Uint8Array): { bytes: Uint8Array; trailers: Map<string, string> } {
  const source = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const parts: Buffer[] = [];
  const incomplete = new S3Refusal('IncompleteBody', 'The chunked body ends early.');
  let at = 0;
  for (;;) {
    const end = source.indexOf('\r\n', at);
    if (end === -1) throw incomplete;
    const size = Number.parseInt(source.toString('latin1', at, end), 16);
    if (!Number.isInteger(size) || size < 0) throw incomplete;
    at = end + 2;
    if (size === 0) break;
    if (at + size + 2 > source.length) throw incomplete;
    parts.push(source.subarray(at, at + size));
    at += size + 2;
  }
  const trailers = new Map<string, string>();
  for (const line of source.toString('latin1', at).split('\r\n')) {
    const cut = line.indexOf(':');
    if (cut > 0) trailers.set(line.slice(0, cut).trim().toLowerCase(), line.slice(cut + 1).trim());
  }
  return { bytes: Buffer.concat(parts), trailers };
}
