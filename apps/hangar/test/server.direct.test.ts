import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Direct, type DirectContext, type Log, silentLog } from '@hangar/http';
import { createMetrics } from '../src/http/metrics.ts';
import { type Fetcher, type Listening, serve } from '../src/http/server.ts';

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (listening) => await listening.close(100)));
});

const METRICS = createMetrics('open');

async function listening(direct: Direct, { fetch = notAsked, log = silentLog }: Partial<Doors> = {}) {
  const place = { name: 'gateway', host: '127.0.0.1', port: 0, metrics: METRICS };
  const one = await serve({ fetch, direct }, { ...place, log });
  open.push(one);
  return one;
}

interface Doors {
  readonly fetch: Fetcher['fetch'];
  readonly log: Log;
}

function notAsked(): Response {
  throw new Error('the fetch door was asked');
}

/** A log whose lines can be looked at. */
function listingLog() {
  const lines: { readonly level: string; readonly fields: unknown; readonly text: string }[] = [];
  const at = (level: string) => (fields: unknown, text: string) => void lines.push({ level, fields, text });
  const log = { ...silentLog, info: at('info'), warn: at('warn'), error: at('error') } as unknown as Log;
  return { log, lines };
}

function promised(): { readonly promise: Promise<void>; readonly resolve: (_: void) => void } {
  let resolve: (_: void) => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function sending(port: number, text: string): Socket {
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  socket.on('error', () => undefined);
  return socket;
}

/** Everything that came until the server closed. */
async function raw(port: number, text: string): Promise<string> {
  const socket = sending(port, text).setEncoding('utf8');
  let answer = '';
  socket.on('data', (part: string) => (answer += part));
  await once(socket, 'close');
  return answer;
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
const CLOSE = 'Connection: close\r\n\r\n';

describe('a server with a direct door', () => {
  test.each(['', 'Host:\r\n', 'Host: a b\r\n', 'Host: a/b\r\n', 'Host: a@b\r\n', 'Host: a:99999\r\n'])(
    'does not ask it about a request that names no host: %j',
    async (host) => {
      let asked = 0;
      const { port } = await listening((_, outgoing) => {
        asked += 1;
        outgoing.end('direct');
        return true;
      });
      expect(await raw(port, `GET / HTTP/1.1\r\n${host}${CLOSE}`)).toMatch(/^HTTP\/1\.1 400 /);
      expect(asked).toBe(0);
    },
  );

  test('asks the fetch door when it breaks before anything is said', async () => {
    const { log, lines } = listingLog();
    const broken: Direct = () => {
      throw new Error('broken');
    };
    const { port } = await listening(broken, { log, fetch: () => new Response('fetched') });
    expect(await raw(port, GET + CLOSE)).toContain('fetched');
    expect(lines.filter(({ text }) => text === 'answered')).toHaveLength(1);
  });

  test('lets nobody wait for the rest when it breaks after the head', async () => {
    const { log, lines } = listingLog();
    const broken: Direct = (_, outgoing, context) => {
      outgoing.writeHead(200, { 'content-length': '10' });
      context.answered(200);
      outgoing.write('part');
      throw new Error('broken');
    };
    const { port } = await listening(broken, { log });
    expect(await raw(port, GET + '\r\n')).not.toContain('HTTP/1.1 500');
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('answers once when it breaks after it has handed over', async () => {
    const { log, lines } = listingLog();
    const broken: Direct = (_, __, context) => {
      context.handOver(async () => await Promise.resolve(new Response('handed over')));
      throw new Error('broken');
    };
    const { port } = await listening(broken, { log });
    const answer = await raw(port, GET + CLOSE);
    expect(answer).toContain('handed over');
    expect(lines.filter(({ text }) => text === 'answered')).toHaveLength(1);
  });

  test('does not ask it about a request that waits behind another on its connection', async () => {
    const directly: string[] = [];
    const { port } = await listening(
      (incoming, outgoing) => {
        directly.push(incoming.url ?? '');
        setImmediate(() => outgoing.end('direct'));
        return true;
      },
      { fetch: () => new Response('fetched') },
    );
    const answer = await raw(
      port,
      `GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n${CLOSE}`,
    );
    expect(directly).toEqual(['/one']);
    expect(answer.indexOf('direct')).toBeLessThan(answer.indexOf('fetched'));
  });

  test.each<[string, (context: DirectContext) => void]>([
    ['goes on', () => undefined],
    ['answers later', (context) => context.answered(403)],
    ['hands over later', (context) => context.handOver(async () => await Promise.resolve(notAsked()))],
  ])('takes note once of a caller that left before the head, when the door %s', async (_, later) => {
    const { log, lines } = listingLog();
    const asked = promised();
    const gone = promised();
    const one = await listening(
      (__, outgoing, context) => {
        outgoing.once('close', () => setImmediate(() => gone.resolve(later(context))));
        asked.resolve();
        return true;
      },
      { log },
    );
    const socket = sending(one.port, `${GET}X-Request-Id: request-0001\r\n\r\n`);
    await asked.promise;
    socket.destroy();
    await gone.promise;
    // Nothing is left to wait for.
    await one.close(60_000);
    expect(lines).toMatchObject([{ fields: { requestId: 'request-0001', path: '/', status: 499 } }]);
  });
});
