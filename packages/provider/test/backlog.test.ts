import { readBacklog } from '@hangar/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorld, type World } from './world/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const webhooks = async () => (await readBacklog(world.database.db)).find(({ queue }) => queue === 'webhooks');

test('what waits for Fly.io is counted with the age of the oldest, and forgotten once it was sent', async () => {
  const id = (await world.create()).json['id'] as string;
  await world.provider.idle();
  await world.database.execute('delete from outbox');
  expect(await webhooks()).toEqual({ queue: 'webhooks', waiting: 0, since: undefined });

  world.receiver.answers = [500, 500];
  await world.provider.extensions.setStatus(id, 'sleeping');
  await world.provider.idle();
  const first = world.clock.now();
  world.clock.advance(1);
  await world.provider.extensions.setStatus(id, 'ready');
  await world.provider.idle();
  expect(await webhooks()).toEqual({ queue: 'webhooks', waiting: 2, since: first });

  world.receiver.answers = [];
  for (let hour = 0; hour < 3; hour += 1) {
    world.clock.advance(3_600);
    await world.run('webhooks');
  }
  expect(world.receiver.received.length).toBeGreaterThan(2);
  expect(await webhooks()).toMatchObject({ waiting: 0, since: undefined });
  expect((await readBacklog(world.database.db)).map(({ queue }) => queue).sort()).toEqual([
    'machine_events',
    'webhooks',
  ]);
});
