import { afterAll, beforeAll, expect, it } from 'vitest';
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

const recover = async () =>
  await world.gateway.tasks
    .find(({ name }) => name === 'gateway-recovery')
    ?.run(new AbortController().signal);

it('an environment that is being made does not keep the others from being shut off (G-13)', async () => {
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
