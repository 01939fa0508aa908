import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOutgoing, isPublicAddress, isPublicName, type Outgoing } from '@hangar/security/outgoing';

let server: Server;
let origin: string;
let out: Outgoing;
const seen: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = [];

function answer(path: string, response: ServerResponse): void {
  if (path === '/redirect') return void response.writeHead(302, { location: '/elsewhere' }).end('moved');
  if (path === '/gzip')
    return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hello'));
  if (path === '/large') return void response.writeHead(200).end('x'.repeat(70_000));
  if (path === '/endless') {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
      response.once('drain', more);
    };
    return more();
  }
  if (path === '/never') return;
  if (path === '/half') {
    response.writeHead(200, { 'content-length': '100' }).write('half');
    return;
  }
  if (path === '/hangup') return void response.destroy();
  if (path === '/empty') return void response.writeHead(204).end();
  response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] }).end('hello');
}

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      answer((request.url ?? '').split('?')[0] ?? '', response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  out = createOutgoing({ allowedOrigins: [origin] });
});

afterAll(async () => {
  await out.close();
  server.closeAllConnections();
  server.close();
});

describe('a request out', () => {
  test('reaches an allowed origin as it was said', async () => {
    const reply = await out.send({
      method: 'POST',
      url: `${origin}/x?a=%2f`,
      headers: { 'x-signature': 'ab' },
      body: '{"a":1}',
    });
    expect(reply.status).toBe(200);
    expect(reply.text()).toBe('hello');
    expect(reply.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(seen.at(-1)).toMatchObject({ method: 'POST', url: '/x?a=%2f', body: '{"a":1}' });
    expect(seen.at(-1)?.headers).toMatchObject({ 'x-signature': 'ab', 'accept-encoding': 'identity' });
  });

  test('goes straight there, whatever proxy the environment names', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      HTTP_PROXY: 'http://127.0.0.1:9',
      http_proxy: 'http://127.0.0.1:9',
      NODE_USE_ENV_PROXY: '1',
    });
    try {
      expect((await out.send({ method: 'GET', url: `${origin}/` })).status).toBe(200);
    } finally {
      process.env = before;
    }
  });

  test('follows no redirect', async () => {
    const count = seen.length;
    const reply = await out.send({ method: 'GET', url: `${origin}/redirect` });
    expect(reply.status).toBe(302);
    expect(reply.headers.get('location')).toBe('/elsewhere');
    expect(seen).toHaveLength(count + 1);
  });

  test('is not unpacked: an encoded answer is refused', async () => {
    await expect(out.send({ method: 'GET', url: `${origin}/gzip` })).rejects.toMatchObject({
      reason: 'answer_encoded',
    });
  });

  test('stops reading at the limit', async () => {
    await expect(out.send({ method: 'GET', url: `${origin}/large` })).rejects.toMatchObject({
      reason: 'answer_too_large',
      code: 'upstream_failed',
    });
    await expect(out.send({ method: 'GET', url: `${origin}/endless` })).rejects.toMatchObject({
      reason: 'answer_too_large',
    });
    const roomy = createOutgoing({ allowedOrigins: [origin], maxResponseBytes: 100_000 });
    expect((await roomy.send({ method: 'GET', url: `${origin}/large` })).body).toHaveLength(70_000);
    await roomy.close();
  });

  test.each(['/never', '/half'])('gives up on %s in time', async (path) => {
    const started = performance.now();
    await expect(out.send({ method: 'GET', url: origin + path, timeoutMs: 100 })).rejects.toMatchObject({
      reason: 'timeout',
      code: 'upstream_timeout',
    });
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('can be cancelled, before and during', async () => {
    const signal = AbortSignal.abort();
    await expect(out.send({ method: 'GET', url: `${origin}/`, signal })).rejects.toMatchObject({
      reason: 'aborted',
    });
    const later = new AbortController();
    const running = out.send({ method: 'GET', url: `${origin}/never`, signal: later.signal });
    later.abort();
    await expect(running).rejects.toMatchObject({ reason: 'aborted' });
  });

  test('without an answer is unreachable, and sent once', async () => {
    const count = seen.length;
    await expect(out.send({ method: 'POST', url: `${origin}/hangup`, body: 'x' })).rejects.toMatchObject({
      reason: 'unreachable',
      code: 'upstream_unreachable',
    });
    expect(seen).toHaveLength(count + 1);
  });
});

describe('what is never sent', () => {
  test.each([
    ['http://example.com/', 'blocked_url'],
    ['ftp://example.com/', 'blocked_url'],
    ['file:///etc/passwd', 'blocked_url'],
    ['not a url', 'blocked_url'],
    ['/relative', 'blocked_url'],
    ['https://user:pw@example.com/', 'blocked_url'],
    ['https://example.com:22/', 'blocked_url'],
    ['https://localhost/', 'blocked_address'],
    ['https://app.internal/', 'blocked_address'],
    ['https://app.internal./', 'blocked_address'],
    ['https://app.flycast/', 'blocked_address'],
    ['https://127.0.0.1/', 'blocked_address'],
    ['https://2130706433/', 'blocked_address'],
    ['https://0x7f.1/', 'blocked_address'],
    ['https://0177.0.0.1/', 'blocked_address'],
    ['https://169.254.169.254/latest/meta-data', 'blocked_address'],
    ['https://10.0.0.1/', 'blocked_address'],
    ['https://100.64.0.1/', 'blocked_address'],
    ['https://[::1]/', 'blocked_address'],
    ['https://[::ffff:127.0.0.1]/', 'blocked_address'],
    ['https://[fdaa:0:47fb:0:1::1d]/', 'blocked_address'],
    ['https://[64:ff9b::a00:1]/', 'blocked_address'],
    ['https://[2002:a00:1::]/', 'blocked_address'],
  ])('%s', async (url, reason) => {
    const error: unknown = await out.send({ method: 'GET', url }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason, code: 'upstream_unreachable' });
    expect((error as { sentence: string }).sentence).not.toContain('127');
  });

  test('a loopback origin on another port than the allowed one', async () => {
    await expect(out.send({ method: 'GET', url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({
      reason: 'blocked_url',
    });
    await expect(
      out.send({ method: 'GET', url: origin.replace('127.0.0.1', 'localhost') }),
    ).rejects.toMatchObject({
      reason: 'blocked_url',
    });
  });

  test('HOOK-5: a public name with a private address among its records', async () => {
    for (const addresses of [
      [{ address: '127.0.0.1', family: 4 }],
      [
        { address: '8.8.8.8', family: 4 },
        { address: '::1', family: 6 },
      ],
      [{ address: 'fdaa::3', family: 6 }],
      [],
    ]) {
      const asked: string[] = [];
      const rebound = createOutgoing({
        resolver: (host, reply) => {
          asked.push(host);
          reply(null, addresses);
        },
      });
      await expect(rebound.send({ method: 'GET', url: 'https://rebind.example/' })).rejects.toMatchObject({
        reason: 'blocked_address',
      });
      expect(asked).toEqual(['rebind.example']);
      await rebound.close();
    }
  });
});

describe('fetch for libraries', () => {
  test('has the same rules and the shape they expect', async () => {
    const reply = await out.fetch(`${origin}/token`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ grant_type: 'authorization_code', code: 'a b' }),
    });
    expect(reply.status).toBe(200);
    expect(await reply.text()).toBe('hello');
    expect(seen.at(-1)).toMatchObject({ method: 'POST', body: 'grant_type=authorization_code&code=a+b' });
    expect(seen.at(-1)?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect((await out.fetch(`${origin}/empty`)).status).toBe(204);
    expect((await out.fetch(new URL(`${origin}/redirect`), { redirect: 'follow' })).status).toBe(302);
    await expect(out.fetch('https://127.0.0.1/')).rejects.toMatchObject({ reason: 'blocked_address' });
  });
});

describe('addresses', () => {
  test.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '2a09:8280:1::1', '::ffff:8.8.8.8'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  test('no address of a private network is public, also not as IPv4 inside IPv6', () => {
    const octet = fc.nat(255);
    const first = fc.constantFrom(
      '10',
      '127',
      '0',
      '169.254',
      '192.168',
      '172.16',
      '100.64',
      '198.18',
      '224.0',
      '255.255',
    );
    fc.assert(
      fc.property(first, octet, octet, octet, (prefix, b, c, d) => {
        const address = [...prefix.split('.'), b, c, d].slice(0, 4).join('.');
        expect(isPublicAddress(address), address).toBe(false);
        expect(isPublicAddress(`::ffff:${address}`)).toBe(false);
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(false);
      }),
    );
    for (const address of [
      '::',
      '::1',
      'fe80::1',
      'fc00::1',
      'ff02::1',
      '2001:db8::1',
      '2001::1',
      '5f00::1',
      '3fff::1',
      '100::1',
      '100:0:0:1::1',
      '::7f00:1',
      '::ffff:0:7f00:1',
      '64:ff9b:1::1',
      '4000::1',
      'fec0::1',
      'x',
      '',
    ]) {
      expect(isPublicAddress(address), address).toBe(false);
    }
  });

  test('names on a private network are not public', () => {
    for (const name of [
      'localhost',
      'db',
      'a.internal',
      'a.b.flycast',
      'printer.local',
      'A.INTERNAL',
      'a.internal.',
    ]) {
      expect(isPublicName(name), name).toBe(false);
    }
    expect(isPublicName('api.fly.io')).toBe(true);
  });
});
