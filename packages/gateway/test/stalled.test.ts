import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { routes, type Gateway, type Route } from '@hangar/gateway';
import { openAuthority, tokenRows } from '../../../test/harness/authority.ts';
import { switchOn } from '../../../test/harness/mishaps.ts';
import { listenHere, stallRequest, type StalledRequest } from '../../../test/harness/stalled-request.ts';
import { NAME_HOLD_MS } from '../src/making/name-hold.ts';
import { fillPattern } from '../src/request/route.ts';
import { openWorld, plainMachine, type EnvironmentStore } from './world.ts';

const APP = 'contested';
const TOKEN_SECONDS = 3600;

/** What a request of each route may say, where the empty object is not enough. */
const bodies: Readonly<Record<string, unknown>> = {
  'apps.create': { name: APP },
  'environments.create': { name: APP },
  'machines.create': plainMachine,
  'machines.update': plainMachine,
  'machines.exec': { command: ['ls'] },
  'machines.signal': { signal: 'SIGINT' },
  'machines.memory.set': { limit_mb: 256 },
  'metadata.put': { metadata: { role: 'web' } },
  'metadata.patch': { metadata: { role: 'web' } },
  'metadata.set': { value: 'web' },
  'volumes.create': { name: 'data', region: 'fra', size_gb: 1 },
  'volumes.extend': { size_gb: 2 },
  'secrets.set-many': { values: { PLANTED: 'by a stranger' } },
  'secrets.set': { value: 'by a stranger' },
  'addresses.assign': { type: 'private_v6' },
  'platform.placements': { region: 'fra' },
};

/** An app with a machine and a volume, owned by a workspace with a token; and a second workspace. */
async function openContested() {
  const world = await openWorld();
  const authority = openAuthority(tokenRows(world.database), () => world.simulator.clock.now());
  const mint = async (workspace: bigint, seconds = 2 * TOKEN_SECONDS): Promise<string> => {
    const wanted = { preset: 'org' as const, name: 'test', creator: 'test', expiresInSeconds: seconds };
    return (await authority.tokens.mint({ ...wanted, workspace })).token;
  };
  const stranger = await world.openWorkspace('ext-stranger');
  const gateway = world.another({ verifier: authority.verifier });
  const token = await mint(world.workspace.number, TOKEN_SECONDS);
  const owner = await mint(world.workspace.number);
  const other = await mint(stranger.number);
  const ask = async (method: string, target: string, as: string, body?: unknown) =>
    await world.ask(method, target, { token: as, body }, gateway);
  const wait = async (machine: string, as: string) =>
    await ask('GET', `/v1/apps/${APP}/machines/${machine}/wait?timeout=10`, as);
  expect((await ask('POST', '/v1/apps', owner, { name: APP })).status).toBe(201);
  const machine = (await ask('POST', `/v1/apps/${APP}/machines`, owner, plainMachine)).json.id;
  await wait(machine, owner);
  const volume = { name: 'data', region: 'fra', size_gb: 1 };
  const volumeId = (await ask('POST', `/v1/apps/${APP}/volumes`, owner, volume)).json.id;
  const params = {
    app: APP,
    environment: APP,
    machine,
    volume: volumeId,
    org: world.workspace.slug,
    secret: 'PLANTED',
    key: 'role',
    ip: 'fdaa::1',
    hostname: 'shop.example.com',
    'secret-key': 'k1',
    release: '1',
    'release-id': `${APP}.1`,
  };
  return {
    world,
    authority,
    gateway,
    token,
    targetOf: (route: Route) => `/${fillPattern(route.pattern, params).join('/')}`,
    revoke: async (): Promise<void> => {
      const verified = await authority.verifier.verify(`FlyV1 ${token}`);
      if (!verified.ok) throw new Error(verified.reason.code);
      const target = { branches: [{ digest: verified.value.branch }] };
      await authority.tokens.revoke({ workspace: world.workspace.number, target, by: 'test' });
    },
    expire: async (): Promise<void> => world.simulator.clock.advance((TOKEN_SECONDS + 1) * 1000),
    /** Deletes the app; once its name is free for everybody, another workspace makes an app of that name. */
    takeOver: async (): Promise<void> => {
      expect((await ask('DELETE', `/v1/apps/${APP}`, owner)).status).toBe(202);
      world.simulator.clock.advance(NAME_HOLD_MS + 1);
      expect((await ask('POST', '/v1/apps', other, { name: APP })).status).toBe(201);
      const theirs = await ask('POST', `/v1/apps/${APP}/machines`, other, plainMachine);
      expect((await wait(theirs.json.id, other)).status).toBe(200);
    },
  };
}

type Contested = Awaited<ReturnType<typeof openContested>>;
const changing = routes.filter(({ method }) => method !== 'GET');
const ofApp = (route: Route): boolean => route.pattern.includes('/apps/{app}');

/** Nothing came through to the other side, and nothing there is different. */
async function expectUntouched({ world }: Contested, before: string): Promise<void> {
  expect(world.seen).toEqual([]);
  expect(JSON.stringify(await world.inventory())).toBe(before);
}

describe.each([
  {
    event: 'its token is revoked',
    strike: async (contested: Contested) => await contested.revoke(),
    rows: changing,
    answer: () => ({ statuses: [401], code: 'token_revoked' }),
  },
  {
    event: 'its token expires',
    strike: async (contested: Contested) => await contested.expire(),
    rows: changing,
    answer: () => ({ statuses: [401], code: 'token_expired' }),
  },
  {
    event: 'its app is deleted and the name becomes another workspace’s',
    strike: async (contested: Contested) => await contested.takeOver(),
    rows: changing.filter((route) => ofApp(route) || route.id.endsWith('.create')),
    answer: ({ id }: Route) => {
      if (id === 'apps.create' || id === 'environments.create')
        return { statuses: [422], code: 'name_taken' };
      // An app of somebody else is 403 itself, as upstream says it, and 404 below.
      return id === 'apps.delete'
        ? { statuses: [403], code: 'caveat_denied' }
        : { statuses: [404], code: 'not_found' };
    },
  },
])('a request whose body stalls until $event', ({ strike, rows, answer }) => {
  let contested: Contested;
  let door: Awaited<ReturnType<typeof listenHere>>;
  const stalled = new Map<string, StalledRequest>();
  let before: string;

  beforeAll(async () => {
    contested = await openContested();
    door = await listenHere(contested.gateway);
    for (const [index, route] of rows.entries()) {
      const one = await stallRequest({
        port: door.port,
        method: route.method,
        target: contested.targetOf(route),
        headers: { authorization: `FlyV1 ${contested.token}` },
        body: bodies[route.id] ?? {},
        chunked: index % 2 === 0,
      });
      stalled.set(route.id, one);
    }
    await strike(contested);
    before = JSON.stringify(await contested.world.inventory());
    contested.world.seen.length = 0;
  });
  afterAll(async () => {
    for (const one of stalled.values()) one.abandon();
    await door.close(100);
    await contested.world.close();
  });

  it.each(rows.map((route) => ({ id: route.id, route })))(
    '$id: is refused, and the other side has seen nothing',
    async ({ id, route }) => {
      const got = await stalled.get(id)?.finish();
      const { statuses, code } = answer(route);
      expect(statuses, got?.text).toContain(got?.status);
      expect(got?.json).toMatchObject({ code, request_id: got?.headers.get('x-request-id') });
      await expectUntouched(contested, before);
    },
  );
});

describe.each([
  {
    event: 'its token is revoked',
    strike: async (contested: Contested) => await contested.revoke(),
    status: 401,
    code: 'token_revoked',
  },
  {
    event: 'its extension ends',
    strike: async ({ world }: Contested) => await world.gateway.workspaces.close(world.workspace.number),
    status: 410,
    code: 'gone',
  },
])('a change for which something is looked up upstream, until $event', ({ strike, status, code }) => {
  it('is refused, and the other side has seen nothing of it', async () => {
    const contested = await openContested();
    const { world, gateway, token } = contested;
    const shown = routes.find(({ id }) => id === 'volumes.get');
    const source = shown && contested.targetOf(shown).split('/').at(-1);
    const target = `/v1/apps/${APP}/volumes`;
    const looking = { door: 'machines', kind: 'hang', method: 'GET', route: target, remaining: 1 } as const;
    const slow = switchOn(world.simulator, looking);
    world.seen.length = 0;
    const body = { name: 'copy', region: 'fra', source_volume_id: source };
    const answer = world.ask('POST', target, { token, body }, gateway);
    await expect.poll(() => world.seen).toContain(`GET ${target}`);
    await strike(contested);
    world.simulator.clock.advance(1_000);
    slow.expectStruck();
    slow.end();
    expect(await answer).toMatchObject({ status, json: { code } });
    expect(world.seen.filter((seen) => seen.startsWith('POST'))).toEqual([]);
    await world.close();
  });
});

/** Rows of a process that pauses right after it has looked a request's environment up. */
function pausedStore(store: EnvironmentStore) {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let waiting = 0;
  let armed = true;
  return {
    store: {
      ...store,
      workspace: async (number: bigint) => {
        const row = await store.workspace(number);
        if (armed) {
          waiting += 1;
          await released;
        }
        return row;
      },
    },
    waiting: () => waiting,
    disarm: () => {
      armed = false;
    },
    release,
  };
}

describe('a request whose app becomes another workspace’s between its judgement and its effect', () => {
  const rows = routes.filter(
    ({ id, treatment, pattern }) =>
      pattern.startsWith('/v1/apps/{app}') && treatment.kind !== 'refuse' && id !== 'apps.get',
  );
  let contested: Contested;
  const answers = new Map<string, Promise<Response>>();
  let before: string;

  beforeAll(async () => {
    contested = await openContested();
    const paused = pausedStore(contested.world.store);
    const slow = contested.world.another({ store: paused.store, verifier: contested.authority.verifier });
    for (const route of rows) {
      const target = contested.targetOf(route);
      const body = JSON.stringify(bodies[route.id] ?? {});
      const request = new Request(`http://gateway.test${target}`, {
        method: route.method,
        headers: { authorization: `FlyV1 ${contested.token}`, 'content-type': 'application/json' },
        ...(route.method === 'GET' ? {} : { body }),
      });
      answers.set(route.id, slow.fetch(request, { rawTarget: target, requestId: route.id }));
    }
    await vi.waitUntil(() => paused.waiting() === rows.length, { timeout: 20_000 });
    paused.disarm();
    await contested.takeOver();
    before = JSON.stringify(await contested.world.inventory());
    contested.world.seen.length = 0;
    paused.release();
    await Promise.all(answers.values());
  });
  afterAll(async () => await contested.world.close());

  it.each(rows.map(({ id }) => id))('%s: does nothing to the new one', async (id) => {
    const answer = await answers.get(id);
    // To delete what is gone already is done already.
    expect(answer?.status).toBe(id === 'apps.delete' ? 202 : 404);
    await expectUntouched(contested, before);
  });
});

describe.each([
  { event: 'the token is revoked', strike: (c: Contested) => c.revoke(), status: 401, code: 'token_revoked' },
  { event: 'the token expires', strike: (c: Contested) => c.expire(), status: 401, code: 'token_expired' },
  {
    event: 'the app becomes another workspace’s',
    strike: (c: Contested) => c.takeOver(),
    status: 404,
    code: 'not_found',
  },
])('a request that waits for an earlier one with its Idempotency-Key until $event', (row) => {
  let contested: Contested;
  beforeAll(async () => {
    contested = await openContested();
  });
  afterAll(async () => await contested.world.close());

  it('is refused, and the other side has seen nothing of it', async () => {
    const { world, authority, token } = contested;
    let looks = 0;
    const store: EnvironmentStore = {
      ...world.store,
      beginOperation: async (wanted) => {
        looks += 1;
        return await world.store.beginOperation(wanted);
      },
    };
    const gateway = world.another({ store, verifier: authority.verifier });
    const slow = switchOn(world.simulator, {
      door: 'machines',
      kind: 'hang',
      method: 'POST',
      route: `/v1/apps/${APP}/machines`,
      remaining: 1,
    });
    const send = async (through: Gateway) =>
      await world.ask(
        'POST',
        `/v1/apps/${APP}/machines`,
        { token, body: plainMachine, headers: { 'idempotency-key': 'one' } },
        through,
      );
    world.seen.length = 0;
    const first = send(gateway);
    await expect.poll(() => world.seen).toContain(`POST /v1/apps/${APP}/machines`);
    const second = send(gateway);
    await expect.poll(() => looks).toBeGreaterThan(1);
    await row.strike(contested);
    const before = JSON.stringify(await world.inventory());
    world.seen.length = 0;
    slow.expectStruck();
    slow.end();
    expect(await second).toMatchObject({ status: row.status, json: { code: row.code } });
    await first;
    expect(world.seen.filter((seen) => seen.startsWith('POST'))).toEqual([]);
    expect(JSON.stringify(await world.inventory())).toBe(before);
  });
});

describe('a new app whose workspace is closed between its judgement and its effect', () => {
  it('is not made, and nothing is left of it', async () => {
    const contested = await openContested();
    const { world, authority } = contested;
    const paused = pausedStore(world.store);
    const slow = world.another({ store: paused.store, verifier: authority.verifier });
    const late = world.ask('POST', '/v1/apps', { token: contested.token, body: { name: 'late' } }, slow);
    await expect.poll(paused.waiting).toBe(1);
    paused.disarm();
    await world.gateway.environments.deleteAll(world.workspace.number);
    world.seen.length = 0;
    paused.release();
    expect(await late).toMatchObject({ status: 410, json: { code: 'gone' } });
    await expectUntouched(contested, JSON.stringify(await world.inventory()));
    expect((await world.inventory()).apps).toEqual([]);
    await world.close();
  });
});

describe('a list of the organization that is read while a name changes hands', () => {
  it('shows nothing of the new owner', async () => {
    const contested = await openContested();
    const { world, authority } = contested;
    let looks = 0;
    const store: EnvironmentStore = {
      ...world.store,
      environmentsOf: async (...wanted) => {
        const rows = await world.store.environmentsOf(...wanted);
        looks += 1;
        if (looks === 1) await contested.takeOver();
        return rows;
      },
    };
    const gateway = world.another({ store, verifier: authority.verifier });
    const listed = await world.ask(
      'GET',
      `/v1/orgs/${world.workspace.slug}/machines`,
      { token: contested.token },
      gateway,
    );
    expect(listed).toMatchObject({ status: 200, json: { machines: [] } });
    await world.close();
  });
});
