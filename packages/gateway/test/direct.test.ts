import fc from 'fast-check';
import type { EnvironmentStore, Gateway } from '@hangar/gateway';
import { Action } from '@hangar/macaroon';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDirectServer, recallingVerifier, type Answered } from './direct-server.ts';
import { mintToken } from './verifier.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

const verifier = recallingVerifier();
let elapsed = 0;
let world: World;
/** The one under test; what it asks of the rows is in the list. */
let gateway: Gateway;
const asked: string[] = [];
let server: Awaited<ReturnType<typeof openDirectServer>>;
let machine: string;
let appId: bigint;

const feed = async (): Promise<void> => {
  const task = gateway.tasks.find(({ name }) => name === 'gateway-changes');
  await task?.run(new AbortController().signal);
};

beforeAll(async () => {
  world = await openWorld();
  const store = new Proxy(world.store, {
    get: (rows, name: keyof EnvironmentStore) => {
      asked.push(name);
      return rows[name];
    },
  });
  gateway = world.another({ store, verifier, monotonicMs: () => elapsed });
  server = await openDirectServer(gateway);
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } });
  const made = await world.ask('POST', '/v1/apps/own/machines', { token: world.token, body: plainMachine });
  machine = made.json.id;
  await waitFor(world, 'own', machine, 'started');
  const app = await world.ask('GET', '/v1/apps/own', { token: world.token });
  appId = BigInt(app.json.internal_numeric_id);
  await feed();
});
afterAll(async () => {
  await server.close();
  await world.close();
});

const as = (token: string, more: Record<string, string> = {}) => ({
  headers: { authorization: `FlyV1 ${token}`, ...more },
});
const getMachine = async (token = world.token): Promise<Answered> =>
  await server.ask(`/v1/apps/own/machines/${machine}`, as(token));

/** Whether a machine is answered for without a look at the rows and without the verifier being asked. */
const isByHeart = async (): Promise<boolean> => {
  const before = verifier.asked();
  asked.length = 0;
  await getMachine();
  return verifier.asked() === before && !asked.includes('environmentNamed');
};

describe('the direct door', () => {
  it('answers what is known by heart, and asks neither the rows nor the verifier', async () => {
    await feed();
    const first = await getMachine();
    expect(first.way).toBe('handed-over');
    // The second is new to what cleans, so that its machine is noted; the third is the same again.
    await getMachine();
    await gateway.idle();
    const before = verifier.asked();
    asked.length = 0;
    const third = await getMachine();
    await gateway.idle();
    expect(third.way).toBe('direct');
    expect(withoutTimes(third)).toEqual(withoutTimes(first));
    expect(asked).toEqual([]);
    expect(verifier.asked()).toBe(before);
    expect(third.body).not.toContain('hangar_env');
  });

  it('says for every request what the fetch door says, in status, headers and body', async () => {
    const targets = fc.constantFrom(
      `/v1/apps/own/machines/${machine}`,
      `/v1/apps/own/machines/${machine}/events`,
      `/v1/apps/own/machines/${machine}/events?limit=1`,
      `/v1/apps/own/machines/${machine}/versions`,
      `/v1/apps/own/machines/${machine}/metadata`,
      `/v1/apps/own/machines/${machine}/metadata/nothing`,
      `/v1/apps/own/machines/${machine}/lease`,
      `/v1/apps/own/machines/${machine}/wait?state=started&timeout=1`,
      `/v1/apps/own/machines/${machine}/wait?state=nonsense`,
      `/v1/apps/own/machines/${machine}/memory`,
      '/v1/apps/own/machines/148e212b012345',
      '/v1/apps/own/machines/..',
      '/v1/apps/own/machines',
      '/v1/apps/own/machines?state=started',
      '/v1/apps/own/machines?nothing=1',
      '/v1/apps/own/secrets',
      '/v1/apps/own/secrets?show_secrets=true',
      '/v1/apps/own/secrets/NOTHING',
      '/v1/apps/own/ip_assignments',
      '/v1/apps/own/volumes',
      '/v1/apps/own',
      '/v1/apps/nobodys/machines',
      '/v1/apps',
      '/v1/platform/regions',
      '/nowhere',
    );
    const own = world.workspace.number;
    const tokens = fc.constantFrom(
      world.token,
      mintToken(own, [{ type: 'Apps', apps: new Map([[appId, Action.read]]) }]),
      mintToken(own, [{ type: 'Apps', apps: new Map([[appId + 1n, Action.all]]) }]),
      mintToken(own, [{ type: 'Action', mask: Action.create }]),
      mintToken(own, [{ type: 'ValidityWindow', notBefore: 0n, notAfter: 1n }]),
      mintToken(own + 1n),
      'fm2_nonsense',
    );
    const headers = fc.constantFrom<Record<string, string>>(
      {},
      { accept: 'application/json' },
      { 'fly-machine-lease-nonce': 'abc' },
      { 'fly-machine-lease-nonce': 'not a nonce' },
      { 'content-encoding': 'gzip' },
      { cookie: 'a=b', 'fly-client-ip': '198.51.100.1', 'x-forwarded-for': '198.51.100.1' },
    );
    const ways = new Set<string>();
    await fc.assert(
      fc.asyncProperty(targets, tokens, headers, async (target, token, more) => {
        await feed();
        await server.ask(target, { ...as(token, more), both: false });
        const direct = await server.ask(target, as(token, more));
        const fetched = await server.ask(target, { ...as(token, more), both: false });
        ways.add(direct.way);
        expect(withoutTimes(direct)).toEqual(withoutTimes(fetched));
      }),
      { numRuns: 150 },
    );
    expect([...ways].sort()).toEqual(['direct', 'fetch', 'handed-over']);
  }, 120_000);

  it('leaves alone what may have a body, what asks for the head alone, and what writes', async () => {
    await feed();
    await getMachine();
    const target = `/v1/apps/own/machines/${machine}`;
    expect((await server.ask(target, { ...as(world.token), method: 'HEAD' })).way).toBe('fetch');
    expect((await server.ask(target, as(world.token, { 'content-length': '0' }))).way).toBe('fetch');
    expect((await server.ask(`${target}/cordon`, { ...as(world.token), method: 'POST' })).way).toBe('fetch');
    expect((await getMachine()).way).toBe('direct');
  });

  it('knows nothing by heart while the feed of changes is late', async () => {
    await feed();
    await getMachine();
    expect(await isByHeart()).toBe(true);
    elapsed += 751;
    expect(await isByHeart()).toBe(false);
    expect(await isByHeart()).toBe(false);
    await feed();
    expect(await isByHeart()).toBe(false);
    expect(await isByHeart()).toBe(true);
  });

  it('asks the verifier as soon as that knows the token no more', async () => {
    await feed();
    await getMachine();
    expect(await isByHeart()).toBe(true);
    verifier.forget();
    expect(await isByHeart()).toBe(false);
  });

  it('takes note of a machine after its answer, so that its running time is known', async () => {
    await feed();
    await getMachine();
    await world.ask('POST', `/v1/apps/own/machines/${machine}/stop`, { token: world.token });
    await waitFor(world, 'own', machine, 'stopped');
    expect((await world.store.machine(machine))?.state).toBe('started');
    const seen = await getMachine();
    expect(seen.way).toBe('direct');
    expect(JSON.parse(seen.body)).toMatchObject({ state: 'stopped' });
    await gateway.idle();
    expect((await world.store.machine(machine))?.state).toBe('stopped');
    expect((await world.store.latestInterval(machine))?.stoppedAt).toBeInstanceOf(Date);
  });

  it('refuses an app that another process has deleted, at the next look at the feed', async () => {
    await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'brief' } });
    const target = '/v1/apps/brief/machines';
    await feed();
    await server.ask(target, as(world.token));
    expect(await server.ask(target, as(world.token))).toMatchObject({ status: 200, way: 'direct' });
    const gone = await world.ask('DELETE', '/v1/apps/brief', { token: world.token });
    expect(gone.status).toBe(202);
    await feed();
    expect(await server.ask(target, as(world.token))).toMatchObject({ status: 404 });
  });

  it('refuses an app that this process has deleted, without waiting for the feed', async () => {
    await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'briefer' } });
    const target = '/v1/apps/briefer/machines';
    await feed();
    await server.ask(target, as(world.token));
    expect((await server.ask(target, as(world.token))).way).toBe('direct');
    await world.ask('DELETE', '/v1/apps/briefer', { token: world.token }, gateway);
    expect(await server.ask(target, as(world.token))).toMatchObject({ status: 404 });
  });

  it('refuses the apps of a workspace that another process has closed', async () => {
    const other = await world.openWorkspace('ext-closing');
    const token = mintToken(other.number);
    await world.ask('POST', '/v1/apps', { token, body: { name: 'closing' } });
    const target = '/v1/apps/closing/machines';
    await feed();
    await server.ask(target, as(token));
    expect((await server.ask(target, as(token))).way).toBe('direct');
    await world.store.closeWorkspace(other.number, world.simulator.clock.now());
    await feed();
    expect(await server.ask(target, as(token))).toMatchObject({ status: 410 });
  });
});

/** What differs between two calls upstream is not the door's doing. */
function withoutTimes({ status, body, headers }: Answered) {
  const { 'fly-request-id': id, ...others } = headers;
  return {
    status,
    headers: { ...others, hasRequestId: id !== undefined },
    body: body.replaceAll(/req_[a-z0-9]+/gi, ''),
  };
}
