import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '@hangar/security';
import { createMachinesClient } from '@hangar/flyio';
import { DEFAULT_POLICY, type EnvironmentStore, type Gateway } from '@hangar/gateway';
import { switchOn, withFault, type Mishap } from '../../../test/harness/mishaps.ts';
import { outage } from './outage.ts';
import { mintToken } from './verifier.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

let world: World;
let machine: string;
beforeAll(async () => {
  world = await openWorld();
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } });
  const made = await world.ask('POST', '/v1/apps/own/machines', { token: world.token, body: plainMachine });
  machine = made.json.id;
  await waitFor(world, 'own', machine, 'started');
});
afterAll(async () => await world.close());

const create = async (headers: Record<string, string> = {}, gateway?: Gateway) =>
  await world.ask(
    'POST',
    '/v1/apps/own/machines',
    { token: world.token, body: plainMachine, headers },
    gateway,
  );
const making = { door: 'machines', method: 'POST', route: '/v1/apps/own/machines', remaining: 1 } as const;
const count = async () => (await world.inventory()).machines.length;

describe('the answer to a new machine that gets lost', () => {
  it.each([
    { kind: 'drop' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 502 },
    { kind: 'status', status: 503 },
  ] as const)('by %j is found again: one machine, and the answer says so', async (fault) => {
    const before = await count();
    const mishap: Mishap = { ...making, ...fault, when: 'after' };
    const made = await withFault(world.simulator, mishap, () => create());
    expect(made).toMatchObject({ status: 200, json: { id: expect.stringMatching(/^[0-9a-f]{14}$/) } });
    expect(await count()).toBe(before + 1);
  });

  it.each([{ kind: 'drop' }, { kind: 'status', status: 502 }, { kind: 'status', status: 503 }] as const)(
    'and was never made, by %j, is 504: a client must not repeat it blindly',
    async (fault) => {
      const before = await count();
      const made = await withFault(world.simulator, { ...making, ...fault }, () => create());
      expect(made.status).toBe(504);
      expect(await count()).toBe(before);
    },
  );

  it('with an Idempotency-Key is made once, by whichever request comes through', async () => {
    const before = await count();
    const headers = { 'idempotency-key': 'again' };
    const lost = await withFault(world.simulator, { ...making, kind: 'drop' }, () => create(headers));
    expect(lost.status).toBe(504);
    expect((await create(headers)).status).toBe(200);
    expect(await count()).toBe(before + 1);
  });

  it('keeps its key and its place while the looks for it are refused', async () => {
    const headers = { 'idempotency-key': 'unseen' };
    // The places of the tests before are given back, and what there is has been counted.
    world.simulator.clock.advance(121_000);
    expect((await create()).status).toBe(200);
    const before = await count();
    const tight = world.another({
      policy: { ...DEFAULT_POLICY, maxMachinesPerEnvironment: before + 1 },
    });
    const unseen = {
      door: 'machines',
      kind: 'status',
      status: 429,
      method: 'GET',
      route: '/v1/apps/own/machines',
    } as const;
    await withFault(world.simulator, unseen, async () => {
      const lost = await withFault(world.simulator, { ...making, kind: 'drop', when: 'after' }, () =>
        create(headers, tight),
      );
      expect(lost.status).toBe(504);
      expect((await create({}, tight)).json.code).toBe('policy_denied');
      // The list is still refused: nobody can say whether there is one already, so none is made.
      expect((await create(headers, tight)).status).toBe(504);
      expect(await count()).toBe(before + 1);
    });
    expect((await create(headers, tight)).status).toBe(200);
    expect(await count()).toBe(before + 1);
  });

  it('is 504 and keeps its key while our own database is away', async () => {
    const headers = { 'idempotency-key': 'outage' };
    const before = await count();
    const away = outage(world.store);
    const gateway = world.another({ store: away.store });
    const lost = switchOn(world.simulator, { ...making, kind: 'hang', when: 'after' });
    const answer = create(headers, gateway);
    await expect.poll(count).toBe(before + 1);
    away.begin();
    lost.expectStruck();
    lost.end();
    expect((await answer).status).toBe(504);
    away.end();
    // The key could not be given up either: its lease lapses.
    world.simulator.clock.advance(13_000);
    expect((await create(headers, gateway)).status).toBe(200);
    expect(await count()).toBe(before + 1);
  });

  it('with the process itself is found by the next request with the same key', async () => {
    const before = await count();
    const headers = { 'idempotency-key': 'killed' };
    let died = false;
    const store: EnvironmentStore = {
      ...world.store,
      finishOperation: () => {
        died = true;
        return Promise.reject(new Error('killed'));
      },
    };
    expect((await create(headers, world.another({ store }))).status).toBe(500);
    expect(died).toBe(true);
    expect(await count()).toBe(before + 1);
    world.simulator.clock.advance(91_000);
    const again = await create(headers);
    expect(again.status).toBe(200);
    expect(await count()).toBe(before + 1);
  });
});

describe('GATE-5: a failing upstream', () => {
  it('is 504 for a start that may have happened, and is tried again for a read', async () => {
    const failing = { door: 'machines', kind: 'status', status: 503 } as const;
    const start = await withFault(
      world.simulator,
      { ...failing, method: 'POST', route: '/v1/apps/own/machines/*/start', when: 'after' },
      () => world.ask('POST', `/v1/apps/own/machines/${machine}/start`, { token: world.token }),
    );
    expect(start).toMatchObject({ status: 504, json: { code: 'upstream_failed' } });
    const read = await withFault(
      world.simulator,
      { ...failing, method: 'GET', route: '/v1/apps/own/machines/*', remaining: 2 },
      () => world.ask('GET', `/v1/apps/own/machines/${machine}`, { token: world.token }),
    );
    expect(read.status).toBe(200);
  });

  it('that hides a new machine for a moment does not make it unknown to its maker (GATE-6)', async () => {
    const made = await create();
    const path = `/v1/apps/own/machines/${made.json.id}`;
    const hidden = { door: 'machines', kind: 'status', status: 404, method: 'GET', route: path } as const;
    const read = () => world.ask('GET', path, { token: world.token });
    expect((await withFault(world.simulator, { ...hidden, remaining: 2 }, read)).status).toBe(200);
    world.simulator.clock.advance(11_000);
    expect((await withFault(world.simulator, { ...hidden, remaining: 1 }, read)).status).toBe(404);
  });
});

describe('an upstream that answers strangely', () => {
  let server: Server;
  let gateway: Gateway;
  let behave: (path: string, response: ServerResponse, headers: IncomingHttpHeaders) => void;
  let asked: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      behave(request.url ?? '', response, request.headers);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    gateway = world.another({
      machines: createMachinesClient({ baseUrl, token: () => Secret.of('fo1_operator') }),
    });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => void (asked = []));
  const get = async (rest = '') =>
    await world.ask('GET', `/v1/apps/own/machines/${machine}${rest}`, { token: world.token }, gateway);

  it('with a part of a body is not taken for the whole', async () => {
    behave = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"id":');
      setTimeout(() => response.destroy(), 20);
    };
    expect(await get()).toMatchObject({ status: 502, json: { reason: 'upstream_truncated' } });
  });

  it('with a redirect is not followed', async () => {
    behave = (_, response) => response.writeHead(307, { location: 'http://evil.example/' }).end();
    const answer = await get('/events');
    expect(answer.status).toBe(500);
    expect(answer.headers.get('location')).toBeNull();
    expect(asked).toHaveLength(1);
  });

  it('with a refusal of the operator does not look like a refusal of the caller', async () => {
    for (const status of [401, 403]) {
      behave = (_, response) => response.writeHead(status).end('{"error":"operator token expired"}');
      const answer = await get('/events');
      expect(answer).toMatchObject({ status: 500, json: { code: 'upstream_failed' } });
      expect(JSON.stringify(answer.json)).not.toContain('operator');
    }
  });

  it('with a compressed body is not passed on', async () => {
    behave = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    expect((await get('/events')).status).toBe(500);
  });

  it('gets our headers only, and of its own only a few come back (GATE-3)', async () => {
    let seen: IncomingHttpHeaders = {};
    behave = (_, response, headers) => {
      seen = headers;
      response.writeHead(200, {
        'content-type': 'application/json',
        'fly-request-id': '01ABC-fra',
        'set-cookie': 'a=b',
        server: 'Fly/x',
        via: '1.1 fly.io',
        'x-envoy-upstream-service-time': '3',
        'fly-span-id': 'x',
        'strict-transport-security': 'max-age=1',
        'access-control-allow-origin': '*',
        connection: 'x-secret',
        'x-secret': '1',
        'proxy-authenticate': 'Basic',
        'www-authenticate': 'Basic',
      });
      response.end('[]');
    };
    const sent = {
      cookie: 'a=b',
      'fly-src': 'x',
      'fly-client-ip': '1.2.3.4',
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-user': 'admin',
      'fly-force-instance-id': 'x',
      'fly-machine-lease-nonce': 'abc123',
      origin: 'http://x',
      'x-org': 'x',
    };
    const answer = await world.ask(
      'GET',
      `/v1/apps/own/machines/${machine}/events`,
      { token: world.token, headers: sent },
      gateway,
    );
    expect(answer.status).toBe(200);
    expect(seen['authorization']).toBe('Bearer fo1_operator');
    expect(Object.keys(seen).sort()).toEqual([
      'authorization',
      'connection',
      'fly-machine-lease-nonce',
      'host',
      'user-agent',
    ]);
    expect([...answer.headers.keys()].sort()).toEqual([
      'cache-control',
      'content-type',
      'fly-request-id',
      'hangar-environment',
      'hangar-request-id',
      'x-content-type-options',
      'x-request-id',
    ]);
  });
});

describe('a request that is not allowed', () => {
  it('reaches neither Fly.io nor Tigris (GATE-10)', async () => {
    let calls = 0;
    const counting = <T extends object>(client: T): T =>
      new Proxy(client, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return (...all: unknown[]) => {
            calls += 1;
            return (member as (...all: unknown[]) => unknown).apply(target, all);
          };
        },
      });
    const gateway = world.another({ machines: counting(world.machines), tigris: counting(world.tigris) });
    const stranger = mintToken((await world.openWorkspace('ext-stranger')).number);
    const reader = mintToken(world.workspace.number, [{ type: 'Action', mask: 1 }]);
    const targets = [
      ['DELETE', '/v1/apps/own'],
      ['POST', '/v1/apps/own/machines'],
      ['POST', `/v1/apps/own/machines/${machine}`],
      ['POST', `/v1/apps/own/machines/${machine}/stop`],
      ['DELETE', `/v1/apps/own/machines/${machine}`],
      ['POST', '/v1/apps/own/secrets'],
      ['POST', '/v1/apps/own/volumes'],
    ] as const;
    for (const [method, target] of targets) {
      for (const token of [undefined, 'fm2_x', 'fo1_operator', mintToken(1n), stranger, reader]) {
        const answer = await world.ask(method, target, { token, body: plainMachine }, gateway);
        expect([401, 403, 404], `${method} ${target}`).toContain(answer.status);
      }
    }
    expect(
      (await world.ask('POST', '/v1/apps', { token: reader, body: { name: 'x' } }, gateway)).status,
    ).toBe(403);
    expect(calls).toBe(0);
    expect(
      (await world.ask('GET', `/v1/apps/own/machines/${machine}`, { token: reader }, gateway)).status,
    ).toBe(200);
    expect(calls).toBeGreaterThan(0);
  });
});
