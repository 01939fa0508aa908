import type { AuthenticatedCaller, Clearance, TokenVerifier } from '@hangar/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ok } from '@hangar/http';
import { realVerifier } from './verifier.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

/** As many budgets as the test says; the authority, which reads them out of caveats, has tests of its own. */
let budgets = 0;
let prefix = 'branch';
const verifier: TokenVerifier = {
  recall: () => undefined,
  async verify(authorization) {
    const verified = await realVerifier.verify(authorization);
    if (!verified.ok) return verified;
    const caller: AuthenticatedCaller = {
      ...verified.value,
      within: (workspace) => (workspace === caller.workspace ? caller : undefined),
      clear(access) {
        const cleared = verified.value.clear(access);
        return cleared.ok ? ok({ ...cleared.value, limits: limits() }) : cleared;
      },
    };
    return ok(caller);
  },
};

const limits = (): Clearance['limits'] =>
  Array.from({ length: budgets }, (_, at) => {
    return {
      kind: 'spend',
      branch: `${prefix}-${at}`,
      amount: 100_000,
      currency: 'USD',
      period: 'day',
      caveat: 'Spend',
    };
  });

let world: World;
let machine: string;
beforeAll(async () => {
  world = await openWorld({ gateway: { verifier, prices: { currency: 'USD', costOf: () => 1 } } });
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } });
  const made = await world.ask('POST', '/v1/apps/own/machines', { token: world.token, body: plainMachine });
  machine = made.json.id;
  await waitFor(world, 'own', machine, 'started');
});
afterAll(async () => await world.close());

const act = async (what: string) =>
  await world.ask('POST', `/v1/apps/own/machines/${machine}/${what}`, { token: world.token });
const rowsOf = async (table: string) =>
  (await world.database.execute(`select * from gateway_${table}`)).rows.length;

describe('budgets', () => {
  it('are refused by their number before they fill a table', async () => {
    const before = await rowsOf('branches');
    budgets = 9;
    expect(await act('uncordon')).toMatchObject({ status: 403, json: { code: 'caveat_denied', limit: 8 } });
    expect(await rowsOf('branches')).toBe(before);
    budgets = 8;
    expect((await act('uncordon')).status).toBe(200);
    expect(await rowsOf('branches')).toBe(before + 8);
  });

  it('are at most 10,000 for one environment, whoever makes them up; those that count already go on', async () => {
    budgets = 1;
    const held = await rowsOf('branches');
    await world.database.execute(
      `insert into gateway_branches (branch, environment, made, since)
        select 'filled-' || n, (select id from gateway_environments), false, now() from generate_series(${held}, 9999) n`,
    );
    prefix = 'fresh';
    const refused = await act('uncordon');
    expect(refused).toMatchObject({ status: 403, json: { code: 'policy_denied', rule: 'budgets' } });
    expect(await rowsOf('branches')).toBe(10_000);
    prefix = 'branch';
    expect((await act('uncordon')).status).toBe(200);
  });

  it('hold the first minute of a restart, which starts what is stopped', async () => {
    budgets = 0;
    await act('stop');
    await waitFor(world, 'own', machine, 'stopped');
    budgets = 1;
    expect((await act('restart')).status).toBe(200);
    expect(await rowsOf('spend_holds')).toBe(1);
  });
});
