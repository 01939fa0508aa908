import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorld, order, type World } from './world/world.ts';

const DAY = 86_400;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const count = async (table: string): Promise<number> => {
  const { rows } = await world.database.execute(`select count(*)::int as count from ${table}`);
  return (rows[0] as { count: number }).count;
};
const counts = async () =>
  await Promise.all(
    ['extensions', 'organizations', 'users', 'memberships', 'outbox', 'deliveries', 'request_nonces'].map(
      count,
    ),
  );
const create = async (members: Record<string, unknown>) =>
  await world.send(world.draft({ method: 'POST', path: '/extensions', members }));

test('a tombstone and its accounts are forgotten after 400 days, and its id may be used again', async () => {
  const mine = order({ organization_id: 'org-left', user_id: 'user-left' });
  const { id } = (await create(mine)).json;
  const living = (await create(order())).json.id;
  await world.provider.extensions.setStatus(id, 'sleeping');
  await world.idle();
  await world.remove(id);
  expect(await counts()).toEqual([2, 2, 2, 2, 1, 1, 3]);

  world.clock.advance(399 * DAY);
  await world.run('sweep');
  expect(await counts()).toEqual([2, 2, 2, 2, 0, 0, 0]);
  expect((await create(mine)).status).toBe(409);

  world.clock.advance(402 * DAY);
  await world.run('sweep');
  expect(await counts()).toEqual([1, 1, 1, 1, 0, 0, 0]);
  expect((await world.get(living)).status).toBe(200);
  expect((await create(mine)).status).toBe(201);
});
