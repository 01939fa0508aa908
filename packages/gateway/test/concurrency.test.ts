import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '@hangar/gateway';
import { dyingStore } from './dying.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const create = async (name: string, gateway = world.gateway) =>
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name } }, gateway);

describe('requests at the same time', () => {
  it('for one name through two processes make one app; both hear of it', async () => {
    const [here, there] = await Promise.all([create('own'), create('own', world.another())]);
    expect([here.status, there.status]).toEqual([201, 201]);
    expect(there.json).toEqual(here.json);
    const found = await world.inventory();
    expect(found.apps).toHaveLength(1);
    expect(found.buckets).toHaveLength(1);
    expect(found.access_keys.filter(({ name }) => name.startsWith('hgr-'))).toHaveLength(1);
  });

  it('for the last place of a quota get it once', async () => {
    const tight = world.another({ policy: { ...DEFAULT_POLICY, maxEnvironments: 3 } });
    const answers = await Promise.all(
      ['a1', 'a2', 'a3', 'a4', 'a5'].map(async (name) => await create(name, tight)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    for (const { status, json } of answers) if (status !== 201) expect(json.code).toBe('policy_denied');
    expect((await world.inventory()).apps).toHaveLength(3);
  });

  it('to delete one app are both accepted, and it is deleted once', async () => {
    const target = '/v1/apps/own';
    const both = await Promise.all([
      world.ask('DELETE', target, { token: world.token }),
      world.ask('DELETE', target, { token: world.token }, world.another()),
    ]);
    for (const { status } of both) expect([202, 404]).toContain(status);
    expect(both.some(({ status }) => status === 202)).toBe(true);
    expect((await world.inventory()).apps.map(({ name }) => name)).not.toContain('own');
  });

  it('while an app is deleted find nothing below it', async () => {
    expect((await create('brief')).status).toBe(201);
    const [deleted, machine] = await Promise.all([
      world.ask('DELETE', '/v1/apps/brief', { token: world.token }),
      world.ask('POST', '/v1/apps/brief/machines', { token: world.token, body: plainMachine }),
    ]);
    expect(deleted.status).toBe(202);
    expect([200, 404, 504]).toContain(machine.status);
    expect((await world.inventory()).machines).toEqual([]);
  });

  it('of the recovery task in two processes finish a dead creation once', async () => {
    const dying = dyingStore(world.store, [1, 'before']);
    expect((await create('dead', world.another({ store: dying.store }))).status).toBe(500);
    dying.expectDead();
    world.simulator.clock.advance(61_000);
    const tasks = [world.gateway, world.another()].flatMap(({ tasks: all }) =>
      all.filter(({ name }) => name === 'gateway-recovery'),
    );
    await Promise.all(tasks.map(async (task) => await task.run(new AbortController().signal)));
    const found = await world.inventory();
    expect(found.apps.filter(({ name }) => name === 'dead')).toHaveLength(1);
    expect(found.buckets).toHaveLength(found.apps.length);
    expect(found.policies).toHaveLength(found.apps.length);
    expect(found.access_keys.filter(({ name }) => name.startsWith('hgr-'))).toHaveLength(found.apps.length);
  });
});

describe('the end of an environment', () => {
  it('locks machines before their running times, as a machine that is saved does', async (context) => {
    const { database, store } = world;
    // PGlite has one connection: nobody waits for anybody.
    if (!database.concurrent) context.skip();
    await create('locked');
    const environment = (await store.environmentNamed('locked'))?.id ?? '';
    const made = await world.ask('POST', '/v1/apps/locked/machines', {
      token: world.token,
      body: plainMachine,
    });
    const { id } = made.json;
    await waitFor(world, 'locked', id, 'started');
    await world.gateway.environments.observe({ machine_id: id });
    expect(await store.latestInterval(id)).toMatchObject({ stoppedAt: undefined });
    const other = await database.another();
    let closing: Promise<void> | undefined;
    await other.db.transaction(async (tx) => {
      await tx.execute(sql`select 1 from gateway_machines where id = ${id} for update`);
      closing = store.closeMachines(environment, world.simulator.clock.now());
      const waiting = `select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      while ((await database.execute(waiting)).rows.length === 0);
      await tx.execute(sql`select 1 from gateway_intervals where machine = ${id} for update nowait`);
    });
    await closing;
    await other.close();
    expect((await store.latestInterval(id))?.stoppedAt).toBeDefined();
  });
});
