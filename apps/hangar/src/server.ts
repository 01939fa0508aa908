import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { asHangarError, type Door, errorResponse, HangarError, type Log } from '@hangar/security';
import type { Metrics } from './metrics.ts';

/** Anything that answers HTTP. */
export interface Fetcher {
  fetch(request: Request, door: Door): Response | Promise<Response>;
}

/** Two HTTP surfaces with their own limits and logs: `main` and `gateway`. */
export interface ServeOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A listening server. */
export interface Listening {
  readonly port: number;
  /** Stops accepting, lets running requests finish, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * A bundle for every organization of a user exceeds Node's 16 KiB (security-reliability.md section 0,
 * finding 6). Above this Node answers 431 by itself.
 */
const MAX_HEADER_BYTES = 65_536;
/** A client that sends its head slower than this holds a socket for nothing. */
const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than the longest `wait` of the Machines API, 60 s. */
const REQUEST_TIMEOUT_MS = 75_000;
const KEEP_ALIVE_MS = 5_000;
/** Node looks for slow clients every 30 s by default, which would make the first limit a dead letter. */
const CONNECTIONS_CHECK_MS = 2_000;

const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;

/**
 * Serves `app` on node:http. The raw request target travels beside the Request, because signatures and
 * authorisation are about the bytes that came, not about what a URL parser made of them (stack.md trap 19).
 *
 * @throws HangarError `config_invalid` when the port is taken or not permitted.
 */
export async function serve(app: Fetcher, options: ServeOptions): Promise<Listening> {
  const running = new Set<Promise<unknown>>();
  const listener = getRequestListener(
    async (request, env) => {
      const answer = answerOne(app, request, env.incoming as IncomingMessage, options);
      running.add(answer);
      try {
        return await answer;
      } finally {
        running.delete(answer);
      }
    },
    { overrideGlobalObjects: false },
  );
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      requireHostHeader: true,
    },
    (incoming, outgoing) => {
      // A peer that vanishes mid-answer is its own business; without a listener the error would end the process.
      outgoing.on('error', () => {});
      void listener(incoming, outgoing);
    },
  );
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: async (graceMs) => await closeGracefully(server, running, graceMs),
  };
}

/**
 * Whether a port can be had, before anything slow is started.
 *
 * @throws HangarError `config_invalid` when it is taken or not permitted.
 */
export async function tryPort(options: Pick<ServeOptions, 'name' | 'host' | 'port'>): Promise<void> {
  const probe = createServer();
  await listen(probe, options);
  await new Promise<void>((resolve) => probe.close(() => resolve()));
}

async function answerOne(
  app: Fetcher,
  request: Request,
  incoming: IncomingMessage,
  options: ServeOptions,
): Promise<Response> {
  const requestId = requestIdOf(incoming);
  const rawTarget = incoming.url ?? '/';
  const started = performance.now();
  let failure: HangarError | undefined;
  const door: Door = {
    rawTarget,
    requestId,
    ...(incoming.socket.remoteAddress === undefined ? {} : { remoteAddress: incoming.socket.remoteAddress }),
    onError: (error) => {
      failure = error;
    },
  };
  let response: Response;
  try {
    refuseAmbiguousHead(incoming);
    response = await app.fetch(request, door);
  } catch (error) {
    failure = asHangarError(error);
    response = errorResponse(failure, requestId);
  }
  const answered = withRequestId(response, requestId);
  const seconds = (performance.now() - started) / 1000;
  options.metrics.request(options.name, incoming.method ?? '', answered.status, seconds);
  logAnswer(
    options.log,
    {
      door: options.name,
      requestId,
      method: incoming.method,
      path: rawTarget.split('?')[0],
      status: answered.status,
      ms: Math.round(seconds * 1000),
    },
    failure,
  );
  return answered;
}

/** Node keeps the first of two `Host` or `Authorization` headers; a proxy before us may have judged the other. */
function refuseAmbiguousHead(incoming: IncomingMessage): void {
  for (const name of ['host', 'authorization', 'x-signature', 'content-length'] as const) {
    if ((incoming.headersDistinct[name]?.length ?? 0) > 1) {
      throw new HangarError('bad_request', { public: `the header ${name} was sent more than once` });
    }
  }
}

function requestIdOf(incoming: IncomingMessage): string {
  const given = incoming.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

function withRequestId(response: Response, requestId: string): Response {
  if (response.headers.get('x-request-id') === requestId) return response;
  const headers = new Headers(response.headers);
  headers.set('x-request-id', requestId);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** Logged once, at the edge: the private reason for us, which the caller never saw. */
function logAnswer(log: Log, fields: Record<string, unknown>, failure: HangarError | undefined): void {
  if (failure === undefined) {
    log.info(fields, 'answered');
    return;
  }
  const reason = { ...fields, code: failure.code, reason: failure.message, cause: failure.cause };
  if (failure.status >= 500) log.error(reason, 'failed');
  else log.info(reason, 'refused');
}

async function listen(server: Server, options: Pick<ServeOptions, 'name' | 'host' | 'port'>): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, resolve);
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const variable = options.name === 'gateway' ? 'HANGAR_GATEWAY_PORT' : 'PORT';
    throw new HangarError('config_invalid', {
      public:
        code === 'EADDRINUSE'
          ? `Port ${options.port} is taken by another process. Stop it, or set ${variable} to another port.`
          : `Hangar cannot listen on ${options.host}:${options.port} (${code ?? 'unknown'}). Check HANGAR_HOST and ${variable}.`,
      cause: error,
    });
  }
}

async function closeGracefully(
  server: Server,
  running: ReadonlySet<Promise<unknown>>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([Promise.allSettled(running), grace]);
  clearTimeout(timer);
  server.closeIdleConnections();
  const settle = setTimeout(() => server.closeAllConnections(), Math.min(graceMs, 1_000));
  await closed;
  clearTimeout(settle);
}
