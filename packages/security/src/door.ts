import { HangarError } from './errors.ts';

/** What a server passes beside the fetch `Request`, because the `Request` no longer has it. */
export interface Door {
  /** Path and query exactly as received. `Request.url` is rewritten (`'` to `%27`, dot segments resolved). */
  readonly rawTarget: string;
  readonly requestId: string;
  /** The peer of the socket, or what Fly's proxy says of it. */
  readonly remoteAddress?: string;
  /** Told of every error that was turned into an answer, once, at the edge. */
  readonly onError?: (error: HangarError) => void;
}

/** Splits a raw request target at its first `?`. Nothing is decoded; an absent query is the empty text. */
export function splitTarget(rawTarget: string): { path: string; query: string } {
  const hash = rawTarget.indexOf('#');
  const target = hash === -1 ? rawTarget : rawTarget.slice(0, hash);
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: '' };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * Reads a request's body as the bytes that came, and stops reading at the limit.
 * @throws HangarError `too_large` over the limit, `bad_request` when the client hung up.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const announced = request.headers.get('content-length');
  if (announced !== null && /^[0-9]+$/.test(announced) && Number(announced) > maxBytes) {
    throw tooLarge(maxBytes);
  }
  if (!request.body) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
      if (size > maxBytes) {
        await reader.cancel().catch(() => undefined);
        throw tooLarge(maxBytes);
      }
      parts.push(value);
    }
  } catch (error) {
    if (error instanceof HangarError) throw error;
    throw new HangarError('bad_request', { detail: 'the body ended early', cause: error });
  }
  return concatenate(parts, size);
}

function tooLarge(maxBytes: number): HangarError {
  return new HangarError('too_large', { public: `the request is larger than ${maxBytes} bytes` });
}

function concatenate(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
