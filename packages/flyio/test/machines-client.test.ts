import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  authorizationFor,
  createAppRequest,
  createMachinesClient,
  flyUrls,
  splitTokens,
  type MachinesClient,
} from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { Secret } from '@hangar/security';
import { json, startStandIn, type Received, type StandIn } from './harness.ts';

let api: StandIn;
let machines: MachinesClient;
let token = 'fm2_operator';
let answer: (request: Received, response: ServerResponse) => void;
const machine = { id: '5683977ad31768', state: 'started', region: 'mad', later: { added: true } };

beforeAll(async () => {
  api = await startStandIn((request, response) => answer(request, response));
  machines = createMachinesClient({ baseUrl: api.origin, token: () => Secret.of(token) });
});

beforeEach(() => {
  api.received.length = 0;
  answer = (_request, response) => json(response, 200, {});
});

afterAll(async () => {
  await machines.close();
  await api.close();
});

describe('the credential', () => {
  test('may have to be fetched first', async () => {
    const client = createMachinesClient({
      baseUrl: api.origin,
      token: async () => Secret.of('FlyV1 fm2_fresh'),
    });
    expect((await client.getApp('a')).ok).toBe(false);
    expect(api.received[0]?.headers.authorization).toBe('FlyV1 fm2_fresh');
    await client.close();
  });

  test('may be missing: nothing is sent, and why is told as it is', async () => {
    const missing = new HangarError('discharge_expired', {
      public: 'over',
      extra: { location: 'https://a' },
    });
    const client = createMachinesClient({ baseUrl: api.origin, token: () => Promise.reject(missing) });
    for (const answered of [
      await client.getApp('a'),
      await client.send({ method: 'POST', path: '/v1/apps' }),
    ]) {
      expect(answered).toEqual({
        ok: false,
        reason: { tag: 'unreachable', detail: 'over', noCredential: missing },
      });
    }
    expect(api.received).toEqual([]);
    await client.close();
  });

  test('is not asked for when a request brings its own', async () => {
    const client = createMachinesClient({
      baseUrl: api.origin,
      token: () => Promise.reject(new Error('asked')),
    });
    await client.send({ method: 'GET', path: '/v1/apps', headers: { Authorization: 'FlyV1 fm2_own' } });
    expect(api.received[0]?.headers.authorization).toBe('FlyV1 fm2_own');
    await client.close();
  });
});

describe('the calls', () => {
  test.each<[string, () => Promise<unknown>, string, string, unknown, unknown]>([
    [
      'listApps',
      () => machines.listApps('personal'),
      'GET',
      '/v1/apps?org_slug=personal',
      undefined,
      { apps: [{ name: 'a' }] },
    ],
    ['getApp', () => machines.getApp('a'), 'GET', '/v1/apps/a', undefined, { name: 'a' }],
    [
      'createApp',
      () => machines.createApp({ app_name: 'a', org_slug: 'o', network: 'n' }),
      'POST',
      '/v1/apps',
      { app_name: 'a', org_slug: 'o', network: 'n' },
      { id: 'x' },
    ],
    ['deleteApp', () => machines.deleteApp('a'), 'DELETE', '/v1/apps/a', undefined, undefined],
    [
      'listMachines',
      () => machines.listMachines('a', { includeDeleted: true, metadata: { 'hangar env': '1&2' } }),
      'GET',
      '/v1/apps/a/machines?include_deleted=true&metadata.hangar%20env=1%262',
      undefined,
      [machine],
    ],
    ['getMachine', () => machines.getMachine('a', 'm'), 'GET', '/v1/apps/a/machines/m', undefined, machine],
    [
      'createMachine',
      () => machines.createMachine('a', { region: 'mad', config: { image: 'i', odd: 1 } }),
      'POST',
      '/v1/apps/a/machines',
      { region: 'mad', config: { image: 'i', odd: 1 } },
      machine,
    ],
    [
      'updateMachine',
      () => machines.updateMachine('a', 'm', { config: {} }),
      'POST',
      '/v1/apps/a/machines/m',
      { config: {} },
      machine,
    ],
    [
      'deleteMachine',
      () => machines.deleteMachine('a', 'm', { force: true }),
      'DELETE',
      '/v1/apps/a/machines/m?force=true',
      undefined,
      { ok: true },
    ],
    [
      'startMachine',
      () => machines.startMachine('a', 'm'),
      'POST',
      '/v1/apps/a/machines/m/start',
      undefined,
      { previous_state: 'stopped' },
    ],
    [
      'stopMachine',
      () => machines.stopMachine('a', 'm'),
      'POST',
      '/v1/apps/a/machines/m/stop',
      {},
      { ok: true },
    ],
    [
      'suspendMachine',
      () => machines.suspendMachine('a', 'm'),
      'POST',
      '/v1/apps/a/machines/m/suspend',
      undefined,
      { ok: true },
    ],
    [
      'waitForMachine',
      () => machines.waitForMachine('a', 'm', { state: 'started', timeoutSeconds: 600 }),
      'GET',
      '/v1/apps/a/machines/m/wait?state=started&timeout=60',
      undefined,
      { ok: true },
    ],
    [
      'setSecrets',
      () => machines.setSecrets('a', { K: 'v', OLD: null }),
      'POST',
      '/v1/apps/a/secrets',
      { values: { K: 'v', OLD: null } },
      { version: 2 },
    ],
    [
      'listSecrets',
      () => machines.listSecrets('a'),
      'GET',
      '/v1/apps/a/secrets',
      undefined,
      { secrets: [{ name: 'K', digest: 'd' }] },
    ],
    [
      'allocateIp',
      () => machines.allocateIp('a', { type: 'private_v6', network: 'n', org_slug: 'o' }),
      'POST',
      '/v1/apps/a/ip_assignments',
      { type: 'private_v6', network: 'n', org_slug: 'o' },
      { ip: 'fdaa::1' },
    ],
    [
      'listIps',
      () => machines.listIps('a'),
      'GET',
      '/v1/apps/a/ip_assignments',
      undefined,
      { ips: [{ ip: 'fdaa::1' }] },
    ],
    [
      'releaseIp',
      () => machines.releaseIp('a', 'fdaa::1'),
      'DELETE',
      '/v1/apps/a/ip_assignments/fdaa%3A%3A1',
      undefined,
      undefined,
    ],
    [
      'listVolumes',
      () => machines.listVolumes('a'),
      'GET',
      '/v1/apps/a/volumes',
      undefined,
      [{ id: 'vol_1' }],
    ],
    [
      'currentTokens',
      () => machines.currentTokens(),
      'GET',
      '/v1/tokens/current',
      undefined,
      { tokens: [{ token_id: 't' }] },
    ],
  ])(
    '%s goes out once, as documented, and its answer comes back',
    async (_name, call, method, target, body, reply) => {
      answer = (_request, response) =>
        reply === undefined ? void response.writeHead(202).end() : json(response, 200, reply);
      expect(await call()).toMatchObject({ ok: true });
      expect(api.received).toHaveLength(1);
      expect(api.received[0]).toMatchObject({ method, target });
      expect(api.received[0]?.body ? JSON.parse(api.received[0].body) : undefined).toEqual(body);
      expect(api.received[0]?.headers.authorization).toBe('FlyV1 fm2_operator');
    },
  );

  test('members that Fly.io adds one day come through', async () => {
    answer = (_request, response) => json(response, 200, machine);
    expect(await machines.getMachine('a', 'm')).toEqual({ ok: true, value: machine });
  });

  test('one machine that cannot be read hides itself, and not its neighbours', async () => {
    const strange = [null, 'text', { id: 7, state: 'started' }, { id: 'no-state' }, { state: 'started' }];
    answer = (_request, response) => json(response, 200, [...strange, machine, { id: 'b', state: 'later' }]);
    const listed = await machines.listMachines('a');
    expect(listed.ok && listed.value.map(({ id }) => id)).toEqual(['5683977ad31768', 'b']);
    answer = (_request, response) => json(response, 200, strange[2]);
    expect(await machines.getMachine('a', 'm')).toMatchObject({ ok: false, reason: { tag: 'malformed' } });
    answer = (_request, response) => json(response, 200, { machines: [machine] });
    expect(await machines.listMachines('a')).toMatchObject({ ok: false, reason: { tag: 'malformed' } });
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a guest that is a word', { config: { guest: 'large', image: 'i' } }, { config: { image: 'i' } }],
    ['a size that is a word', { config: { guest: { cpus: 'two' } } }, { config: { guest: undefined } }],
    ['a variable that is a number', { config: { env: { PORT: 8080 } } }, { config: { env: undefined } }],
    [
      'metadata of several types',
      { config: { metadata: { a: 'x', b: 1 } } },
      { config: { metadata: { a: 'x' } } },
    ],
    ['metadata that is a list', { config: { metadata: ['x'] } }, { config: { metadata: undefined } }],
    ['a config that is a text', { config: 'none' }, { config: undefined }],
    ['a config that is null', { config: null }, { config: null }],
    ['events that are no list', { events: 'none' }, { events: undefined }],
    [
      'one event that is none',
      { events: [{ type: 'start' }, null, { status: 'x' }, { type: 'stop', timestamp: 5 }] },
      { events: [{ type: 'start' }, { type: 'stop', timestamp: 5 }] },
    ],
    ['members that nobody knows', { config: { later: { added: 1 } } }, { config: { later: { added: 1 } } }],
  ])('a machine is read in spite of %s', async (_, echoed, read) => {
    answer = (_request, response) => json(response, 200, { ...machine, ...echoed });
    expect(await machines.getMachine('a', 'm')).toMatchObject({ ok: true, value: { ...machine, ...read } });
    answer = (_request, response) => json(response, 200, [{ ...machine, ...echoed }]);
    expect(await machines.listMachines('a')).toMatchObject({ ok: true, value: [{ ...machine, ...read }] });
  });

  test('a lease nonce travels in its header, a rotated token at the next call', async () => {
    await machines.stopMachine('a', 'm', { leaseNonce: '3d2f' });
    token = 'fo1_rotated';
    await machines.startMachine('a', 'm');
    token = 'fm2_operator';
    expect(
      api.received.map(({ headers }) => [headers['fly-machine-lease-nonce'], headers.authorization]),
    ).toEqual([
      ['3d2f', 'FlyV1 fm2_operator'],
      [undefined, 'Bearer fo1_rotated'],
    ]);
  });

  test.each(['..', '.', ''])('%j is no name and is not sent', (name) => {
    expect(() => machines.getApp(name)).toThrow(RangeError);
    expect(api.received).toHaveLength(0);
  });

  test('a name can neither climb nor add a query', async () => {
    await machines.getApp('../orgs?x=1#y');
    expect(api.received[0]?.target).toBe('/v1/apps/..%2Forgs%3Fx%3D1%23y');
  });
});

describe('no', () => {
  test('has the status and the body as Fly.io said it', async () => {
    answer = (_request, response) =>
      json(response, 422, { error: 'Name has already been taken', status: 'name_taken' });
    expect(await machines.createApp({ name: 'a', org_slug: 'o' })).toEqual({
      ok: false,
      reason: {
        tag: 'refused',
        status: 422,
        body: { error: 'Name has already been taken', status: 'name_taken' },
      },
    });
    answer = (_request, response) =>
      void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    expect(await machines.getApp('a')).toEqual({
      ok: false,
      reason: { tag: 'refused', status: 502, body: '<h1>Bad gateway</h1>' },
    });
  });

  test.each([
    ['not JSON', 'hello'],
    ['nothing', ''],
    ['another form', '{"id":7}'],
  ])('an answer that is %s is malformed, not a throw', async (_name, text) => {
    answer = (_request, response) => void response.writeHead(200).end(text);
    expect(await machines.getMachine('a', 'm')).toMatchObject({
      ok: false,
      reason: { tag: 'malformed', status: 200 },
    });
  });

  test('a redirect is not followed', async () => {
    answer = (_request, response) =>
      void response.writeHead(307, { location: `${api.origin}/v1/apps/b` }).end();
    expect(await machines.getApp('a')).toMatchObject({
      ok: false,
      reason: { tag: 'malformed', status: 307 },
    });
    expect(api.received).toHaveLength(1);
  });

  test('a socket that breaks after a write is a timeout: it may have happened, and is not repeated', async () => {
    answer = (_request, response) => void response.destroy();
    expect(await machines.createMachine('a', { config: {} })).toMatchObject({
      ok: false,
      reason: { tag: 'timeout' },
    });
    expect(api.received).toHaveLength(1);
    expect(await machines.getMachine('a', 'm')).toMatchObject({ ok: false, reason: { tag: 'unreachable' } });
  });

  test('an answer that stops half way is no answer', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"id":', () => response.destroy());
    };
    expect(await machines.createMachine('a', { config: {} })).toMatchObject({
      ok: false,
      reason: { tag: 'timeout' },
    });
  });

  test('no listener is unreachable, for reads and writes', async () => {
    const gone = await startStandIn(() => undefined);
    await gone.close();
    const nobody = createMachinesClient({ baseUrl: gone.origin, token: () => Secret.of('t') });
    expect(await nobody.getApp('a')).toMatchObject({ ok: false, reason: { tag: 'unreachable' } });
    expect(await nobody.createApp({ name: 'a' })).toMatchObject({
      ok: false,
      reason: { tag: 'unreachable' },
    });
    await nobody.close();
  });

  test('a caller that gives up, and an answer that never comes, are timeouts', async () => {
    answer = () => undefined;
    const signal = AbortSignal.timeout(50);
    expect(await machines.getApp('a', { signal })).toMatchObject({ ok: false, reason: { tag: 'timeout' } });
    expect(await machines.send({ method: 'GET', path: '/v1/x', timeoutMs: 50 })).toMatchObject({
      ok: false,
      reason: { tag: 'timeout' },
    });
  });
});

describe('raw sending', () => {
  test('streams the answer as it is: status, repeated headers, encoded bytes', async () => {
    answer = (_request, response) =>
      void response
        .writeHead(418, { 'set-cookie': ['a=1', 'b=2'], 'content-encoding': 'gzip', 'fly-request-id': '01H' })
        .end(Buffer.from([31, 139, 0]));
    const sent = await machines.send({
      method: 'PATCH',
      path: "/v1/apps/a/x?b='c'",
      headers: { 'content-type': 'text/x' },
      body: 'raw',
    });
    if (!sent.ok) throw new Error(sent.reason.detail);
    expect(sent.value.status).toBe(418);
    expect(sent.value.headers).toMatchObject({
      'set-cookie': ['a=1', 'b=2'],
      'content-encoding': 'gzip',
      'fly-request-id': '01H',
    });
    expect(Buffer.from(await sent.value.body.arrayBuffer())).toEqual(Buffer.from([31, 139, 0]));
    expect(api.received[0]).toMatchObject({ method: 'PATCH', target: "/v1/apps/a/x?b='c'", body: 'raw' });
  });

  test("keeps the caller's own Authorization, byte for byte", async () => {
    const own = 'Bearer FlyV1 fm2_a, fo1_b';
    const sent = await machines.send({ method: 'GET', path: '/v1/apps', headers: { Authorization: own } });
    if (sent.ok) await sent.value.body.dump();
    expect(api.received[0]?.headers.authorization).toBe(own);
  });

  test('an answer may be destroyed unread, whether it has arrived or not', async () => {
    for (const size of [1, 1_000_000]) {
      answer = (_request, response) => void response.writeHead(200).end('x'.repeat(size));
      const sent = await machines.send({ method: 'GET', path: '/v1/apps' });
      if (sent.ok) sent.value.body.destroy();
      expect(await machines.send({ method: 'GET', path: '/v1/apps' })).toMatchObject({ ok: true });
    }
  });

  test('a base with a path keeps it, and sockets are used again', async () => {
    const prefixed = createMachinesClient({ baseUrl: `${api.origin}/base/`, token: () => Secret.of('t') });
    await prefixed.getApp('a');
    expect(api.received[0]?.target).toBe('/base/v1/apps/a');
    await prefixed.close();
  });
});

describe('the Authorization header', () => {
  test.each([
    ['fm2_a', 'FlyV1 fm2_a'],
    ['FlyV1 fm2_a,fm2_b', 'FlyV1 fm2_a,fm2_b'],
    ['Bearer FlyV1  fm1r_a , fm1a_b', 'FlyV1 fm1r_a,fm1a_b'],
    ['fo1_x', 'Bearer fo1_x'],
    ['fo1_x,fm2_a', 'FlyV1 fm2_a'],
    ['old-token', 'Bearer old-token'],
  ])('of %j is %j', (stored, header) => {
    expect(authorizationFor(Secret.of(stored))).toBe(header);
  });

  test('is split by commas, whatever schemes are stacked before it', () => {
    expect(splitTokens('flyv1 BEARER a,, b ,')).toEqual(['a', 'b']);
    expect(splitTokens('')).toEqual([]);
  });
});

describe('words and addresses', () => {
  test('an app may be named in either member', () => {
    expect(createAppRequest.safeParse({ app_name: 'a', name: null }).success).toBe(true);
    expect(createAppRequest.safeParse({ name: 'A' }).success).toBe(false);
    expect(createAppRequest.safeParse({}).success).toBe(false);
  });

  test('the real Fly.io and the simulator have the same shape', () => {
    expect(flyUrls('real')).toMatchObject({
      token: 'https://api.fly.io/oauth/token',
      machines: 'https://api.machines.dev',
    });
    expect(flyUrls('real').webhooks('logjam')).toBe('https://api.fly.io/api/hooks/extensions/logjam');
    expect(flyUrls({ simulatorPort: 4700 })).toMatchObject({
      api: 'http://127.0.0.1:4700',
      machines: 'http://127.0.0.1:4701',
      s3: 'http://127.0.0.1:4702',
      iam: 'http://127.0.0.1:4703',
      tokenInfo: 'http://127.0.0.1:4700/oauth/token/info',
    });
  });
});
