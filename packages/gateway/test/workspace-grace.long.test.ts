import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '@hangar/gateway';
import { switchOn, withFault } from '../../../test/harness/mishaps.ts';
import { dyingStore } from './dying.ts';
import { mintToken } from './verifier.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

const GRACE_MS = 72 * 3_600_000;

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

const recover = async (at: World = world) =>
  await at.gateway.tasks.find(({ name }) => name === 'gateway-recovery')?.run(new AbortController().signal);

it('an environment that is being made does not keep the others from being shut off', async () => {
  const { number } = await world.openWorkspace('ext-busy');
  const token = mintToken(number);
  const stuck = dyingStore(world.store, [1, 'before']);
  await world.ask(
    'POST',
    '/v1/apps',
    { token, body: { name: 'stuck' } },
    world.another({ store: stuck.store }),
  );
  stuck.expectDead();
  await world.ask('POST', '/v1/apps', { token, body: { name: 'after' } });
  const ending = world.gateway.environments.quarantineAll(
    number,
    new Date(world.simulator.clock.nowMs() + GRACE_MS),
  );
  await expect(ending).rejects.toMatchObject({
    code: 'upstream_failed',
    detail: 'still to be shut off: stuck',
  });
  const rows = await world.store.environmentsOf(number, new Date(0));
  const phases = new Map(rows.map(({ name, phase }) => [name, phase]));
  expect(phases.get('stuck')).toBe('provisioning');
  expect((await world.store.environmentNamed('after'))?.phase).toBe('quarantined');
  world.simulator.clock.advance(20_000);
  await world.gateway.environments.deleteAll(number);
  expect((await world.inventory()).apps.map(({ name }) => name)).toEqual(['own']);
});

it('an extension that ends shuts off its environments, stops their machines, and keeps the data for the grace', async () => {
  const { number } = world.workspace;
  const deleteAfter = new Date(world.simulator.clock.nowMs() + GRACE_MS);
  // The process dies in the middle; the provider asks again, and nothing is moved by that.
  const dying = dyingStore(world.store, [2, 'before']);
  await expect(
    world.another({ store: dying.store }).environments.quarantineAll(number, deleteAfter),
  ).rejects.toMatchObject({ code: 'upstream_failed' });
  dying.expectDead();
  world.simulator.clock.advance(20_000);
  await world.gateway.environments.quarantineAll(number, new Date(deleteAfter.getTime() + 60_000));
  const [row] = await world.store.environmentsOf(number);
  expect(row).toMatchObject({ phase: 'quarantined', deleteAfter });
  const shown = await world.inventory();
  expect(shown.access_keys.filter(({ name }) => name.startsWith('hgr-'))).toMatchObject([
    { status: 'Inactive' },
  ]);
  expect(shown.machines).toMatchObject([{ id: machine, state: expect.stringMatching(/^stopp(?:ing|ed)$/) }]);
  expect((await world.ask('GET', '/v1/apps', { token: world.token })).status).toBe(410);

  world.simulator.clock.advance(GRACE_MS - 60_000);
  await recover();
  expect((await world.inventory()).buckets).toHaveLength(1);
  world.simulator.clock.advance(60_000);
  await recover();
  expect(await world.inventory()).toMatchObject({ apps: [], machines: [], buckets: [], policies: [] });
});

describe('machines of an extension that ended', () => {
  const GRACE_MINUTES = GRACE_MS / 60_000;
  const policy = { ...DEFAULT_POLICY, deleteGraceSeconds: GRACE_MS / 1000 };
  const LAUNCH_MS = 30_000;
  const delays = { launch: LAUNCH_MS, start: 1, stop: 1, suspend: 1, replace: 1, destroy: 1 };
  const failing = { door: 'machines', kind: 'status', status: 500 } as const;
  const stop = { ...failing, method: 'POST', route: '/v1/apps/*/machines/*/stop' };
  const list = { ...failing, method: 'GET', route: '/v1/apps/*/machines' };

  let ended: World;
  beforeEach(async () => {
    ended = await openWorld({ gateway: { policy }, simulator: { delays } });
    await ask('POST', '/v1/apps', { name: 'own' });
  });
  afterEach(async () => await ended.close());

  const ask = async (method: string, target: string, body?: unknown) =>
    await ended.ask(method, target, { token: ended.token, body });
  const create = async (): Promise<string> =>
    (await ask('POST', '/v1/apps/own/machines', plainMachine)).json.id;
  const started = async (): Promise<string> => {
    const id = await create();
    ended.simulator.clock.advance(LAUNCH_MS);
    await waitFor(ended, 'own', id, 'started');
    return id;
  };
  const end = async (): Promise<void> =>
    await ended.gateway.environments.quarantineAll(
      ended.workspace.number,
      new Date(ended.simulator.clock.nowMs() + GRACE_MS),
    );
  const recoverAfter = async (minutes: number): Promise<void> => {
    ended.simulator.clock.advance(minutes * 60_000 + 1_000);
    await recover(ended);
  };
  const states = async () => (await ended.inventory()).machines.map(({ state }) => state);
  const looks = () => ended.seen.filter((seen) => seen === 'GET /v1/apps/own/machines').length;

  it.each([
    {
      case: 'that is just being started',
      strike: async () => {
        await create();
        await end();
      },
    },
    {
      case: 'that will not stop',
      strike: async () => {
        await started();
        await withFault(ended.simulator, stop, end);
      },
    },
    {
      case: 'that cannot be seen',
      strike: async () => {
        await started();
        await withFault(ended.simulator, list, end);
      },
    },
    {
      case: 'whose creation was allowed before the end and comes after it',
      strike: async () => {
        await end();
        expect((await ended.machines.createMachine('own', plainMachine)).ok).toBe(true);
      },
    },
  ])('stops a machine $case within minutes', async ({ strike }) => {
    await strike();
    expect((await ended.inventory()).access_keys.filter(({ status }) => status === 'Active')).toEqual([]);
    ended.simulator.clock.advance(LAUNCH_MS);
    await expect.poll(states).toEqual(['started']);
    await recoverAfter(1);
    await recoverAfter(1);
    expect(await states()).toEqual(['stopped']);
  });

  it('stops at once what was let run on when its user deleted it', async () => {
    await started();
    expect((await ask('DELETE', '/v1/apps/own')).status).toBe(202);
    expect(await states()).toEqual(['started']);
    await end();
    await expect.poll(states).toEqual(['stopped']);
  });

  it('looks no more once all of them rested for a minute after the end', async () => {
    await started();
    await end();
    await recoverAfter(1);
    const last = looks();
    await recoverAfter(1);
    await recoverAfter(1);
    expect(looks()).toBe(last);
  });

  it('deletes them when the grace is over, whether they stopped or not', async () => {
    await started();
    const refused = switchOn(ended.simulator, stop);
    await end();
    await recoverAfter(GRACE_MINUTES / 2);
    await recoverAfter(GRACE_MINUTES / 2);
    refused.expectStruck();
    expect(await ended.inventory()).toMatchObject({ apps: [], machines: [], buckets: [] });
  });

  it('costs nothing from their stop on, though no event tells of it', async () => {
    await started();
    const from = ended.simulator.clock.now();
    await end();
    await expect.poll(states).toEqual(['stopped']);
    ended.simulator.clock.advance(5 * 3_600_000);
    const sweep = ended.gateway.tasks.find(({ name }) => name === 'gateway-power');
    await sweep?.run(new AbortController().signal);
    const wanted = { workspace: ended.workspace.number, from, to: ended.simulator.clock.now() };
    const records = await ended.gateway.environments.usage(wanted);
    const seconds = records.filter(({ meter }) => meter === 'compute.vcpu_seconds');
    expect(seconds.reduce((sum, { quantity }) => sum + quantity, 0)).toBeLessThan(600);
  });
});
