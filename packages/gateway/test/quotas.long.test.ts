import { afterEach, describe, expect, it } from 'vitest';
import { createGatewayStore } from '../../store/src/adapters/gateway/gateway.ts';
import type { TestDatabase } from '../../../test/harness/database.ts';
import { DEFAULT_POLICY, type EnvironmentPolicy, type Gateway } from '@hangar/gateway';
import { openWorld, plainMachine, type Reply, type World } from './world.ts';

let world: World;
let second: Awaited<ReturnType<TestDatabase['another']>>;

/** Two gateways over the same rows, each with connections of its own where the database can give them. */
async function openPair(policy: Partial<EnvironmentPolicy>): Promise<readonly Gateway[]> {
  world = await openWorld({
    gateway: { policy: { ...DEFAULT_POLICY, ...policy } },
  });
  second = await world.database.another();
  const { status } = await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'crowd' } });
  expect(status).toBe(201);
  return [world.gateway, world.another({ store: createGatewayStore(second.db) })];
}

afterEach(async () => {
  await second.close();
  await world.close();
});

/** Sends the same many times at once, half of them through each gateway. */
async function atOnce(gateways: readonly Gateway[], times: number, target: string, body: unknown) {
  return await Promise.all(
    Array.from(
      { length: times },
      async (_, at) =>
        await world.ask('POST', target, { token: world.token, body }, gateways[at % gateways.length]),
    ),
  );
}

function refusals(replies: readonly Reply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, json } of replies) {
    const key =
      status === 200 ? 'made' : `${status} ${json.code} ${String((json as { rule?: string }).rule)}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

describe('quotas of an environment, raced over two processes', () => {
  it('never lets a machine too many be made', async () => {
    const gateways = await openPair({ maxMachinesPerEnvironment: 10 });
    // The embedded database takes one statement at a time: more requests would only wait longer.
    const times = world.database.concurrent ? 100 : 30;
    const replies = await atOnce(gateways, times, '/v1/apps/crowd/machines', plainMachine);
    // A busy machine may lose an answer: its place stays taken, and nobody else gets it.
    expect(refusals(replies)['403 policy_denied machines.max_per_environment']).toBe(times - 10);
    expect((await world.inventory()).machines.length).toBeLessThanOrEqual(10);
    expect(refusals(replies)['made']).toBeGreaterThan(5);
  });

  it('never lets a volume too many be made, nor too many gigabytes, and counts them', async () => {
    const gateways = await openPair({ maxVolumesPerEnvironment: 6, maxTotalVolumeGb: 40 });
    const volume = { name: 'data', region: 'fra', size_gb: 10 };
    const large = await atOnce(gateways, 30, '/v1/apps/crowd/volumes', volume);
    // Between its row and the end of its hold a volume counts twice, so either limit may be the one that is named.
    const { made, ...refused } = refusals(large);
    expect(made).toBe(4);
    expect(Object.values(refused).reduce((sum, count) => sum + count, 0)).toBe(26);
    for (const refusal of Object.keys(refused))
      expect(refusal).toMatch(/^403 policy_denied volumes\.max_(?:total_gb|per_environment)$/);
    expect((await world.inventory()).volumes).toHaveLength(4);
    const [some] = (await world.inventory()).volumes;
    const extend = async (size: number) =>
      await world.ask('PUT', `/v1/apps/crowd/volumes/${some?.id}/extend`, {
        token: world.token,
        body: { size_gb: size },
      });
    expect((await extend(11)).json).toMatchObject({ code: 'policy_denied', rule: 'volumes.max_total_gb' });

    const counted = async () =>
      ((await world.ask('GET', '/v1/apps/crowd', { token: world.token })).json as { volume_count?: number })
        .volume_count;
    expect(await counted()).toBe(4);
    await world.ask('DELETE', `/v1/apps/crowd/volumes/${some?.id}`, { token: world.token });
    expect(await counted()).toBe(3);
    const small = await atOnce(gateways, 20, '/v1/apps/crowd/volumes', { ...volume, size_gb: 1 });
    expect(refusals(small)).toEqual({ made: 3, '403 policy_denied volumes.max_per_environment': 17 });
    const mounting = {
      ...plainMachine,
      config: { ...plainMachine.config, mounts: [{ path: '/d', name: 'data', size_gb: 8 }] },
    };
    const mounted = await world.ask('POST', '/v1/apps/crowd/machines', {
      token: world.token,
      body: mounting,
    });
    expect(mounted.json).toMatchObject({ code: 'policy_denied', rule: 'volumes.max_per_environment' });
  });

  it('never lets an address too many be assigned, and counts those that were there before', async () => {
    const gateways = await openPair({ maxAddressesPerEnvironment: 4 });
    const target = '/v1/apps/crowd/ip_assignments';
    const replies = await atOnce(gateways, 20, target, { type: 'private_v6' });
    // The app's own private address is the first of the four.
    expect(refusals(replies)).toEqual({ made: 3, '403 policy_denied addresses.max_per_environment': 17 });
  });
});

describe('a volume that grows by itself', () => {
  const growing = (volume: string, more: Record<string, unknown>) => ({
    config: {
      ...plainMachine.config,
      mounts: [{ path: '/d', volume, extend_threshold_percent: 80, add_size_gb: 5, ...more }],
    },
  });
  const post = async (target: string, body: unknown) =>
    await world.ask('POST', `/v1/apps/crowd/${target}`, { token: world.token, body });

  it('says how far, and counts with that at create and at update', async () => {
    await openPair({ maxTotalVolumeGb: 40 });
    const { id: volume } = (await post('volumes', { name: 'data', region: 'fra', size_gb: 10 })).json;
    expect(await post('machines', growing(volume, {}))).toMatchObject({
      status: 422,
      json: { fields: { 'config.mounts[0].size_gb_limit': expect.stringContaining('from 1 to 500') } },
    });
    expect((await post('machines', growing(volume, { size_gb_limit: 41 }))).json).toMatchObject({
      rule: 'volumes.max_total_gb',
    });
    const made = await post('machines', growing(volume, { size_gb_limit: 40 }));
    expect(made.status).toBe(200);
    expect((await post(`machines/${made.json.id}`, growing(volume, {}))).status).toBe(422);
    expect((await post('volumes', { name: 'data', region: 'fra', size_gb: 1 })).json).toMatchObject({
      rule: 'volumes.max_total_gb',
    });
  });
});

describe('a limit that a volume does not have any more', () => {
  const post = async (target: string, body: unknown) =>
    await world.ask('POST', `/v1/apps/crowd/${target}`, { token: world.token, body });
  const volume = { name: 'data', region: 'fra', size_gb: 10 };
  const mounting = (id: string, more: Record<string, unknown>) => ({
    config: { ...plainMachine.config, mounts: [{ path: '/d', volume: id, ...more }] },
  });

  it('is not counted, once the mount has none or the machine is gone', async () => {
    await openPair({ maxTotalVolumeGb: 40 });
    const { id } = (await post('volumes', volume)).json;
    const growing = mounting(id, { extend_threshold_percent: 80, add_size_gb: 5, size_gb_limit: 40 });
    const { id: machine } = (await post('machines', growing)).json;
    expect((await post('volumes', volume)).status).toBe(403);
    expect((await post(`machines/${machine}`, mounting(id, {}))).status).toBe(200);
    expect((await post('volumes', volume)).status).toBe(200);

    const grown = mounting(id, { extend_threshold_percent: 80, add_size_gb: 5, size_gb_limit: 30 });
    expect((await post(`machines/${machine}`, grown)).status).toBe(200);
    const target = `/v1/apps/crowd/machines/${machine}?force=true`;
    expect((await world.ask('DELETE', target, { token: world.token })).status).toBe(200);
    // Upstream's list may be behind for a minute.
    expect((await post('volumes', volume)).status).toBe(403);
    world.simulator.clock.advance(61_000);
    expect((await post('volumes', volume)).status).toBe(200);
  });
});

describe('what ended without a note of it', () => {
  const post = async (target: string, body: unknown) =>
    await world.ask('POST', `/v1/apps/crowd/${target}`, { token: world.token, body });
  const volume = { name: 'data', region: 'fra', size_gb: 10 };
  const behind = async (method: string, path: string) => {
    const { ok } = await world.machines.send({ method, path });
    expect(ok).toBe(true);
  };

  it('takes no place for ever: upstream is asked before a volume or an address is refused', async () => {
    await openPair({ maxVolumesPerEnvironment: 2, maxTotalVolumeGb: 20, maxAddressesPerEnvironment: 2 });
    const first = (await post('volumes', volume)).json.id;
    expect((await post('volumes', volume)).status).toBe(200);
    const address = (await post('ip_assignments', { type: 'private_v6' })).json as { ip?: string };
    world.simulator.clock.advance(61_000);
    expect((await post('volumes', volume)).status).toBe(403);
    expect((await post('ip_assignments', { type: 'private_v6' })).status).toBe(403);
    await behind('DELETE', `/v1/apps/crowd/volumes/${first}`);
    await behind('DELETE', `/v1/apps/crowd/ip_assignments/${address.ip}`);

    // Whoever asks again and again makes nobody list again and again.
    const listed = () =>
      world.seen.filter((line) => /^GET .*crowd\/(volumes|ip_assignments)$/.test(line)).length;
    const before = listed();
    expect((await post('volumes', volume)).status).toBe(403);
    expect(listed()).toBe(before);

    world.simulator.clock.advance(61_000);
    expect((await post('volumes', volume)).status).toBe(200);
    expect((await post('ip_assignments', { type: 'private_v6' })).status).toBe(200);
    expect((await post('volumes', volume)).status).toBe(403);
  });

  it('is noted when its deletion is repeated after a lost answer', async () => {
    await openPair({});
    const { id } = (await post('volumes', volume)).json;
    world.simulator.clock.advance(61_000);
    const remove = async () =>
      (await world.ask('DELETE', `/v1/apps/crowd/volumes/${id}`, { token: world.token })).status;
    await behind('DELETE', `/v1/apps/crowd/volumes/${id}`);
    const app = async () => (await world.ask('GET', '/v1/apps/crowd', { token: world.token })).json;
    expect(await app()).toMatchObject({ volume_count: 1 });
    expect(await remove()).toBe(404);
    expect(await app()).toMatchObject({ volume_count: 0 });
  });

  it('does not come back because a list is behind', async () => {
    await openPair({});
    const { id } = (await post('volumes', volume)).json;
    const environment = (await world.store.environmentNamed('crowd'))?.id ?? '';
    const at = world.simulator.clock.now();
    await world.store.volumeGone(id, at);
    const counted = async (listedAt: Date) => {
      const seen = { kind: 'volumes', volumes: [{ id, sizeGb: 10, isMounted: false }] } as const;
      await world.store.recount({ environment, listedAt, now: listedAt, seen });
      return (await world.store.volumeCounts([environment])).get(environment);
    };
    expect(await counted(new Date(at.getTime() + 30_000))).toBe(undefined);
    expect(await counted(new Date(at.getTime() + 61_000))).toBe(1);
  });
});

describe('places that nobody gave back', () => {
  it('are held for their time, and then upstream is asked what there is', async () => {
    const [gateway] = await openPair({ maxMachinesPerEnvironment: 2, maxVolumesPerEnvironment: 2 });
    const environment = await world.store.environmentNamed('crowd');
    const now = world.simulator.clock.now();
    // As a process leaves it that is killed between the reservation and the call.
    for (const kind of ['machines', 'volumes'] as const) {
      await world.store.reservePlaces({
        id: `dead-${kind}`,
        environment: environment?.id ?? '',
        wishes: [{ kind, count: 2, most: 2 }],
        now,
        until: new Date(now.getTime() + 120_000),
        counted: true,
      });
    }
    const make = async (what: string, body: unknown) =>
      (await world.ask('POST', `/v1/apps/crowd/${what}`, { token: world.token, body }, gateway)).status;
    const volume = { name: 'data', region: 'fra', size_gb: 1 };
    expect(await make('machines', plainMachine)).toBe(403);
    expect(await make('volumes', volume)).toBe(403);
    // One machine and one volume had been made all the same; nobody here has seen them.
    await world.machines.createMachine('crowd', plainMachine);
    await world.machines.send({
      method: 'POST',
      path: '/v1/apps/crowd/volumes',
      body: JSON.stringify(volume),
    });
    world.simulator.clock.advance(121_000);
    expect([await make('machines', plainMachine), await make('machines', plainMachine)]).toEqual([200, 403]);
    expect([await make('volumes', volume), await make('volumes', volume)]).toEqual([200, 403]);
    expect((await world.inventory()).machines).toHaveLength(2);
    expect((await world.inventory()).volumes).toHaveLength(2);
  });
});
