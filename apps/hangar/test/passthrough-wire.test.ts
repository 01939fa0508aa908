import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { TigrisClient } from '@hangar/flyio/tigris';
import { createPassthrough } from '@hangar/gateway';
import { silentLog } from '@hangar/http';
import { createMetrics } from '../src/http/metrics.ts';
import { createReadiness } from '../src/http/readiness.ts';
import { serve } from '../src/http/server.ts';
import { createPassthroughDoor } from '../src/passthrough/passthrough-door.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** No request here is one that may reach Tigris. */
const NO_TIGRIS = new Proxy({} as TigrisClient, {
  get: (_, name) => {
    throw new Error(`Tigris was asked: ${String(name)}`);
  },
});

type Upstream = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** The door of the mode on real sockets, in front of a Machines API that answers as the test says. */
async function between(upstream: Upstream): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createHttpServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    upstream(incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const passthrough = createPassthrough({
    machinesUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tigris: NO_TIGRIS,
    allowedOrgs: '*',
    organizationOf: async () => await Promise.resolve(undefined),
    storageEndpoint: 'http://127.0.0.1',
  });
  closing.push(() => passthrough.close());
  const metrics = createMetrics('open');
  const app = createPassthroughDoor({
    passthrough,
    metrics,
    readiness: createReadiness({ needs: {} }),
    now: () => new Date(0),
  });
  const listening = await serve(app, { name: 'main', host: '127.0.0.1', port: 0, log: silentLog, metrics });
  closing.push(() => listening.close(100));
  return { port: listening.port, asked };
}

const HEAD = 'Host: gateway.example\r\nAuthorization: Bearer fo1_mine\r\n';
const PATH = '/v1/apps/a/machines/m/exec';

/** A connection whose bytes are sent one piece at a time, and what came back on it. */
async function open(
  port: number,
): Promise<{ socket: Socket; came: (words: string) => Promise<string>; end: Promise<string> }> {
  let text = '';
  const looking = new Set<() => void>();
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  socket.on('data', (part: string) => {
    text += part;
    for (const look of looking) look();
  });
  const end = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  closing.push(() => void socket.destroy());
  const came = async (words: string): Promise<string> =>
    await new Promise((resolve) => {
      const look = (): void => {
        if (text.includes(words)) resolve(text);
      };
      looking.add(look);
      look();
    });
  return { socket, came, end };
}

/** Sends bytes as they are, and gives back everything until the server closes. */
async function raw(port: number, text: string): Promise<string> {
  const { socket, end } = await open(port);
  socket.write(text);
  return await end;
}

const answering: Upstream = (incoming, outgoing) => {
  incoming.resume();
  outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{}');
};

describe('a body', () => {
  test('streams both ways: each part passes before the next is sent', { timeout: 20_000 }, async () => {
    const seen: string[] = [];
    let tell: () => void = () => {};
    const first = new Promise<void>((resolve) => (tell = resolve));
    const { port } = await between((incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'application/octet-stream' });
      incoming.on('data', (part: Buffer) => {
        seen.push(part.toString());
        outgoing.write(`[${part.toString()}]`);
        tell();
      });
      incoming.on('end', () => outgoing.end('.'));
    });
    const { socket, came, end } = await open(port);
    socket.write(
      `POST ${PATH} HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\none\r\n`,
    );
    await first;
    expect(seen).toEqual(['one']);
    await came('[one]');
    socket.write('3\r\ntwo\r\n0\r\n\r\n');
    expect(await end).toContain('[two]');
    expect(seen.join()).toBe('one,two');
  });

  test('without bytes is none for upstream, and a length that was announced is kept', async () => {
    const heads: Record<string, unknown>[] = [];
    const { port } = await between((incoming, outgoing) => {
      heads.push({
        length: incoming.headers['content-length'],
        coding: incoming.headers['transfer-encoding'],
      });
      answering(incoming, outgoing);
    });
    await raw(port, `POST ${PATH} HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`);
    await raw(port, `POST ${PATH} HTTP/1.1\r\n${HEAD}Content-Length: 2\r\nConnection: close\r\n\r\n{}`);
    expect(heads).toEqual([
      { length: '0', coding: undefined },
      { length: '2', coding: undefined },
    ]);
  });

  test('GATE-14: whose sender hangs up ends the call upstream', async () => {
    let tell: (how: string) => void = () => {};
    const ended = new Promise<string>((resolve) => (tell = resolve));
    let begun: () => void = () => {};
    const first = new Promise<void>((resolve) => (begun = resolve));
    const { port } = await between((incoming) => {
      incoming.once('data', () => begun());
      incoming.once('error', () => tell('broken off'));
      incoming.once('end', () => tell('whole'));
    });
    const { socket } = await open(port);
    socket.write(`POST ${PATH} HTTP/1.1\r\n${HEAD}Content-Length: 100\r\n\r\nhalf`);
    await first;
    socket.destroy();
    expect(await ended).toBe('broken off');
  });

  test('that upstream breaks off is not taken for the whole', async () => {
    const { port } = await between((_, outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      outgoing.write('{"half":');
      setImmediate(() => outgoing.destroy());
    });
    const text = await raw(port, `GET /v1/platform/regions HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`);
    expect(text.endsWith('\r\n0\r\n\r\n')).toBe(false);
    const how = await fetch(`http://127.0.0.1:${port}/v1/platform/regions`, {
      headers: { authorization: 'Bearer a' },
    }).then(
      async (response) =>
        await response.text().then(
          () => 'whole',
          () => 'broken off',
        ),
      () => 'broken off',
    );
    expect(how).toBe('broken off');
  });
});

describe('upstream', () => {
  test('leads nobody elsewhere: a redirect is a failure', async () => {
    const { port, asked } = await between((_, outgoing) => {
      outgoing.writeHead(307, { location: 'http://evil.example/' }).end();
    });
    const text = await raw(port, `GET /v1/platform/regions HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 502 /);
    expect(text).not.toContain('evil.example');
    expect(asked).toEqual(['GET /v1/platform/regions']);
  });

  test('that is away is 502 for a read, and 504 for a write that may have come there', async () => {
    const { port } = await between((incoming) => incoming.socket.destroy());
    const status = async (method: string): Promise<string> =>
      (
        await raw(
          port,
          `${method} /v1/platform/regions HTTP/1.1\r\n${HEAD}Content-Length: 0\r\nConnection: close\r\n\r\n`,
        )
      ).slice(9, 12);
    expect([await status('GET'), await status('POST')]).toEqual(['502', '504']);
  });

  test('gets back to the caller by an allow-list of headers', async () => {
    const { port } = await between((_, outgoing) => {
      outgoing
        .writeHead(200, {
          'content-type': 'application/json',
          'set-cookie': 'a=b',
          server: 'x',
          via: 'x',
          'fly-request-id': 'f1',
          connection: 'x-odd',
          'x-odd': '1',
        })
        .end('{}');
    });
    const answer = await fetch(`http://127.0.0.1:${port}/v1/platform/regions`, {
      headers: { authorization: 'Bearer a' },
    });
    const framing = ['content-length', 'transfer-encoding'];
    expect([...answer.headers.keys()].filter((name) => !framing.includes(name)).sort()).toEqual([
      'cache-control',
      'connection',
      'content-type',
      'date',
      'fly-request-id',
      'hangar-request-id',
      'keep-alive',
      'x-content-type-options',
      'x-request-id',
    ]);
  });
});

describe('GATE-4, GATE-13: a head that two readers read differently', () => {
  const body = '{"app_name":"x","org_slug":"y"}';
  const lines = (more: string, after = ''): string =>
    `POST /v1/apps HTTP/1.1\r\n${HEAD}Connection: close\r\n${more}\r\n\r\n${after}`;
  test.each([
    ['both framings', lines('Content-Length: 4\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
    ['two lengths', lines('Content-Length: 3\r\nContent-Length: 4', 'abcd')],
    ['a list of lengths', lines('Content-Length: 3, 3', 'abc')],
    ['a signed length', lines('Content-Length: +3', 'abc')],
    ['two credentials', lines(`Authorization: Bearer b\r\nContent-Length: ${body.length}`, body)],
    ['two hosts', lines(`Host: b\r\nContent-Length: ${body.length}`, body)],
    [
      'a folded line',
      lines(`X-A: b\r\n c\r\nTransfer-Encoding: identity, chunked\r\nTransfer-Encoding: x`, ''),
    ],
    ['the absolute form', `GET http://api.machines.dev/v1/apps HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`],
    [
      'another protocol',
      `GET /v1/platform/regions HTTP/1.1\r\n${HEAD}Upgrade: websocket\r\nConnection: close, upgrade\r\n\r\n`,
    ],
    ['a tunnel', `CONNECT api.machines.dev:443 HTTP/1.1\r\n${HEAD}\r\n`],
    ['the method TRACE', `TRACE /v1/apps HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('is refused and reaches nobody: %s', async (_, text) => {
    const { port, asked } = await between(answering);
    const answer = await raw(port, text);
    if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 (?:4\d\d|501) /);
    expect(asked).toEqual([]);
  });

  test('two requests on one connection are two requests, each judged by itself', async () => {
    const { port, asked } = await between(answering);
    const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\n${HEAD}${more}\r\n`;
    const text = await raw(
      port,
      get('/v1/platform/regions') +
        get('/v1/apps/../x') +
        get('/v1/platform/regions', 'Connection: close\r\n'),
    );
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 200']);
    expect(asked).toHaveLength(2);
  });
});

test('what operators read answers on the same port', async () => {
  const { port, asked } = await between(answering);
  const at = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  expect([
    await at('/healthz'),
    await at('/readyz'),
    await at('/metrics'),
    await at('/docs'),
    await at('/healthz/'),
  ]).toEqual([200, 200, 200, 404, 404]);
  expect(asked).toEqual([]);
});
