import { connect, type Socket } from 'node:net';
import { silentLog } from '@hangar/http';
import { createMetrics } from '../../apps/hangar/src/http/metrics.ts';
import { type Fetcher, type Listening, serve, type ServeOptions } from '../../apps/hangar/src/http/server.ts';

/** A request whose head and a part of its body are sent at first, and the rest when the test says so. */
export interface Stalled {
  readonly port: number;
  readonly method: string;
  /** Path and query as they go over the wire. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes as it is; anything else as JSON. It must have at least two bytes. */
  readonly body: unknown;
  /** How many bytes of the body go with the head; default all but the last. */
  readonly sent?: number;
  /** Chunked, so that nobody knows the length before the end; default with a Content-Length. */
  readonly chunked?: boolean;
}

/** A request that hangs in the middle of its body. */
export interface StalledRequest {
  /** Sends the rest, and gives the answer. */
  finish(): Promise<RawAnswer>;
  /** The answer, when one comes although the rest was never sent. */
  answer(): Promise<RawAnswer>;
  /** Hangs up. */
  abandon(): void;
}

/** An answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is empty. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Opens a request and stalls it. When this resolves, the server has read the head and begun with the request: it is
 * asked for `100 Continue`, which node:http sends right before it calls the handler. A part of the body is then on its way.
 */
export async function stallRequest(wanted: Stalled): Promise<StalledRequest> {
  const body = Buffer.from(typeof wanted.body === 'string' ? wanted.body : JSON.stringify(wanted.body));
  const sent = wanted.sent ?? body.byteLength - 1;
  if (sent < 1 || sent >= body.byteLength) throw new Error('a stalled body has a part and a rest');
  const frame = wanted.chunked === true ? chunk : (part: Buffer): Buffer => part;
  const socket = await open(wanted.port);
  const answer = readAnswer(socket);
  // A test that abandons the request never asks for the answer.
  answer.catch(() => undefined);
  const head = {
    host: `127.0.0.1:${wanted.port}`,
    'content-type': 'application/json',
    ...wanted.headers,
    ...(wanted.chunked === true
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': String(body.byteLength) }),
    expect: '100-continue',
    connection: 'close',
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  await write(socket, Buffer.from(`${wanted.method} ${wanted.target} HTTP/1.1\r\n${lines.join('')}\r\n`));
  await Promise.race([continued(socket), answer]);
  if (socket.writable) await write(socket, frame(body.subarray(0, sent)));
  return {
    finish: async () => {
      const rest = frame(body.subarray(sent));
      const end = wanted.chunked === true ? Buffer.concat([rest, Buffer.from('0\r\n\r\n')]) : rest;
      if (socket.writable) await write(socket, end);
      return await answer;
    },
    answer: async () => await answer,
    abandon: () => socket.destroy(),
  };
}

/** Any door behind the server of the product, on a free port. */
export async function listenHere(
  app: Fetcher,
  more: Partial<ServeOptions> = {},
): Promise<Listening & { readonly url: string }> {
  const listening = await serve(app, {
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    metrics: createMetrics('open'),
    ...more,
  });
  return { ...listening, url: `http://127.0.0.1:${listening.port}` };
}

async function open(port: number): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

async function write(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
}

function chunk(part: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${part.byteLength.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

async function continued(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.once('data', () => resolve()));
}

async function readAnswer(socket: Socket): Promise<RawAnswer> {
  const parts: Buffer[] = [];
  return await new Promise((resolve, reject) => {
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.once('error', reject);
    socket.once('close', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const rest = text.startsWith(CONTINUE) ? text.slice(CONTINUE.length) : text;
      if (rest === '') reject(new Error('the connection was closed without an answer'));
      else resolve(parseAnswer(rest));
    });
  });
}

function parseAnswer(text: string): RawAnswer {
  const border = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, border).split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const raw = text.slice(border + 4);
  const body = headers.get('transfer-encoding') === 'chunked' ? unchunked(raw) : raw;
  return {
    status: Number(first.split(' ')[1]),
    headers,
    text: body,
    json: body.startsWith('{') ? (JSON.parse(body) as RawAnswer['json']) : undefined,
  };
}

/** Answers of these tests are ASCII, so that lengths in bytes are lengths in characters. */
function unchunked(text: string): string {
  let whole = '';
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    const length = Number.parseInt(text.slice(at, end), 16);
    if (end === -1 || !(length > 0)) return whole;
    whole += text.slice(end + 2, end + 2 + length);
    at = end + 2 + length + 2;
  }
}
