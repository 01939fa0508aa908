import type { Readable } from 'node:stream';
import type { Upstream, UpstreamAnswer, UpstreamReason } from '@hangar/flyio';
import { HangarError, type ErrorCode } from '@hangar/http';

/** One call to Fly.io on behalf of a caller; the client adds the operator's credential. */
export interface UpstreamCall {
  readonly method: string;
  /** Default: the Machines API. */
  readonly at?: 'machines' | 'api';
  /** Path and query, built by us. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Whether sending it twice is the same as once. */
  readonly repeatable: boolean;
  /** How long the headers of an answer may take. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

/** What came back; the body has not been read. */
export interface UpstreamReply {
  readonly status: number;
  readonly headers: Headers;
  /**
   * The body as it arrives, or null when this status has none. `cut` is called when it breaks off; without it the stream fails,
   * which a server may have no way to tell.
   */
  stream(cut: (() => void) | undefined): ReadableStream<Uint8Array> | null;
  /** The whole body. Throws when it is longer than the limit or ends early. */
  bytes(): Promise<Uint8Array>;
  /** Throws the body away. */
  drop(): Promise<void>;
}

/** How long the head of an answer may take where a caller has no say in it. */
export const PATIENCE_MS = 30_000;
/** Largest answer that is held in memory, which is what a filter needs: 16 MiB. */
export const BUFFERED_BYTES = 16_777_216;
/**
 * A read is repeated after these pauses when nobody answered or the answer was a 502, 503 or 504: it is asked three times at
 * most, whichever door it came through (docs/specs/gateway.md#lost-answers).
 */
const REPEAT_PAUSES_MS: readonly number[] = [200, 600];

/**
 * Sends a call upstream. No redirects are followed and nothing is decompressed. A failure never becomes 502 or 503 once
 * a call that is not repeatable may have been written, since real clients repeat those blindly
 * (docs/specs/gateway.md#lost-answers).
 *
 * @param before runs right before each try, and stops it by throwing
 * @param asked how often a read was asked in vain before
 * @throws HangarError `upstream_unreachable`, `upstream_timeout`, or `upstream_failed` for answers that must not be
 *   passed on: redirects, compressed bodies, and refusals of the operator's own credential
 */
export async function sendUpstream(
  upstream: Pick<Upstream, 'send'>,
  call: UpstreamCall,
  before: () => Promise<void>,
  asked = 0,
): Promise<UpstreamReply> {
  const pauses = call.method === 'GET' ? REPEAT_PAUSES_MS : [];
  const passed = pauses[asked - 1];
  if (passed !== undefined) await pauseOf(passed);
  for (const pause of pauses.slice(asked)) {
    await before();
    const reply = await once(upstream, call).catch(swallowUnreachable);
    if (reply && ![502, 503, 504].includes(reply.status)) return await checked(reply, call);
    await reply?.drop();
    await pauseOf(pause);
  }
  await before();
  return await checked(await once(upstream, call), call);
}

async function pauseOf(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function once(upstream: Pick<Upstream, 'send'>, call: UpstreamCall): Promise<UpstreamReply> {
  const sent = await upstream.send({
    method: call.method,
    path: call.target,
    headers: {
      'user-agent': 'hangar',
      ...call.headers,
      ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    timeoutMs: call.patienceMs ?? PATIENCE_MS,
    body: JSON.stringify(call.json),
    signal: call.signal,
  });
  if (!sent.ok) throw upstreamError(sent.reason, call.repeatable);
  return replyOf(sent.value, call);
}

function swallowUnreachable(error: unknown): undefined {
  if (error instanceof HangarError && error.code === 'upstream_unreachable') return undefined;
  throw error;
}

/** The failures that a caller must not see as they are. */
async function checked(reply: UpstreamReply, call: UpstreamCall): Promise<UpstreamReply> {
  const { status } = reply;
  const encoding = reply.headers.get('content-encoding');
  const refusesOperator = status === 401 || status === 403;
  const hidden =
    refusesOperator || (status >= 300 && status < 400) || (encoding !== null && encoding !== 'identity');
  const dangerous = !call.repeatable && (status === 502 || status === 503);
  if (!hidden && !dangerous) return reply;
  await reply.drop();
  const detail = refusesOperator
    ? `upstream refused the operator's token with ${status}`
    : `upstream answered ${status}${encoding === null ? '' : `, content-encoding ${encoding}`}`;
  throw new HangarError('upstream_failed', { status: dangerous ? 504 : 500, detail });
}

/**
 * The JSON of an answer; a refusal is thrown in upstream's own words.
 * @throws HangarError `upstream_failed` for what is not JSON
 */
export async function jsonOf(
  reply: UpstreamReply,
  { repeatable }: Pick<UpstreamCall, 'repeatable'>,
): Promise<unknown> {
  const json = parseJson(await reply.bytes());
  if (reply.status >= 400) throw refusedError(reply.status, json, reply.headers.get('retry-after'));
  if (json !== undefined) return json;
  throw notJson(reply.status, repeatable);
}

/** An answer that should have been JSON and is not. */
export function notJson(status: number, repeatable: boolean): HangarError {
  return upstreamError({ tag: 'malformed', status, detail: `status ${status}, not JSON` }, repeatable);
}

/** Undefined for what is not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** A verdict of the Machines client in the words of the error table. `refused` keeps upstream's own words. */
export function upstreamError(reason: UpstreamReason, repeatable: boolean): HangarError {
  switch (reason.tag) {
    case 'unreachable':
      return reason.noCredential ?? new HangarError('upstream_unreachable', { detail: reason.detail });
    case 'timeout':
      return new HangarError('upstream_timeout', { detail: reason.detail });
    case 'malformed':
      return new HangarError('upstream_failed', { status: repeatable ? 502 : 500, detail: reason.detail });
    case 'refused':
      return refusedError(reason.status, reason.body);
  }
}

/** Upstream's refusal in its own words and status, for calls that the gateway makes itself. */
function refusedError(status: number, body: unknown, retryAfter: string | null = null): HangarError {
  const told =
    typeof body === 'object' && body !== null ? (body as { error?: unknown; status?: unknown }) : {};
  const sentence = typeof told.error === 'string' ? told.error : `upstream answered ${status}`;
  if (told.status === 'name_taken' || /name has already been taken/i.test(sentence)) {
    return new HangarError('name_taken', { status: 422, public: sentence, extra: { status: 'name_taken' } });
  }
  if (status === 401 || status === 403 || status >= 500) {
    return new HangarError('upstream_failed', { status: status >= 500 ? 504 : 500, detail: sentence });
  }
  const extra = typeof told.status === 'string' ? { extra: { status: told.status } } : {};
  const seconds = retryAfter !== null && /^[0-9]{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  const wait = seconds === undefined ? {} : { retryAfterSeconds: seconds };
  return new HangarError(codeFor(status), { status, public: sentence, ...extra, ...wait });
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'bad_request',
  401: 'token_bad_signature',
  403: 'caveat_denied',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  409: 'state_conflict',
  410: 'gone',
  412: 'state_conflict',
  413: 'too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  502: 'upstream_unreachable',
  504: 'upstream_timeout',
};

/** The code that goes beside upstream's own words. */
export function codeFor(status: number): ErrorCode {
  return CODES[status] ?? (status >= 500 ? 'upstream_failed' : 'invalid');
}

/** An answer whose body is still to come. */
export function replyOf(answer: UpstreamAnswer, call: Pick<UpstreamCall, 'repeatable'>): UpstreamReply {
  const { body, status } = answer;
  return {
    status,
    headers: new Headers(flatten(answer.headers)),
    stream: (cut) => ([204, 205, 304].includes(status) ? null : streamOf(body, cut)),
    bytes: async () => await readAll(body, call),
    drop: async () => {
      body.on('error', () => undefined);
      await body.dump().catch(() => undefined);
    },
  };
}

/**
 * The body as a web stream that may be cancelled at any moment, as when the caller hangs up: `Readable.toWeb` throws
 * outside of everybody's reach when a part arrives after that (Node 20).
 */
function streamOf(body: Readable, cut: (() => void) | undefined): ReadableStream<Uint8Array> {
  const parts = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const part = await parts.next();
        if (part.done === true) controller.close();
        else controller.enqueue(part.value);
      } catch (error) {
        if (cut === undefined) throw error;
        cut();
        controller.close();
      }
    },
    cancel() {
      body.on('error', () => undefined);
      body.destroy();
    },
  });
}

async function readAll(
  body: AsyncIterable<unknown>,
  call: Pick<UpstreamCall, 'repeatable'>,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body) {
      const bytes = part as Uint8Array;
      size += bytes.byteLength;
      if (size > BUFFERED_BYTES) throw tooLargeToFilter();
      parts.push(bytes);
    }
  } catch (error) {
    if (error instanceof HangarError) throw error;
    throw brokenOff(call, error);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Of what is looked at whole, so much is held in memory and no more. */
export function tooLargeToFilter(): HangarError {
  return new HangarError('upstream_failed', {
    status: 500,
    detail: 'the answer is too large to be filtered',
  });
}

/** Part of an answer is no answer: the caller must not take it for the whole (docs/specs/gateway.md#lost-answers). */
export function brokenOff({ repeatable }: Pick<UpstreamCall, 'repeatable'>, cause?: unknown): HangarError {
  return new HangarError('upstream_failed', {
    status: repeatable ? 502 : 504,
    public: 'the answer of Fly.io broke off',
    extra: { reason: 'upstream_truncated' },
    cause,
  });
}

/** An answer whose body is here already. */
export function replyOfBytes(
  status: number,
  headers: UpstreamAnswer['headers'],
  body: Uint8Array,
): UpstreamReply {
  return {
    status,
    headers: new Headers(flatten(headers)),
    stream: () => new Blob([Buffer.from(body)]).stream(),
    bytes: async () => await Promise.resolve(body),
    drop: async () => {},
  };
}

function flatten(headers: UpstreamAnswer['headers']): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    return typeof value === 'string' ? [[name, value]] : value.map((one): [string, string] => [name, one]);
  });
}
