import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import {
  answerError,
  type BodyBudget,
  type BodyBudgetLimits,
  callerOf,
  createBodyBudget,
  type Direct,
  type RequestContext,
  type ErrorCode,
  errorBody,
  errorResponse,
  HangarError,
} from '@hangar/http';
import { refuseAmbiguousHead } from './ambiguous-head.ts';
import { answerDirectly, handedOver } from './answer-directly.ts';
import type { ClientAddress } from './client-address.ts';
import type { Metrics } from './metrics.ts';
import { Running } from './running.ts';
import { note, visitOf, type ServerLog } from './visit.ts';

/** Anything that answers HTTP. */
export interface Fetcher {
  fetch(request: Request, door: RequestContext): Response | Promise<Response>;
  /** Asked first, where there is one. */
  readonly direct?: Direct;
}

/** Two HTTP surfaces with their own limits and logs: `main` and `gateway`. */
export interface ServeOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly log: ServerLog;
  readonly metrics: Metrics;
  /** Who asked; default the peer of the socket, whatever headers say. */
  readonly clientAddress?: ClientAddress;
  /** How long a whole request may take to come in; default 15 seconds. Looked at every two seconds, or as often as this. */
  readonly requestTimeoutMs?: number;
  /** The memory for bodies, when servers share it; default a budget of this server's own. */
  readonly bodies?: BodyBudget;
}

/** A listening server. */
export interface Listening {
  readonly port: number;
  /** Stops accepting, lets running requests finish, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * A bundle for every organization of a user exceeds Node's 16 KiB (docs/specs/promises.md#request-head). Above this
 * Node answers 431 by itself.
 */
const MAX_HEADER_BYTES = 65_536;
/** A client that sends its head slower than this holds a socket for nothing. */
const HEADERS_TIMEOUT_MS = 10_000;
/** For the whole of a request to come in; a body that stalls holds a handler. How long an answer takes is not bounded here. */
export const REQUEST_TIMEOUT_MS = 15_000;
/**
 * The memory for bodies of all servers of a process. Per address: less, and a deploy of a few dozen machines with large
 * configs from one office is turned away; more, and a single stranger fills a small machine. In all: a quarter of the
 * 256 MB that the smallest machine on Fly.io has. A revocation, a webhook and nearly every machine config is a small body;
 * a smaller reserve would be full with the stalled ones of few strangers.
 */
export const BODY_LIMITS: BodyBudgetLimits = {
  shared: { perAddressBytes: 16_777_216, totalBytes: 50_331_648 },
  reserve: { perAddressBytes: 1_048_576, totalBytes: 16_777_216 },
  smallBytes: 65_536,
};
const KEEP_ALIVE_MS = 5_000;
/** Node looks for slow clients every 30 s by default, which would make the first limit a dead letter. */
const CONNECTIONS_CHECK_MS = 2_000;

/**
 * Serves `app` on node:http. The raw request target travels beside the Request, because signatures and
 * authorisation are about the bytes that came, not about what a URL parser made of them
 * (docs/specs/promises.md#raw-target).
 *
 * @throws HangarError `config_invalid` when the port is taken or not permitted.
 */
export async function serve(app: Fetcher, options: ServeOptions): Promise<Listening> {
  const bodies = options.bodies ?? createBodyBudget(BODY_LIMITS);
  const running = new Running();
  const listener = getRequestListener(
    async (request, env) => {
      running.begin();
      try {
        return await answerOne(app, request, env.incoming as IncomingMessage, { ...options, bodies });
      } finally {
        running.end();
      }
    },
    {
      overrideGlobalObjects: false,
      // A request that cannot even become a Request: no host, an impossible target.
      errorHandler: (error) => refuseEarly(new HangarError('bad_request', { cause: error }), options),
    },
  );
  const directServer = { ...options, listener, running };
  const requestTimeout = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
      requestTimeout,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(CONNECTIONS_CHECK_MS, requestTimeout),
      // A missing host is refused below, in our own form; Node's refusal has no body and no id.
      requireHostHeader: false,
    },
    (incoming, outgoing) => {
      outgoing.on('error', leaveAlone);
      if (app.direct && answerDirectly(app.direct, incoming, outgoing, directServer)) return;
      void listener(incoming, outgoing);
    },
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseRaw(error, socket, options));
  server.on('checkExpectation', (_, outgoing) => {
    const refusal = refuseEarly(new HangarError('expectation_failed'), options);
    outgoing.writeHead(refusal.status, Object.fromEntries(refusal.headers));
    void refusal.text().then((text) => outgoing.end(text));
  });
  await listen(server, options);
  // A connection that cannot be accepted (no file left to open) is told by an event; without a listener it ends the process.
  server.on('error', (error) =>
    options.log.warn({ door: options.name, error }, 'a connection was not accepted'),
  );
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

/** A peer that vanishes mid-answer is its own business; without a listener the error would end the process. */
function leaveAlone(): void {}

async function answerOne(
  app: Fetcher,
  request: Request,
  incoming: IncomingMessage,
  options: ServeOptions & { readonly bodies: BodyBudget },
): Promise<Response> {
  const visit = handedOver(incoming) ?? visitOf(incoming, options);
  const { rawTarget, requestId, remoteAddress, onError } = visit;
  const body = options.bodies.open(callerOf(remoteAddress));
  const hold = (bytes: number): void => body.hold(bytes);
  const cut = (): void => void incoming.socket.destroy();
  const door: RequestContext = { rawTarget, requestId, remoteAddress, onError, hold, cut };
  let response: Response;
  try {
    refuseAmbiguousHead(incoming);
    response = await (visit.handedOver?.(request.signal) ?? app.fetch(request, door));
  } catch (thrown) {
    response = answerError(thrown, door);
  } finally {
    body.release();
  }
  const answered = withRequestId(response, requestId);
  note(visit, incoming, answered.status, options);
  return answered;
}

/** What Node's parser gives up on, by its code; anything else is a malformed head. */
const RAW_CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'header_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Answers what a handler never saw, in the form of everything else: one id in body, header and log. */
function refuseEarly(refusal: HangarError, options: ServeOptions): Response {
  const requestId = randomUUID();
  noteEarly(refusal, requestId, options);
  return withRequestId(errorResponse(refusal, requestId), requestId);
}

function noteEarly(refusal: HangarError, requestId: string, options: ServeOptions, cause?: string): void {
  const { status, code } = refusal;
  options.metrics.request(options.name, '', status, 0);
  options.log.info({ door: options.name, requestId, status, code, cause }, 'refused before it was a request');
}

/** Answers what never became a request, in the same form as everything else, and closes: the next bytes mean nothing. */
function refuseRaw(error: NodeJS.ErrnoException, socket: Duplex, options: ServeOptions): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = new HangarError(RAW_CODES[error.code ?? ''] ?? 'bad_request');
  const { status } = refusal;
  const requestId = randomUUID();
  noteEarly(refusal, requestId, options, error.code);
  const body = JSON.stringify(errorBody(refusal, requestId));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `X-Request-Id: ${requestId}\r\nCache-Control: no-store\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function withRequestId(response: Response, requestId: string): Response {
  const headers = new Headers(response.headers);
  headers.set('x-request-id', requestId);
  headers.set('x-content-type-options', 'nosniff');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** Where a port comes from, for the remedy. */
const PORT_VARIABLES: Readonly<Record<string, string>> = {
  gateway: 'HANGAR_GATEWAY_PORT',
  simulator: 'HANGAR_SIMULATOR_PORT',
};

async function listen(server: Server, options: Pick<ServeOptions, 'name' | 'host' | 'port'>): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, resolve);
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const variable = PORT_VARIABLES[options.name] ?? 'PORT';
    throw new HangarError('config_invalid', {
      public:
        code === 'EADDRINUSE'
          ? `Port ${options.port} is taken by another process. Stop it, or set ${variable} to another port.`
          : `Hangar cannot listen on ${options.host}:${options.port} (${code ?? 'unknown'}). Check HANGAR_HOST and ${variable}.`,
      cause: error,
    });
  }
}

async function closeGracefully(server: Server, running: Running, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([running.idle(), grace]);
  clearTimeout(timer);
  server.closeIdleConnections();
  const settle = setTimeout(() => server.closeAllConnections(), Math.min(graceMs, 1_000));
  await closed;
  clearTimeout(settle);
}
