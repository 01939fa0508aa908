import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOMBSTONE_MS } from '../src/making/pruning.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

const DAY_MS = 86_400_000;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const prune = async () =>
  await world.gateway.tasks.find(({ name }) => name === 'gateway-pruning')?.run(new AbortController().signal);
const count = async (table: string): Promise<number> => {
  const { rows } = await world.database.execute(`select count(*)::int as count from ${table}`);
  return (rows[0] as { count: number }).count;
};
const counts = async (...tables: string[]) =>
  await Promise.all(tables.map(async (table) => await count(`gateway_${table}`)));
const ask = async (method: string, target: string, body?: unknown, headers = {}) =>
  await world.ask(method, target, { token: world.token, body, headers });

describe('what a tenant leaves behind', () => {
  it('is forgotten at its age, and running times are billed as before', async () => {
    const from = world.simulator.clock.now();
    await ask('POST', '/v1/apps', { name: 'own' });
    await ask('POST', '/v1/apps', { name: 'living' });
    const made = await ask('POST', '/v1/apps/own/machines', plainMachine, { 'idempotency-key': 'once' });
    await waitFor(world, 'own', made.json.id, 'started');
    await world.gateway.environments.observe({ machine_id: made.json.id });
    await ask('POST', '/v1/apps/own/volumes', { name: 'data', region: 'fra', size_gb: 1 });
    world.simulator.clock.advance(3_600_000);
    await ask('DELETE', '/v1/apps/own');
    const to = world.simulator.clock.now();
    const usage = async () =>
      await world.gateway.environments.usage({ workspace: world.workspace.number, from, to });
    const billed = await usage();
    expect(billed).not.toEqual([]);
    expect(await counts('environments', 'machines', 'volumes', 'operations', 'intervals')).toEqual([
      2, 1, 1, 1, 1,
    ]);

    world.simulator.clock.advance(31 * DAY_MS);
    await prune();
    expect(await counts('environments', 'machines', 'operations', 'intervals')).toEqual([2, 0, 0, 1]);
    expect(await usage()).toEqual(billed);

    world.simulator.clock.advance(TOMBSTONE_MS - 32 * DAY_MS);
    await prune();
    expect(await counts('environments', 'intervals')).toEqual([2, 1]);
    world.simulator.clock.advance(2 * DAY_MS);
    await prune();
    expect(await counts('environments', 'machines', 'volumes', 'intervals')).toEqual([1, 0, 0, 1]);
    expect(await usage()).toEqual(billed);
    expect((await ask('GET', '/v1/apps/living')).status).toBe(200);
  });

  it('goes with its workspace, once that is closed for as long', async () => {
    const closed = await world.openWorkspace('ext-closed');
    const opened = await world.openWorkspace('ext-open');
    await world.gateway.environments.deleteAll(closed.number);
    world.simulator.clock.advance(TOMBSTONE_MS + DAY_MS);
    await prune();
    expect(await world.store.workspace(closed.number)).toBeUndefined();
    expect(await world.store.workspace(opened.number)).toBeDefined();
    expect(await world.store.workspace(world.workspace.number)).toBeDefined();
  });
});
