import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMachinesClient, type MachinesClient } from '@hangar/flyio';
import type { Gateway } from '@hangar/gateway';
import { Secret } from '@hangar/security';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDirectServer, recallingVerifier } from './direct-server.ts';
import { openWorld, type World } from './world.ts';

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

let world: World;
let server: Awaited<ReturnType<typeof openDirectServer>>;
let gateway: Gateway;
let machines: MachinesClient;
/** What upstream does with the next calls, in order; the last one for all that follow. */
let answers: Answer[] = [];
let calls = 0;
const upstream = createServer((incoming, outgoing) => {
  calls += 1;
  const next = answers.length > 1 ? answers.shift() : answers[0];
  next?.(incoming, outgoing);
});
const good: Answer = (_, outgoing) =>
  outgoing.setHeader('content-type', 'application/json').end('[{"ok":true}]');

beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  world = await openWorld();
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } });
  const { port } = upstream.address() as AddressInfo;
  machines = createMachinesClient({
    baseUrl: `http://127.0.0.1:${port}`,
    token: () => Secret.of('operator'),
  });
  gateway = world.another({ machines, verifier: recallingVerifier(), monotonicMs: () => 0 });
  server = await openDirectServer(gateway);
  await gateway.tasks.find(({ name }) => name === 'gateway-changes')?.run(new AbortController().signal);
});
afterAll(async () => {
  await server.close();
  await machines.close();
  upstream.closeAllConnections();
  upstream.close();
  await world.close();
});

const target = '/v1/apps/own/secrets';
const headers = (): Record<string, string> => ({ authorization: `FlyV1 ${world.token}` });
const ask = async () => await server.ask(target, { headers: headers() });

beforeEach(async () => {
  answers = [good];
  await ask();
  const { way } = await ask();
  if (way !== 'direct') throw new Error(`a warm read went the way of ${way}`);
  calls = 0;
});
afterEach(() => upstream.closeIdleConnections());

describe('an upstream that does not answer as it should', () => {
  it('is asked again when the connection broke, as behind the fetch door', async () => {
    answers = [(incoming) => incoming.socket.destroy(), good];
    expect(await ask()).toMatchObject({ status: 200, body: '[{"ok":true}]', way: 'handed-over' });
    expect(calls).toBe(2);
  });

  it('is asked again after a 503', async () => {
    answers = [(_, outgoing) => outgoing.writeHead(503).end(), good];
    expect(await ask()).toMatchObject({ status: 200, way: 'handed-over' });
    expect(calls).toBe(2);
  });

  it.each<[string, Answer]>([
    ['a redirect', (_, outgoing) => outgoing.writeHead(302, { location: 'http://elsewhere/' }).end()],
    ['a compressed body', (_, outgoing) => outgoing.writeHead(200, { 'content-encoding': 'gzip' }).end('x')],
    ['a refusal of the operator', (_, outgoing) => outgoing.writeHead(401).end('{"error":"who are you"}')],
  ])('is never passed on with %s', async (_, answer) => {
    answers = [answer];
    const answered = await ask();
    expect(answered).toMatchObject({ status: 500, way: 'handed-over' });
    expect(JSON.parse(answered.body)).toMatchObject({ code: 'upstream_failed' });
    expect(answered.headers).not.toHaveProperty('location');
    expect(answered.headers).not.toHaveProperty('content-encoding');
  });

  it('is told in its own words when it refuses, and asked once', async () => {
    answers = [(_, outgoing) => outgoing.writeHead(429, { 'retry-after': '7' }).end('{"error":"slow down"}')];
    const answered = await ask();
    expect(answered).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
    expect(JSON.parse(answered.body)).toMatchObject({ error: 'slow down', code: 'rate_limited' });
    expect(calls).toBe(1);
  });

  it('passes back no header but the allowed ones', async () => {
    answers = [
      (_, outgoing) =>
        outgoing
          .writeHead(200, { 'set-cookie': 'a=b', server: 'x', 'fly-request-id': 'r', 'x-internal': '1' })
          .end('{}'),
    ];
    const { headers: passed, way } = await ask();
    expect(way).toBe('direct');
    expect(Object.keys(passed).sort()).toEqual([
      'cache-control',
      'fly-request-id',
      'hangar-environment',
      'hangar-request-id',
      'x-content-type-options',
      'x-request-id',
    ]);
  });

  it('breaks the answer off where its own breaks off', async () => {
    answers = [
      (incoming, outgoing) => {
        outgoing.writeHead(200, { 'content-length': '200000' });
        outgoing.write('x'.repeat(100_000), () => incoming.socket.destroy());
      },
    ];
    await expect(ask()).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });
});

describe('a caller that hangs up', () => {
  it('ends the call upstream', async () => {
    const ended = new Promise<void>((resolve) => {
      answers = [(incoming) => incoming.socket.once('close', () => resolve())];
    });
    const begun = new Promise<void>((resolve) => {
      const [wait] = answers;
      answers = [
        (incoming, outgoing) => {
          wait?.(incoming, outgoing);
          resolve();
        },
      ];
    });
    const asking = request({ port: server.port, path: target, headers: headers(), agent: false });
    asking.on('error', () => {});
    asking.end();
    await begun;
    asking.destroy();
    await ended;
    expect(calls).toBe(1);
  });
});

describe('a read', () => {
  it('is asked three times at most, whichever door it came through', async () => {
    answers = [(_, outgoing) => outgoing.writeHead(503).end()];
    expect(await ask()).toMatchObject({ status: 503, way: 'handed-over' });
    expect(calls).toBe(3);
    calls = 0;
    expect((await server.ask(target, { headers: headers(), both: false })).status).toBe(503);
    expect(calls).toBe(3);
  });

  it('whose answer has no room beside those that are gathered is 503 with a time to wait, and has room later', async () => {
    const list = '/v1/apps/own/machines';
    const held: ServerResponse[] = [];
    const allHeld = new Promise<void>((resolve) => {
      answers = [
        (_, outgoing) => {
          outgoing.writeHead(200, { 'content-type': 'application/json' });
          outgoing.write(`["${'x'.repeat(16_000_000)}"`, () => held.push(outgoing) === 4 && resolve());
        },
      ];
    });
    const slow = Array.from({ length: 4 }, async () => await server.ask(list, { headers: headers() }));
    await allHeld;
    const refused = await server.ask(list, { headers: headers() });
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'unavailable', request_id: 'req-12345678' });
    for (const outgoing of held) outgoing.end(']');
    for (const { status } of await Promise.all(slow)) expect(status).toBe(200);
    answers = [good];
    expect((await server.ask(list, { headers: headers() })).status).toBe(200);
  });
});
