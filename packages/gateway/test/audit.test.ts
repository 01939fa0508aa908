import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Action, attenuate, encodeToken, LOCATIONS, parseBundle } from '@hangar/macaroon';
import { withFault } from '../../../test/harness/mishaps.ts';
import { readGatewayAudit, type GatewayAuditRow } from '../../store/src/adapters/gateway/audit.ts';
import type { AuditEntry } from '@hangar/gateway';
import { outage } from './outage.ts';
import { mintToken } from './verifier.ts';
import { openWorld, plainMachine, type World } from './world.ts';

let world: World;
let machine: string;
/** The gateway's clock, which stands still unless it is moved: the minutes of this test are exact. */
let now = Date.now();

beforeAll(async () => {
  world = await openWorld({ gateway: { now: () => new Date(now) } });
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'trail' } });
  const made = await world.ask('POST', '/v1/apps/trail/machines', { token: world.token, body: plainMachine });
  machine = made.json.id;
});
afterAll(async () => await world.close());

async function rows(action: string): Promise<readonly GatewayAuditRow[]> {
  await world.gateway.idle();
  const all = await readGatewayAudit(world.database.db, {
    workspace: world.workspace.number,
    limit: 1000,
  });
  return all.filter((row) => row.action === action).reverse();
}

describe('the audit trail', () => {
  it('writes what is refused again and again once a minute, with a count', async () => {
    const reader = mintToken(world.workspace.number, [{ type: 'Action', mask: Action.read }]);
    const other = mintToken(world.workspace.number, [{ type: 'Action', mask: Action.read }]);
    const lease = `/v1/apps/trail/machines/${machine}/lease`;
    const began = now;
    for (let tries = 0; tries < 118; tries += 1) {
      expect((await world.ask('POST', lease, { token: reader })).status).toBe(403);
      if (tries === 60) await world.ask('POST', lease, { token: other });
      now += 500;
    }
    const [mine, theirs, ...more] = await rows('leases.take');
    expect(more).toEqual([]);
    expect(mine).toMatchObject({ outcome: 'caveat_denied', status: 403, count: 118 });
    expect(theirs).toMatchObject({ count: 1 });
    expect([mine?.at.getTime(), mine?.lastAt?.getTime()]).toEqual([began, began + 117 * 500]);

    now += 60_000;
    await world.ask('POST', lease, { token: reader });
    await world.ask('POST', `/v1/apps/trail/machines/${machine}/stop`, { token: reader });
    expect((await rows('leases.take')).map(({ count }) => count)).toEqual([118, 1, 1]);
    expect((await rows('machines.stop')).map(({ count }) => count)).toEqual([1]);
  });

  it('counts guesses in one row, whatever name each has, by whichever branch of the token', async () => {
    const guesser = mintToken(world.workspace.number, [{ type: 'Action', mask: Action.read }]);
    const read = parseBundle(`FlyV1 ${guesser}`, LOCATIONS.permission);
    const [macaroon] = read.ok ? read.value.permission : [];
    if (!macaroon) throw new Error('not a token');
    const narrower = encodeToken(attenuate(macaroon, [{ type: 'Action', mask: Action.all }]));
    for (let guess = 0; guess < 10; guess += 1) {
      for (const token of [guesser, narrower])
        expect((await world.ask('GET', `/v1/apps/guess-${guess}/volumes`, { token })).status).toBe(404);
    }
    expect((await rows('volumes.list')).map(({ outcome, count }) => [outcome, count])).toEqual([
      ['not_found', 20],
    ]);
  });

  it('writes refusals behind their answers, in their order, and keeps them while the database is away', async () => {
    const token = mintToken(world.workspace.number, [{ type: 'Action', mask: Action.read }]);
    const { store, begin, end } = outage(world.store);
    let isHeld = true;
    const written: number[] = [];
    const counting = new Proxy(store, {
      get: (target, name) => {
        if (name !== 'writeAudit') return Reflect.get(target, name, target) as unknown;
        return async (entries: readonly AuditEntry[]) => {
          if (isHeld) begin();
          await target.writeAudit(entries).finally(end);
          written.push(entries.length);
        };
      },
    });
    const gateway = world.another({ store: counting });
    const refused = async (machineId: string) =>
      await world.ask('POST', `/v1/apps/trail/machines/${machineId}/suspend`, { token }, gateway);
    for (let tries = 0; tries < 3; tries += 1) expect((await refused(machine)).status).toBe(403);
    expect((await refused('e2865021be4983')).status).toBe(403);
    await gateway.idle();
    expect(written).toEqual([]);
    isHeld = false;
    await gateway.idle();
    expect(written).toEqual([2]);
    const trail = await rows('machines.suspend');
    expect(trail.map(({ resource, count }) => [resource, count])).toEqual([
      [`trail/${machine}`, 3],
      ['trail/e2865021be4983', 1],
    ]);
  });

  it('writes every change as a row of its own', async () => {
    const target = '/v1/apps/trail/secrets/A';
    for (const value of ['1', '2', '3'])
      await world.ask('POST', target, { token: world.token, body: { value } });
    expect((await rows('secrets.set')).map(({ count }) => count)).toEqual([1, 1, 1]);
  });

  it('writes every change that failed as a row of its own, since it may have happened', async () => {
    const failing = { door: 'machines', kind: 'status', status: 503 } as const;
    const stop = `/v1/apps/trail/machines/${machine}/stop`;
    await withFault(world.simulator, { ...failing, method: 'POST', when: 'after' }, async () => {
      for (let tries = 0; tries < 2; tries += 1)
        expect((await world.ask('POST', stop, { token: world.token })).status).toBe(503);
    });
    expect((await rows('machines.stop')).filter(({ status }) => status === 503)).toMatchObject([
      { count: 1 },
      { count: 1 },
    ]);
  });

  it('goes back as many days as it was told, and keeps what machines ran', async () => {
    const { number: before } = (await rows('apps.create'))[0] ?? {};
    expect(before).toBeDefined();
    const task = world.another({ auditDays: 30 }).tasks.find(({ name }) => name === 'gateway-audit');
    now += 29 * 86_400_000;
    await task?.run(new AbortController().signal);
    expect(await rows('apps.create')).toHaveLength(1);
    await world.ask('POST', '/v1/apps/trail/secrets/B', { token: world.token, body: { value: '1' } });
    now += 2 * 86_400_000;
    await task?.run(new AbortController().signal);
    expect(await rows('apps.create')).toHaveLength(0);
    expect(await rows('secrets.set')).toHaveLength(1);
    expect(await world.store.machine(machine)).toBeDefined();
  });
});
