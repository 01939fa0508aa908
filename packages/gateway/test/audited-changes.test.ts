import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '@hangar/gateway';
import { readGatewayAudit } from '../../store/src/adapters/gateway/audit.ts';
import { dyingStore } from './dying.ts';
import { openWorld, plainMachine, type World } from './world.ts';

let world: World;
beforeEach(async () => void (world = await openWorld()));
afterEach(async () => await world.close());

const create = async (gateway = world.gateway) =>
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } }, gateway);

/** What the trail says of one kind of change, oldest first. */
async function trail(action: string) {
  await world.gateway.idle();
  const all = await readGatewayAudit(world.database.db, { workspace: world.workspace.number, limit: 100 });
  return all
    .filter((row) => row.action === action)
    .map(({ outcome, status }) => [outcome, status])
    .reverse();
}

const environment = async () => (await world.store.environmentsOf(world.workspace.number))[0];

/** A database that takes everything but rows of the audit trail. */
async function withoutTrail<T>(run: () => Promise<T>): Promise<T> {
  await world.database.execute(
    `create function refused() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
     create trigger refused before insert or update on gateway_audit for each row execute function refused()`,
  );
  try {
    return await run();
  } finally {
    await world.database.execute('drop trigger refused on gateway_audit; drop function refused()');
  }
}

describe('the row of a change of our own', () => {
  it('is one for each change, and ends with its answer', async () => {
    expect((await create()).status).toBe(201);
    expect((await create()).status).toBe(422);
    expect((await world.ask('DELETE', '/v1/apps/own', { token: world.token })).status).toBe(202);
    expect(await trail('apps.create')).toEqual([
      ['ok', 201],
      ['name_taken', 422],
    ]);
    expect(await trail('apps.delete')).toEqual([['ok', 202]]);
  });

  it('is there when the process dies in the middle, and says that nobody was answered', async () => {
    const dying = dyingStore(world.store, [3, 'before']);
    await create(world.another({ store: dying.store }));
    dying.expectDead();
    expect(await environment()).toMatchObject({ phase: 'provisioning' });
    expect(await trail('apps.create')).toEqual([['begun', 0]]);

    world.simulator.clock.advance(61_000);
    expect((await create()).status).toBe(201);
    expect(await trail('apps.create')).toEqual([
      ['begun', 0],
      ['ok', 201],
    ]);
    const deleting = dyingStore(world.store, [1, 'before']);
    await world.ask(
      'DELETE',
      '/v1/apps/own',
      { token: world.token },
      world.another({ store: deleting.store }),
    );
    deleting.expectDead();
    expect(await environment()).toMatchObject({ phase: 'deleting' });
    expect(await trail('apps.delete')).toEqual([['begun', 0]]);
  });

  it('keeps the change from happening when it cannot be written', async () => {
    expect((await withoutTrail(create)).status).toBe(500);
    expect(await environment()).toBeUndefined();
    expect((await world.inventory()).buckets).toEqual([]);
    expect((await create()).status).toBe(201);
    const doomed = async () => await world.ask('DELETE', '/v1/apps/own', { token: world.token });
    expect((await withoutTrail(doomed)).status).toBe(500);
    expect(await environment()).toMatchObject({ phase: 'ready' });
  });

  it('is there for a deletion in its grace, and for the undoing of it', async () => {
    const policy = { ...DEFAULT_POLICY, deleteGraceSeconds: 600 };
    const gateway = world.another({ policy });
    const id = (await world.ask('POST', '/hangar/v1/environments', {
      token: world.token,
      body: { name: 'own' },
    })) as { json: { id: string } };
    const undelete = `/hangar/v1/environments/${id.json.id}/undelete`;
    const kill = async (method: string, target: string) => {
      const dying = dyingStore(world.store, [2, 'before']);
      await world.ask(method, target, { token: world.token }, world.another({ store: dying.store, policy }));
      dying.expectDead();
      world.simulator.clock.advance(61_000);
    };
    await kill('DELETE', '/v1/apps/own');
    expect(await environment()).toMatchObject({ phase: 'quarantined' });
    expect(await trail('apps.delete')).toEqual([['begun', 0]]);
    await kill('POST', undelete);
    expect(await trail('environments.undelete')).toEqual([['begun', 0]]);
    expect((await world.ask('POST', undelete, { token: world.token }, gateway)).status).toBe(200);
    expect(await trail('environments.undelete')).toEqual([
      ['begun', 0],
      ['ok', 200],
    ]);
  });
});

describe('the row of a change under an Idempotency-Key', () => {
  it('is committed with the kept answer, or neither is', async () => {
    await create();
    const make = async () =>
      await world.ask('POST', '/v1/apps/own/machines', {
        token: world.token,
        body: plainMachine,
        headers: { 'idempotency-key': 'once' },
      });
    const states = async () =>
      (await world.database.execute('select state, status from gateway_operations')).rows;
    expect((await withoutTrail(make)).status).toBe(500);
    expect(await states()).toMatchObject([{ state: 'running', status: null }]);
    expect(await trail('machines.create')).toEqual([]);

    const made = await make();
    expect(made.status).toBe(200);
    expect((await world.inventory()).machines).toMatchObject([{ id: made.json.id }]);
    expect(await states()).toMatchObject([{ state: 'done', status: 200 }]);
    expect(await trail('machines.create')).toEqual([['ok', 200]]);
  });
});
