import { isIP } from 'node:net';
import { Agent } from 'undici';
import { isPublicAddress, isPublicName } from './address-policy.ts';
import { createGuardedLookup, systemResolver, type Resolver } from './guarded-lookup.ts';
import { createOutgoingFetch } from './outgoing-fetch.ts';
import { OutgoingError } from './outgoing-error.ts';

/** Options of {@link createOutgoing}. */
export interface OutgoingOptions {
  /** Exact origins (`http://127.0.0.1:4700`) allowed although plain, loopback or private: the simulator's. */
  readonly allowedOrigins?: readonly string[];
  /** For the whole exchange, in milliseconds; default 15,000. */
  readonly timeoutMs?: number;
  /** Largest answer body, in bytes; default 65,536. */
  readonly maxResponseBytes?: number;
  /** Ports that https may use; default 443 and 8443. */
  readonly ports?: readonly number[];
  /** Turns names into addresses; default the system's resolver. */
  readonly resolver?: Resolver;
}

/** One request. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The answer, read to its end. */
export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** The body as UTF-8, faults replaced. */
  text(): string;
}

/** The only door out (docs/specs/promises.md#outgoing-requests). */
export interface Outgoing {
  /**
   * Sends one request, once. Redirects are answers like any other; nothing is decompressed; no environment
   * variable changes the way.
   * @throws OutgoingError (a HangarError) when it was blocked, got no answer, or the answer is unusable.
   */
  send(request: OutgoingRequest): Promise<OutgoingAnswer>;
  /** The same rules in the form of `fetch`, for libraries that want one. */
  readonly fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_MAX_RESPONSE_BYTES = 65_536;
const DEFAULT_PORTS: readonly number[] = [443, 8443];

/** Makes the door. Keep one per process: it holds the sockets. */
export function createOutgoing(options: OutgoingOptions = {}): Outgoing {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const maxResponseBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
  const ports = options.ports ?? DEFAULT_PORTS;
  const allowed = new Set((options.allowedOrigins ?? []).map((origin) => new URL(origin).origin));

  const shared = { pipelining: 1, keepAliveTimeout: 4000, maxHeaderSize: 16_384 } as const;
  const lookup = createGuardedLookup(options.resolver ?? systemResolver);
  const open = new Agent({ ...shared, connect: { timeout: 5000, lookup } });
  const trusted = new Agent({ ...shared, connect: { timeout: 5000 } });

  async function send(request: OutgoingRequest): Promise<OutgoingAnswer> {
    const url = checkUrl(request.url, allowed, ports);
    const dispatcher = allowed.has(url.origin) ? trusted : open;
    const timer = AbortSignal.timeout(request.timeoutMs ?? timeoutMs);
    const signal = request.signal ? AbortSignal.any([timer, request.signal]) : timer;
    try {
      const answer = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method.toUpperCase(),
        headers: { 'accept-encoding': 'identity', ...request.headers },
        body: request.body ?? null,
        signal,
      });
      const headers = headersOf(answer.headers);
      const encoding = headers.get('content-encoding');
      if (encoding !== null && encoding.toLowerCase() !== 'identity') {
        answer.body.on('error', () => undefined).destroy();
        throw new OutgoingError('answer_encoded', { detail: `${url.origin} answered in ${encoding}` });
      }
      const body = await readAnswer(answer.body, maxResponseBytes, url.origin);
      return { status: answer.statusCode, headers, body, text: () => new TextDecoder().decode(body) };
    } catch (error) {
      throw explain(error, url.origin, timer, request.signal);
    }
  }

  return {
    send,
    fetch: createOutgoingFetch(send),
    async close() {
      await Promise.all([open.close(), trusted.close()]);
    },
  };
}

function checkUrl(text: string, allowed: ReadonlySet<string>, ports: readonly number[]): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new OutgoingError('blocked_url', { detail: 'not an absolute URL', cause: error });
  }
  if (url.username !== '' || url.password !== '') {
    throw new OutgoingError('blocked_url', { detail: `user information in a URL of ${url.host}` });
  }
  if (allowed.has(url.origin)) return url;
  if (url.protocol !== 'https:') {
    throw new OutgoingError('blocked_url', {
      detail: `${url.origin} is not https and not an allowed origin`,
    });
  }
  if (!ports.includes(Number(url.port || '443'))) {
    throw new OutgoingError('blocked_url', { detail: `${url.origin} uses a port that is not allowed` });
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const reachable = isIP(host) === 0 ? isPublicName(host) : isPublicAddress(host);
  if (!reachable)
    throw new OutgoingError('blocked_address', { detail: `${url.host} is not a public address` });
  return url;
}

function headersOf(raw: Record<string, string | string[] | undefined>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one);
  }
  return headers;
}

async function readAnswer(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  origin: string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.byteLength;
    if (size > maxBytes) {
      throw new OutgoingError('answer_too_large', {
        detail: `${origin} answered with more than ${maxBytes} bytes`,
      });
    }
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function explain(error: unknown, origin: string, timer: AbortSignal, caller?: AbortSignal): OutgoingError {
  if (error instanceof OutgoingError) return error;
  if (caller?.aborted)
    return new OutgoingError('aborted', { detail: `the call to ${origin} was cancelled`, cause: error });
  const name = error instanceof Error ? `${error.name} ${error.message}` : '';
  if (timer.aborted || /Timeout/i.test(name)) {
    return new OutgoingError('timeout', { detail: `${origin} took too long`, cause: error });
  }
  return new OutgoingError('unreachable', { detail: `${origin}: ${name}`, cause: error });
}
