import { newLease } from '@hangar/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFault } from '../../../test/harness/mishaps.ts';
import { Action } from '@hangar/macaroon';
import { DEFAULT_POLICY, type EnvironmentStore, type Gateway } from '@hangar/gateway';
import { DELETE_STEPS } from '../src/making/delete-steps.ts';
import { NAME_HOLD_MS } from '../src/making/name-hold.ts';
import { QUARANTINE_STEPS, UNDELETE_STEPS } from '../src/making/quarantine.ts';
import { dyingStore, killPoints } from './dying.ts';
import { mintToken, realVerifier } from './verifier.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

/** Seconds of grace, which is longer than the recovery task needs to come round. */
const GRACE = 60;
const policy = { ...DEFAULT_POLICY, deleteGraceSeconds: GRACE };

let world: World;
let id: string;
let machine: string;
/** A token for this app alone. */
let own: string;
beforeEach(async () => {
  world = await openWorld({ gateway: { policy } });
  const made = await ask('POST', '/hangar/v1/environments', { name: 'own' });
  id = made.json.id;
  own = mintToken(world.workspace.number, [
    { type: 'Apps', apps: new Map([[(await row())?.numericId ?? 0n, Action.all]]) },
  ]);
  machine = (await ask('POST', '/v1/apps/own/machines', plainMachine)).json.id;
  await waitFor(world, 'own', machine, 'started');
});
afterEach(async () => await world.close());

const ask = async (method: string, target: string, body?: unknown, gateway?: Gateway) =>
  await world.ask(method, target, { token: world.token, body }, gateway);
const undo = async (gateway?: Gateway) =>
  await ask('POST', `/hangar/v1/environments/${id}/undelete`, undefined, gateway);
const row = async () => await world.store.environment(id);
const later = (seconds: number) => world.simulator.clock.advance(seconds * 1000);
const recover = async (gateway: Gateway = world.gateway) =>
  await gateway.tasks.find(({ name }) => name === 'gateway-recovery')?.run(new AbortController().signal);
const keys = async () => (await world.inventory()).access_keys.filter(({ name }) => name.startsWith('hgr-'));

async function expectQuarantined(): Promise<void> {
  expect((await row())?.phase).toBe('quarantined');
  expect(await keys()).toMatchObject([{ status: 'Inactive' }]);
  for (const [method, target] of [
    ['GET', '/v1/apps/own'],
    ['GET', '/v1/apps/own/machines'],
    ['GET', `/v1/apps/own/machines/${machine}`],
    ['POST', `/v1/apps/own/machines/${machine}/stop`],
    ['POST', '/v1/apps/own/machines'],
    ['GET', `/hangar/v1/environments/${id}`],
    ['POST', `/hangar/v1/environments/${id}/undelete`],
  ] as const) {
    const { status } = await world.ask(method, target, {
      token: own,
      ...(method === 'GET' ? {} : { body: plainMachine }),
    });
    expect([target, status]).toEqual([target, 404]);
  }
  for (const target of ['/v1/apps/own', `/v1/apps/own/machines/${machine}`])
    expect((await ask('GET', target)).status).toBe(404);
  expect((await ask('GET', '/v1/apps')).json.apps).toEqual([]);
  expect((await world.ask('GET', '/hangar/v1/environments', { token: own })).json.environments).toEqual([]);
}

async function expectReady(): Promise<void> {
  expect(await row()).toMatchObject({ phase: 'ready', deleteAfter: undefined });
  expect(await keys()).toMatchObject([{ status: 'Active' }]);
  const seen = await world.ask('GET', `/v1/apps/own/machines/${machine}`, { token: own });
  expect(seen).toMatchObject({ status: 200, json: { state: 'started' } });
}

async function expectGone(): Promise<void> {
  expect((await row())?.phase).toBe('deleted');
  expect(await world.inventory()).toMatchObject({ apps: [], machines: [], buckets: [], policies: [] });
  expect(await keys()).toEqual([]);
}

describe('a deleted environment in its grace', () => {
  it('has lost all access at once, keeps its data and its name, and is gone after it', async () => {
    expect((await ask('DELETE', '/v1/apps/own')).status).toBe(202);
    await expectQuarantined();
    const shown = await ask('GET', `/hangar/v1/environments/${id}`);
    const end = new Date(world.simulator.clock.nowMs() + GRACE * 1000).getTime();
    const { phase, delete_after: after } = shown.json as unknown as { phase: string; delete_after: string };
    expect(phase).toBe('quarantined');
    expect(Math.abs(Date.parse(after) - end)).toBeLessThan(5_000);
    const stranger = mintToken((await world.openWorkspace('ext-stranger')).number);
    const taken = await world.ask('POST', '/v1/apps', { token: stranger, body: { name: 'own' } });
    expect(taken.json.code).toBe('name_taken');
    // Its own maker cannot have two of a name either, and a second deletion does not move the end.
    expect((await ask('POST', '/v1/apps', { name: 'own' })).status).toBe(409);
    later(GRACE - 20);
    expect((await ask('DELETE', '/v1/apps/own')).status).toBe(202);
    await recover();
    await expectQuarantined();
    expect((await world.inventory()).machines).toMatchObject([{ id: machine, state: 'started' }]);
    later(21);
    await recover();
    await expectGone();
    expect(await undo()).toMatchObject({ status: 410, json: { code: 'gone' } });
    later(NAME_HOLD_MS / 1000 - 10);
    expect((await world.ask('POST', '/v1/apps', { token: stranger, body: { name: 'own' } })).status).toBe(
      422,
    );
  }, 30_000);

  it('comes back whole when the deletion is undone, and can be deleted again', async () => {
    await ask('DELETE', '/v1/apps/own');
    expect(await undo()).toMatchObject({ status: 200, json: { id, name: 'own', phase: 'ready' } });
    await expectReady();
    expect((await undo()).status).toBe(200);
    later(GRACE + 1);
    await recover();
    await expectReady();
    await ask('DELETE', '/v1/apps/own');
    await expectQuarantined();
    later(GRACE + 1);
    await recover();
    await expectGone();
  }, 30_000);

  it('is deleted without waiting when its time or its extension is over', async () => {
    await ask('DELETE', '/v1/apps/own');
    await world.gateway.environments.deleteAll(world.workspace.number);
    await expectGone();
  });

  it('is undone by a token that may delete it, and by no other', async () => {
    await ask('DELETE', '/v1/apps/own');
    for (const [mask, status] of [
      [1 + 2 + 4 + 16, 403],
      [1 + 8, 200],
    ] as const) {
      const token = mintToken(world.workspace.number, [{ type: 'Action', mask }]);
      const answer = await world.ask('POST', `/hangar/v1/environments/${id}/undelete`, { token });
      expect(answer.status).toBe(status);
    }
    const stranger = mintToken((await world.openWorkspace('ext-stranger')).number);
    expect(
      (await world.ask('POST', `/hangar/v1/environments/${id}/undelete`, { token: stranger })).status,
    ).toBe(404);
  });

  it('cannot be undone any more once its deletion has begun', async () => {
    await ask('DELETE', '/v1/apps/own');
    later(GRACE + 1);
    await withFault(
      world.simulator,
      { door: 's3', kind: 'status', status: 500 },
      async () => await recover(),
    );
    expect((await row())?.phase).toBe('deleting');
    expect(await undo()).toMatchObject({ status: 409, json: { code: 'state_conflict' } });
    later(60);
    await recover();
    await expectGone();
  }, 30_000);

  it('ends in one of two ways when the undo and the end of the grace race in two processes', async () => {
    for (let round = 0; round < 4; round += 1) {
      await ask('DELETE', '/v1/apps/own');
      later(GRACE + 1);
      const [answer] = await Promise.all([undo(world.another()), recover()]);
      if (answer.status === 200) {
        await expectReady();
        continue;
      }
      expect([409, 410]).toContain(answer.status);
      await expectGone();
      return;
    }
  }, 30_000);
});

describe('an extension that ends while a deletion is being undone', () => {
  const activate = { door: 'iam', kind: 'status', status: 500, route: '/UpdateAccessKey' } as const;
  const end = async () =>
    await world.gateway.environments.quarantineAll(
      world.workspace.number,
      new Date(world.simulator.clock.nowMs() + 3 * GRACE * 1000),
    );

  it('has the last word when the undo was given back after a failure', async () => {
    await ask('DELETE', '/v1/apps/own');
    expect((await withFault(world.simulator, activate, async () => await undo())).status).toBeGreaterThan(
      499,
    );
    await end();
    later(20);
    await recover();
    expect((await row())?.phase).toBe('quarantined');
    expect(await keys()).toMatchObject([{ status: 'Inactive' }]);
    later(GRACE + 1);
    await recover();
    await expectGone();
  }, 30_000);

  it('has the last word when the undo is at work, which shuts off again what it switched on', async () => {
    await ask('DELETE', '/v1/apps/own');
    const store: EnvironmentStore = {
      ...world.store,
      record: async (wanted) => {
        // The other process has not seen the undo end: it says that it could not shut this one off.
        if (wanted.changes.phase === 'ready')
          await expect(end()).rejects.toMatchObject({ code: 'upstream_failed' });
        return await world.store.record(wanted);
      },
    };
    expect(await undo(world.another({ store }))).toMatchObject({ status: 410, json: { code: 'gone' } });
    expect((await row())?.phase).toBe('quarantined');
    expect(await keys()).toMatchObject([{ status: 'Inactive' }]);
    await end();
  }, 30_000);

  it('is not undone by a token that was revoked while the undo waited', async () => {
    await ask('DELETE', '/v1/apps/own');
    // Another process has the lease.
    const now = world.simulator.clock.now();
    const at = { id, lease: newLease(now, 3_000), now };
    await world.store.claim({ ...at, from: ['quarantined'], changes: {} });
    let judged = 0;
    const verifier: typeof realVerifier = {
      recall: () => undefined,
      verify: async (header) => {
        judged += 1;
        return judged === 1
          ? await realVerifier.verify(header)
          : { ok: false, reason: { code: 'token_revoked', sentence: 'revoked' } };
      },
    };
    expect(await undo(world.another({ verifier }))).toMatchObject({
      status: 401,
      json: { code: 'token_revoked' },
    });
    later(4);
    await expectQuarantined();
  });
});

describe('a process that is killed', () => {
  it('while it quarantines is followed by another one, which waits for the end of the grace', async () => {
    for (const point of killPoints(QUARANTINE_STEPS).slice(0, -2)) {
      const dying = dyingStore(world.store, point);
      await ask('DELETE', '/v1/apps/own', undefined, world.another({ store: dying.store }));
      dying.expectDead();
      later(20);
      await recover();
      await expectQuarantined();
      expect((await undo()).status).toBe(200);
      await expectReady();
    }
  }, 60_000);

  it('while it undoes is followed by another one, which goes on with the undo', async () => {
    for (const point of killPoints(UNDELETE_STEPS)) {
      await ask('DELETE', '/v1/apps/own');
      const dying = dyingStore(world.store, point);
      await undo(world.another({ store: dying.store }));
      dying.expectDead();
      later(20);
      await recover();
      await expectReady();
    }
  }, 60_000);

  it('when the grace is over leaves a deletion that another one completes', async () => {
    await ask('DELETE', '/v1/apps/own');
    later(GRACE + 1);
    const dying = dyingStore(world.store, [1 + DELETE_STEPS.length, 'after']);
    await recover(world.another({ store: dying.store })).catch(() => undefined);
    dying.expectDead();
    later(20);
    await recover();
    await expectGone();
  }, 60_000);
});
