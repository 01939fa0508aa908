import { afterEach, describe, expect, it } from 'vitest';
import { openWorld, plainMachine, type EnvironmentStore, type World } from './world.ts';

let world: World;
afterEach(async () => await world.close());

/** Rows of a process that stops right before an effect until it has heard that its lease is another one's. */
function suspended(store: EnvironmentStore) {
  let stopped: () => void = () => undefined;
  let goOn: () => void = () => undefined;
  const isStopped = new Promise<void>((resolve) => (stopped = resolve));
  const isLost = new Promise<void>((resolve) => (goOn = resolve));
  const rows: EnvironmentStore = {
    ...store,
    standing: async (id) => {
      stopped();
      await isLost;
      return await store.standing(id);
    },
    prolongOperation: async (wanted) => {
      const held = await store.prolongOperation(wanted);
      if (!held) setImmediate(goOn);
      return held;
    },
  };
  return { rows, isStopped };
}

describe('a process that was suspended while it worked for an Idempotency-Key', () => {
  it('sends nothing once another one works for the key', async () => {
    world = await openWorld();
    expect((await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } })).status).toBe(
      201,
    );
    const create = async (gateway = world.gateway) =>
      await world.ask(
        'POST',
        '/v1/apps/own/machines',
        { token: world.token, body: plainMachine, headers: { 'idempotency-key': 'once' } },
        gateway,
      );
    const { rows, isStopped } = suspended(world.store);
    const first = create(world.another({ store: rows }));
    await isStopped;
    world.simulator.clock.advance(13_000);
    const second = await create();
    expect(second.status).toBe(200);
    expect(await first).toMatchObject({ status: 409, json: { code: 'state_conflict' } });
    expect((await world.inventory()).machines).toMatchObject([{ id: second.json.id }]);
    expect((await create()).json).toEqual(second.json);
  }, 30_000);
});
