import { Readable } from 'node:stream';
import { HangarError, type RequestContext } from '@hangar/http';
import type { Secret } from '@hangar/security';
import { bringBack, isRead } from './caller-upstream.ts';
import type { PassthroughDeps } from './deps.ts';
import { headersForUpstream } from './headers.ts';

/** Waiting takes as long as the caller allows; upstream's own limit on it is 60 seconds. */
const PATIENCE_MS = 75_000;

/** What goes upstream as it came. */
export interface Passing {
  readonly request: Request;
  readonly door: RequestContext;
  readonly target: string;
  readonly authorization: Secret | undefined;
}

/** Sends a request on, its body as it comes, and brings the answer back as it comes. Nothing of either is kept. */
export async function passOn(
  { request, door, target, authorization }: Passing,
  { upstream }: Pick<PassthroughDeps, 'upstream'>,
): Promise<Response> {
  const { method } = request;
  const headers = headersForUpstream(request.headers);
  const body = isRead(method) ? undefined : await bodyOf(request);
  const length = request.headers.get('content-length');
  // With an announced length the sender of these bytes is held to it, so that nothing follows them on the wire.
  if (body !== undefined && length !== null && /^[0-9]{1,15}$/.test(length))
    headers['content-length'] = length;
  const reply = await upstream.send({
    method,
    target,
    authorization,
    headers,
    patienceMs: PATIENCE_MS,
    signal: request.signal,
    body,
  });
  return await bringBack(reply, method, door);
}

/**
 * The body as a stream; undefined when nothing comes. Its first bytes are waited for, since a server's `Request` has a
 * stream in any case, and a body in chunks that has none is not the same to everybody as no body.
 */
async function bodyOf(request: Request): Promise<Readable | undefined> {
  if (!request.body) return undefined;
  const reader = request.body.getReader();
  const first = await reader.read().catch((cause: unknown) => {
    throw new HangarError('bad_request', { detail: 'the body ended early', cause });
  });
  if (first.done) return undefined;
  return Readable.from(following(first.value, reader), { objectMode: false });
}

async function* following(
  first: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
