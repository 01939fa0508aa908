import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type BodyBudgetLimits,
  type BodyShare,
  createBodyBudget,
  type RequestContext,
  HangarError,
  type Log,
  readBody,
  silentLog,
} from '@hangar/http';
import { Secret } from '@hangar/security';
import { stallRequest, type StalledRequest } from '../../../test/harness/stalled-request.ts';
import { clientAddress } from '../src/http/client-address.ts';
import { createMetrics } from '../src/http/metrics.ts';
import { type Fetcher, type Listening, serve, type ServeOptions } from '../src/http/server.ts';

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (listening) => await listening.close(100)));
});

async function listening(fetch: Fetcher['fetch'], more: Partial<ServeOptions> = {}): Promise<Listening> {
  const place = { name: 'main', host: '127.0.0.1', port: 0, log: silentLog, metrics: createMetrics('open') };
  const one = await serve({ fetch }, { ...place, ...more });
  open.push(one);
  return one;
}

/** Sends bytes as they are, and gives back everything that came until the server closed. */
async function raw(port: number, text: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(text));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      answer += part;
    });
    socket.once('close', () => resolve(answer));
    socket.once('error', reject);
  });
}

describe('the server', () => {
  test.each(["/a/../b?x='1'&y=%2f", '/%E2%9C%88?q=a+b', '//double', '/a;b=c'])(
    'passes on the target as it came: %s',
    async (target) => {
      let seen = '';
      const { port } = await listening((_, door: RequestContext) => {
        seen = door.rawTarget;
        return new Response('ok');
      });
      await raw(port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(seen).toBe(target);
    },
  );

  test.each(['Host: b', 'Authorization: a\r\nAuthorization: b', 'X-Signature: a\r\nX-Signature: b'])(
    'refuses a head that two readers would read differently: %j',
    async (doubled) => {
      let called = false;
      const { port } = await listening(() => {
        called = true;
        return new Response('ok');
      });
      const answer = await raw(port, `GET / HTTP/1.1\r\nHost: a\r\n${doubled}\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(called).toBe(false);
    },
  );

  test('believes Fly-Client-IP from a trusted proxy only, and never X-Forwarded-For', async () => {
    const told = 'Fly-Client-IP: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.1';
    const seenBy = async (trusted: readonly string[], headers: string): Promise<string | undefined> => {
      let seen: string | undefined;
      const fetch = (_: Request, { remoteAddress }: RequestContext): Response => {
        seen = remoteAddress;
        return new Response('ok');
      };
      const one = await listening(fetch, { clientAddress: clientAddress(trusted) });
      await raw(one.port, `GET / HTTP/1.1\r\nHost: a\r\n${headers}\r\nConnection: close\r\n\r\n`);
      return seen;
    };
    expect(await seenBy([], told)).toBe('127.0.0.1');
    expect(await seenBy(['172.16.0.0/12', 'fdaa::/16'], told)).toBe('127.0.0.1');
    expect(await seenBy(['127.0.0.0/8'], told)).toBe('203.0.113.9');
    expect(await seenBy(['127.0.0.0/8'], 'Fly-Client-IP: 203.0.113.9, 1.2.3.4')).toBe('127.0.0.1');
    expect(await seenBy(['127.0.0.0/8'], 'Fly-Client-IP: ::ffff:203.0.113.9')).toBe('203.0.113.9');
    expect(await seenBy(['127.0.0.0/8'], 'X-Forwarded-For: 198.51.100.1')).toBe('127.0.0.1');
  });

  test('gives every answer an id: the one it was sent, if that is harmless, else its own', async () => {
    const { port } = await listening(() => new Response('ok'));
    const sent = await fetch(`http://127.0.0.1:${port}/`, {
      headers: { 'x-request-id': 'from-the-proxy-1' },
    });
    expect(sent.headers.get('x-request-id')).toBe('from-the-proxy-1');
    const odd = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-request-id': '<script>' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('turns what was thrown into an answer with a code and an id, and keeps the reason to itself', async () => {
    const { port } = await listening((request) => {
      if (request.url.endsWith('/known'))
        throw new HangarError('conflict', { detail: 'row 7 of the secret table' });
      throw new TypeError('cannot read properties of undefined (reading password)');
    });
    const known = await fetch(`http://127.0.0.1:${port}/known`);
    const knownText = await known.text();
    expect(known.status).toBe(409);
    expect(knownText).not.toContain('secret table');
    const defect = await fetch(`http://127.0.0.1:${port}/defect`);
    const body = (await defect.json()) as Record<string, unknown>;
    expect(defect.status).toBe(500);
    expect(body).toMatchObject({ code: 'internal', request_id: defect.headers.get('x-request-id') });
    expect(JSON.stringify(body)).not.toContain('password');
  });

  test('says which port is taken and what to set', async () => {
    const { port } = await listening(() => new Response('ok'));
    const failure = await serve(
      { fetch: () => new Response('ok') },
      { name: 'gateway', host: '127.0.0.1', port, log: silentLog, metrics: createMetrics('open') },
    ).catch((error: unknown) => error);
    expect((failure as HangarError).sentence).toBe(
      `Port ${port} is taken by another process. Stop it, or set HANGAR_GATEWAY_PORT to another port.`,
    );
  });

  test('OPS-3: lets a running request finish before it closes', async () => {
    let finish: (() => void) | undefined;
    const started = new Promise<void>((arrived) => {
      void listening(async () => {
        arrived();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return new Response('finished');
      }).then(
        (one) =>
          void fetch(`http://127.0.0.1:${one.port}/`).then(async (response) =>
            answers.push(await response.text()),
          ),
      );
    });
    const answers: string[] = [];
    await started;
    const closing = open[0]?.close(10_000);
    finish?.();
    await closing;
    await expect.poll(() => answers).toEqual(['finished']);
  });
});

describe('GATE-4: what never becomes a request', () => {
  test.each([
    ['a method nobody knows', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc',
    ],
    ['a header that is none', 'GET / HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n'],
    ['an impossible host', 'GET / HTTP/1.1\r\nHost: a b<>\r\nConnection: close\r\n\r\n'],
    ['two ce-id headers', 'POST / HTTP/1.1\r\nHost: a\r\nce-id: 1\r\nce-id: 2\r\nConnection: close\r\n\r\n'],
  ])('%s is 400 in JSON with a request id, and reaches nobody', async (_, text) => {
    let called = false;
    const { port } = await listening(() => {
      called = true;
      return new Response('ok');
    });
    const answer = await raw(port, text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/x-request-id: \S+/i);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ code: 'bad_request' });
    expect(called).toBe(false);
  });

  test.each([
    [417, 'expectation_failed', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n'],
    [400, 'bad_request', 'GET / HTTP/1.1\r\nHost: a b<>\r\nConnection: close\r\n\r\n'],
    [400, 'bad_request', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [431, 'header_too_large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`],
  ])('%i %s has one id in body, header and log', async (status, code, text) => {
    const lines: Record<string, unknown>[] = [];
    const log: Log = { ...silentLog, info: (fields) => lines.push(fields as Record<string, unknown>) };
    const { port } = await listening(() => new Response('ok'), { log });
    const answer = await raw(port, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const id = /x-request-id: (\S+)/i.exec(answer)?.[1];
    const body = JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? '') as Record<string, unknown>;
    expect(body).toMatchObject({ code, request_id: id });
    expect(lines).toMatchObject([{ requestId: id, status, code }]);
  });

  test('TOK-14: a head that is too large is 431', async () => {
    const { port } = await listening(() => new Response('ok'));
    expect(await raw(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });
});

describe('GATE-12: a request that never comes to its end', () => {
  /** Keeps the connection open after the bytes, and says what came and that it was closed from the other side. */
  async function cutOff(port: number, text: string): Promise<string> {
    return await new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.setEncoding('utf8');
      socket.on('data', (part: string) => {
        answer += part;
      });
      socket.once('close', () => resolve(answer));
      socket.once('error', reject);
    });
  }
  const patience = { name: 'main', host: '127.0.0.1', port: 0, log: silentLog, requestTimeoutMs: 200 };

  test.each([
    ['a body that stalls', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{"half":'],
    ['chunks that stop', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n'],
    ['a head that stalls', 'POST / HTTP/1.1\r\nHost: a\r\nX-Slow:'],
  ])('%s is cut off with 408, and the handler is let go', async (_, text) => {
    let read: Promise<unknown> | undefined;
    const one = await serve(
      {
        fetch: async (request) => {
          read = request.text().catch((error: unknown) => error);
          return new Response(String(await read));
        },
      },
      { ...patience, metrics: createMetrics('open') },
    );
    open.push(one);
    expect(await cutOff(one.port, text)).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s);
    if (read !== undefined) expect(await read).toBeInstanceOf(Error);
    // The next client is served as before.
    expect((await fetch(`http://127.0.0.1:${one.port}/`, { method: 'POST', body: 'whole' })).status).toBe(
      200,
    );
  });

  test('an answer that takes longer than that is not', async () => {
    const one = await serve(
      {
        fetch: async (request) => {
          await request.text();
          // Another client's request is cut off meanwhile: so long does this answer take at least.
          await cutOff(one.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n');
          return new Response('late');
        },
      },
      { ...patience, metrics: createMetrics('open') },
    );
    open.push(one);
    const late = await fetch(`http://127.0.0.1:${one.port}/`, { method: 'POST', body: 'whole' });
    expect(await late.text()).toBe('late');
  });
});

/** Keeps sending for as long as it can, and gives back what came until the server closed the connection. */
async function untilClosed(port: number, text: string): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      answer += part;
    });
    // What is still being sent when the server closes is lost; the answer was read before.
    socket.on('error', () => {});
    socket.once('close', () => resolve(answer));
  });
}

describe('GATE-11: bodies that never come to their end', () => {
  const held: StalledRequest[] = [];
  afterEach(() => held.splice(0).forEach((one) => one.abandon()));

  async function reading(shared: BodyShare, small: Partial<BodyBudgetLimits> = {}): Promise<Listening> {
    const noReserve = { reserve: { perAddressBytes: 0, totalBytes: 0 }, smallBytes: 0 };
    return await listening(
      async (request, door) => {
        const bytes = await readBody(request, 100_000, door);
        return Response.json({ size: bytes.byteLength });
      },
      {
        bodies: createBodyBudget({ shared, ...noReserve, ...small }),
        clientAddress: ({ headers }) => headers['x-from'] as string,
      },
    );
  }
  const stall = async (
    { port }: Listening,
    from: string,
    chunked = false,
    bytes = 20_000,
  ): Promise<StalledRequest> => {
    const body = 'x'.repeat(bytes);
    const one = await stallRequest({
      port,
      method: 'POST',
      target: '/',
      headers: { 'x-from': from },
      body,
      chunked,
    });
    held.push(one);
    return one;
  };

  test('OPS-2: take no more than the share of their address', async () => {
    const one = await reading({ perAddressBytes: 50_000, totalBytes: 1_000_000 });
    const first = await stall(one, 'a');
    await stall(one, 'a');
    const refused = await (await stall(one, 'a')).answer();
    expect(refused).toMatchObject({ status: 429, json: { code: 'rate_limited' } });
    expect(refused.headers.get('retry-after')).toBe('5');
    // Another address is served meanwhile, and the same one again once something was given back.
    expect(await (await stall(one, 'b')).finish()).toMatchObject({ status: 200, json: { size: 20_000 } });
    expect((await first.finish()).status).toBe(200);
    expect((await (await stall(one, 'a')).finish()).status).toBe(200);
  });

  test.each([
    ['goes on sending', 30_000_000],
    ['has stopped in the middle', 60_000],
  ])('are answered before they have come, and their connection ends: a client that %s', async (_, sent) => {
    const one = await reading({ perAddressBytes: 10_000, totalBytes: 10_000 });
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nX-From: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = `${sent.toString(16)}\r\n${'x'.repeat(sent)}\r\n`;
    expect(await untilClosed(one.port, head + chunk)).toMatch(
      /^HTTP\/1\.1 429 .*\r\nretry-after: 5\r\n.*"code":"rate_limited"/s,
    );
  });

  test('are counted as they grow where no length is announced', async () => {
    const one = await reading({ perAddressBytes: 50_000, totalBytes: 1_000_000 });
    for (let bodies = 0; bodies < 2; bodies += 1) await stall(one, 'a', true);
    expect((await (await stall(one, 'a', true)).answer()).status).toBe(429);
    expect((await (await stall(one, 'b', true)).finish()).status).toBe(200);
  });

  test('OPS-2: take no more than the share of the process', async () => {
    const one = await reading({ perAddressBytes: 1_000_000, totalBytes: 50_000 });
    const first = await stall(one, 'a');
    await stall(one, 'b');
    const refused = await (await stall(one, 'c')).answer();
    expect(refused).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(refused.headers.get('retry-after')).toBe('5');
    expect((await first.finish()).status).toBe(200);
    expect((await (await stall(one, 'c')).finish()).status).toBe(200);
  });

  test('of a GET are nobody’s: it is answered as if it had none', async () => {
    const { port } = await reading({ perAddressBytes: 50_000, totalBytes: 1_000_000 });
    const head = 'GET / HTTP/1.1\r\nHost: a\r\nX-From: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n';
    expect(await raw(port, `${head}{}`)).toMatch(/^HTTP\/1\.1 200 .*"size":0/s);
  });

  test('are counted together for the whole /64 that one sender owns', async () => {
    const one = await reading({ perAddressBytes: 50_000, totalBytes: 1_000_000 });
    await stall(one, '2001:db8:0:1::1');
    await stall(one, '2001:db8:0:1::2');
    expect((await (await stall(one, '2001:db8:0:1:ffff::3')).answer()).status).toBe(429);
    expect((await (await stall(one, '2001:db8:0:2::1')).finish()).status).toBe(200);
  });

  test('leave the room of small ones alone when they are large, from one address or from many', async () => {
    const one = await reading(
      { perAddressBytes: 20_000, totalBytes: 40_000 },
      { reserve: { perAddressBytes: 2_000, totalBytes: 10_000 }, smallBytes: 1_000 },
    );
    for (const from of ['a', 'b']) await stall(one, from);
    for (const [from, status] of [
      ['a', 429],
      ['c', 503],
    ] as const) {
      expect((await (await stall(one, from)).answer()).status).toBe(status);
      expect((await (await stall(one, from, false, 1_000)).finish()).status).toBe(200);
    }
    // The reserve has an end as well.
    for (let bodies = 0; bodies < 2; bodies += 1) await stall(one, 'a', false, 1_000);
    expect((await (await stall(one, 'a', false, 1_000)).answer()).status).toBe(429);
    expect((await (await stall(one, 'c', false, 1_000)).finish()).status).toBe(200);
  });

  test('GATE-14: give back what they held when the sender hangs up', async () => {
    const one = await reading({ perAddressBytes: 25_000, totalBytes: 1_000_000 });
    (await stall(one, 'a')).abandon();
    await expect.poll(async () => (await (await stall(one, 'a')).finish()).status).toBe(200);
  });
});

describe('the metrics page', () => {
  test('counts requests by door, method and class of status, and nothing a stranger can invent', async () => {
    const metrics = createMetrics('open');
    const { port } = await listening(() => new Response('', { status: 404 }), { metrics });
    await fetch(`http://127.0.0.1:${port}/a`);
    await raw(port, 'PROPFIND /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const text = await (await metrics.page(null)).text();
    expect(text).toContain('hangar_http_request_seconds_count{door="main",method="GET",status="4xx"} 1');
    expect(text).toContain('method="other"');
    expect(text).not.toContain('PROPFIND');
  });

  test('is open, closed, or behind a token', async () => {
    const token = Secret.of('metrics-token-0123456789');
    await expect(createMetrics('closed').page(null)).rejects.toMatchObject({ code: 'not_found' });
    await expect(createMetrics(token).page('Bearer wrong')).rejects.toMatchObject({ code: 'not_found' });
    expect((await createMetrics(token).page('Bearer metrics-token-0123456789')).status).toBe(200);
  });
});
