import { createHash } from 'node:crypto';
import { sameBytes } from '@hangar/security';
import { S3Refusal } from './refusal.ts';
import type { SignatureChain } from './signature.ts';

/** A body in the aws-chunked framing, taken apart. */
export interface Chunked {
  readonly chunks: readonly { readonly bytes: Uint8Array; readonly signature: string | undefined }[];
  /** Headers that came after the body, lower-case names, in their order. */
  readonly trailers: ReadonlyMap<string, string>;
  readonly trailerSignature: string | undefined;
}

const emptyDigest = sha256('');
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

/** `size[;chunk-signature=…]CRLF data CRLF … 0[;…]CRLF trailers CRLF`. The last, empty chunk is among the chunks. */
export function readChunks(body: Uint8Array): Chunked {
  const source = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const chunks: { bytes: Uint8Array; signature: string | undefined }[] = [];
  const incomplete = new S3Refusal('IncompleteBody', 'The chunked body ends early.');
  let at = 0;
  for (let size = -1; size !== 0;) {
    const end = source.indexOf('\r\n', at);
    if (end === -1) throw incomplete;
    const head = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(
      source.toString('latin1', at, end),
    );
    if (!head) throw incomplete;
    size = Number.parseInt(head[1] ?? '', 16);
    at = end + 2;
    if (at + size > source.length) throw incomplete;
    chunks.push({ bytes: source.subarray(at, at + size), signature: head[2] });
    if (size > 0) at += size + 2;
  }
  const trailers = new Map<string, string>();
  for (const line of source.toString('latin1', at).split('\r\n')) {
    const cut = line.indexOf(':');
    if (cut > 0) trailers.set(line.slice(0, cut).trim().toLowerCase(), line.slice(cut + 1).trim());
  }
  const signature = trailers.get(TRAILER_SIGNATURE);
  trailers.delete(TRAILER_SIGNATURE);
  return { chunks, trailers, trailerSignature: signature };
}

/**
 * Checks that every chunk carries on the chain of signatures that the request's own began, the last one and, where they may come,
 * the trailers included.
 * Throws S3Refusal `SignatureDoesNotMatch`.
 */
export async function checkChunks(chunked: Chunked, chain: SignatureChain, trailing: boolean): Promise<void> {
  let previous = chain.seed;
  for (const { bytes, signature } of chunked.chunks) {
    const expected = await chain.next('AWS4-HMAC-SHA256-PAYLOAD', previous, [emptyDigest, sha256(bytes)]);
    mustEqual(expected, signature);
    previous = expected;
  }
  if (!trailing) return;
  const text = [...chunked.trailers].map(([name, value]) => `${name}:${value}\n`).join('');
  const expected = await chain.next('AWS4-HMAC-SHA256-TRAILER', previous, [sha256(text)]);
  mustEqual(expected, chunked.trailerSignature);
}

function mustEqual(expected: string, received: string | undefined): void {
  if (received !== undefined && sameBytes(Buffer.from(expected), Buffer.from(received))) return;
  throw new S3Refusal('SignatureDoesNotMatch', 'A chunk does not carry the signature that belongs to it.');
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
