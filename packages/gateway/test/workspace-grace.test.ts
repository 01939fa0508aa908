import { afterAll, beforeAll, expect, it } from 'vitest';
import { dyingStore } from './dying.ts';
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

const recover = async () =>
  await world.gateway.tasks
    .find(({ name }) => name === 'gateway-recovery')
    ?.run(new AbortController().signal);

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
