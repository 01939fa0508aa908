import { HangarError } from './errors.ts';
import type { RequestContext } from './request-context.ts';

/** A body without an announced length begins with this much memory, and doubles. */
const FIRST_BYTES = 4096;

/** In the fetch standard a request of these methods has no body, whatever length its head announces. */
const WITHOUT_BODY = new Set(['GET', 'HEAD']);

/** What runtimes say of a body that somebody has taken or holds; the standard gives it no other mark. */
const UNUSABLE = /unusable|already|locked|disturbed/i;

/**
 * Reads a request's body as the bytes that came, and stops reading at the limit. The memory it takes comes out of the
 * door's budget; it is one piece, so that a body in many small chunks costs no more than its bytes.
 * @throws HangarError `too_large` over the limit, `bad_request` when the client hung up, `config_invalid` when somebody before us
 *   has read the body, or what the budget says
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  { hold = () => undefined }: Pick<RequestContext, 'hold'>,
): Promise<Uint8Array> {
  const announced = announcedLength(request.headers);
  if (announced !== undefined && announced > maxBytes) throw tooLarge(maxBytes);
  if (WITHOUT_BODY.has(request.method)) return new Uint8Array(0);
  if (request.bodyUsed) throw readBefore();
  // Small, and its length known: asked for in one piece, an adapter need not make a stream of it. The budget is the same as below.
  if (announced !== undefined && announced <= FIRST_BYTES) {
    const whole = await readWhole(request, announced, hold);
    if (whole.byteLength > maxBytes) throw tooLarge(maxBytes);
    return whole;
  }
  if (!request.body) return new Uint8Array(0);
  if (request.body.locked) throw readBefore();
  const largest = announced ?? maxBytes;
  let whole = new Uint8Array(0);
  let size = 0;
  const reader = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (size + value.byteLength > maxBytes) throw tooLarge(maxBytes);
      if (size + value.byteLength > whole.byteLength) {
        const room = roomFor(size + value.byteLength, whole.byteLength, largest);
        hold(room - whole.byteLength);
        const larger = new Uint8Array(room);
        larger.set(whole.subarray(0, size));
        whole = larger;
      }
      whole.set(value, size);
      size += value.byteLength;
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (error instanceof HangarError) throw error;
    throw new HangarError('bad_request', { detail: 'the body ended early', cause: error });
  }
  // A parser that took the bytes off the socket leaves a stream that merely ends.
  if (size === 0 && announced !== undefined && announced > 0) throw readBefore();
  return whole.subarray(0, size);
}

async function readWhole(
  request: Request,
  announced: number,
  hold: NonNullable<RequestContext['hold']>,
): Promise<Uint8Array> {
  hold(announced);
  let whole: Uint8Array;
  try {
    whole = new Uint8Array(await request.arrayBuffer());
  } catch (error) {
    if (error instanceof TypeError && UNUSABLE.test(error.message)) throw readBefore();
    throw new HangarError('bad_request', { detail: 'the body ended early', cause: error });
  }
  if (whole.byteLength === 0 && announced > 0) throw readBefore();
  return whole;
}

/** A fault of whoever put this behind a parser, who is told so: the signature over other bytes would never hold. */
function readBefore(): HangarError {
  return new HangarError('config_invalid', {
    public:
      'the body was read before it came here, and its raw bytes are needed: mount this before any body parser',
  });
}

function announcedLength(headers: Headers): number | undefined {
  const text = headers.get('content-length');
  return text !== null && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Twice as much as before, but never less than is needed now nor more than can still come. */
function roomFor(needed: number, before: number, largest: number): number {
  return Math.max(needed, Math.min(largest, Math.max(FIRST_BYTES, before * 2)));
}

function tooLarge(maxBytes: number): HangarError {
  return new HangarError('too_large', { public: `the request is larger than ${maxBytes} bytes` });
}
