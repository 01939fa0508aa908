import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EnvironmentStore } from '@hangar/gateway';
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

/** A gateway whose clock stands still, and how often it asked its rows for what during one request. */
async function looksOf(method: string, target: string, body?: unknown, stalledMs = 0) {
  let now = world.simulator.clock.now();
  const looks: Record<string, number> = {};
  const counting = new Proxy<EnvironmentStore>(world.store, {
    get:
      (store, name: keyof EnvironmentStore) =>
      async (...given: unknown[]): Promise<unknown> => {
        looks[name] = (looks[name] ?? 0) + 1;
        const found: unknown = await Reflect.apply(store[name] as () => unknown, store, given);
        // The environment is known by then, and the request waits.
        if (name === 'workspace') now = new Date(now.getTime() + stalledMs);
        return found;
      },
  });
  const gateway = world.another({ store: counting, now: () => now });
  const answer = await world.ask(method, target, { token: world.token, body }, gateway);
  expect(answer.status).toBe(200);
  return looks;
}

it('a read that goes straight through does not look at its environment again before its call', async () => {
  const looks = await looksOf('GET', `/v1/apps/own/machines/${machine}/metadata`);
  expect(looks).toEqual({ environmentNamed: 1, workspace: 1, machine: 1 });
});

it('a read that waited looks again', async () => {
  const looks = await looksOf('GET', `/v1/apps/own/machines/${machine}/metadata`, undefined, 500);
  expect(looks).toMatchObject({ standing: 1 });
});

it('a change looks again right before its effect, however short its way was', async () => {
  const looks = await looksOf('POST', '/v1/apps/own/machines', plainMachine);
  expect(looks).toMatchObject({ standing: 1 });
});
