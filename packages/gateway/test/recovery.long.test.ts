import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Gateway } from '@hangar/gateway';
import { withFault } from '../../../test/harness/mishaps.ts';
import { CREATE_STEPS } from '../src/making/create-steps.ts';
import { DELETE_STEPS } from '../src/making/delete-steps.ts';
import { dyingStore, killPoints } from './dying.ts';
import { outage } from './outage.ts';
import { openWorld, type World } from './world.ts';

let world: World;
afterEach(async () => await world.close());

async function recover(gateway: Gateway): Promise<void> {
  const task = gateway.tasks.find(({ name }) => name === 'gateway-recovery');
  await task?.run(new AbortController().signal);
}

const later = (seconds: number) => world.simulator.clock.advance(seconds * 1000);

const create = async (gateway?: Gateway, name = 'own') =>
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name } }, gateway);

async function expectComplete(): Promise<void> {
  const found = await world.inventory();
  const [environment] = await world.store.environmentsOf(world.workspace.number);
  expect(environment?.phase).toBe('ready');
  expect(found.apps.map(({ network }) => network)).toEqual([environment?.network]);
  expect(found.buckets.map(({ name }) => name)).toEqual([environment?.bucket]);
  expect(found.access_keys.filter(({ name }) => name.startsWith('hgr-'))).toMatchObject([
    { id: environment?.accessKeyId, name: environment?.keyName, status: 'Active' },
  ]);
  expect(found.access_keys.find(({ id }) => id === environment?.accessKeyId)?.policies).toHaveLength(1);
  expect(found.policies.map(({ name }) => name)).toEqual([environment?.policyName]);
  expect(found.ips).toHaveLength(1);
  expect(found.secrets).toHaveLength(3);
}

async function expectAbsent(): Promise<void> {
  const found = await world.inventory();
  expect(found).toMatchObject({ apps: [], machines: [], buckets: [], policies: [], secrets: [], ips: [] });
  expect(found.access_keys.filter(({ name }) => name.startsWith('hgr-'))).toEqual([]);
  expect(await world.store.environmentsOf(world.workspace.number)).toEqual([]);
}

describe('a process that is killed while it makes an environment', () => {
  it('is followed by the recovery task, which completes it, wherever it died (GATE-9)', async () => {
    world = await openWorld();
    for (const point of killPoints(CREATE_STEPS)) {
      const dying = dyingStore(world.store, point);
      await create(world.another({ store: dying.store }));
      dying.expectDead();
      // Nobody touches it while the dead one may still be alive.
      await recover(world.another());
      later(61);
      await recover(world.another());
      await expectComplete();
      expect((await create()).json).toMatchObject({ code: 'name_taken' });
      expect((await world.ask('DELETE', '/v1/apps/own', { token: world.token })).status).toBe(202);
      await expectAbsent();
    }
  }, 240_000);

  it('is followed by the client, which sends its request again and gets its app', async () => {
    world = await openWorld();
    for (const at of [2, 5, 10, 2 * CREATE_STEPS.length - 1]) {
      const dying = dyingStore(world.store, [at, 'before']);
      expect((await create(world.another({ store: dying.store }))).status).toBe(500);
      dying.expectDead();
      later(61);
      const again = await create();
      expect(again).toMatchObject({
        status: 201,
        json: { name: 'own', internal_numeric_id: expect.any(Number) },
      });
      await expectComplete();
      expect((await world.ask('DELETE', '/v1/apps/own', { token: world.token })).status).toBe(202);
      await expectAbsent();
    }
  }, 60_000);
});

describe('a process that is killed while it deletes an environment', () => {
  it('is followed by the recovery task, which completes it, wherever it died', async () => {
    world = await openWorld();
    for (const point of killPoints(DELETE_STEPS)) {
      expect((await create()).status).toBe(201);
      const dying = dyingStore(world.store, point);
      const doomed = world.another({ store: dying.store });
      await world.ask('DELETE', '/v1/apps/own', { token: world.token }, doomed);
      dying.expectDead();
      // Whatever is left, the key is dead or was never touched, and the app is out of reach for its tokens.
      expect((await world.ask('GET', '/v1/apps/own', { token: world.token })).status).toBe(404);
      later(61);
      await recover(world.another());
      await expectAbsent();
    }
  }, 120_000);
});

describe('a Fly.io or Tigris that fails in the middle', () => {
  const points = [
    ['s3', 'PUT', '/**'],
    ['iam', 'POST', '/CreateAccessKey'],
    ['iam', 'POST', '/CreatePolicy'],
    ['iam', 'POST', '/AttachUserPolicy'],
    ['machines', 'POST', '/v1/apps'],
    ['machines', 'POST', '/v1/apps/*/ip_assignments'],
    ['machines', 'POST', '/v1/apps/*/secrets'],
  ] as const;

  it.each(['before', 'after'] as const)(
    '%s each step leaves something that the same request completes',
    async (when) => {
      world = await openWorld();
      for (const [door, method, route] of points) {
        const how =
          when === 'after' ? ({ kind: 'drop' } as const) : ({ kind: 'status', status: 500 } as const);
        const failed = await withFault(world.simulator, { door, method, route, when, ...how }, () =>
          create(),
        );
        // A lost answer may already be found again by the steps themselves; a refusal to work may not.
        if (when === 'before') expect(failed.status, route).toBe(504);
        if (failed.status !== 201) expect((await create()).status, route).toBe(201);
        await expectComplete();
        await world.gateway.environments.deleteAll(world.workspace.number);
        await expectAbsent();
        await world.database.execute('update gateway_workspaces set closed_at = null');
      }
    },
    240_000,
  );

  it('that stays broken has its half environment taken back after a while, and the name is free', async () => {
    world = await openWorld();
    const broken = {
      door: 'machines',
      kind: 'status',
      status: 500,
      method: 'POST',
      route: '/v1/apps/*/secrets',
    } as const;
    expect((await withFault(world.simulator, broken, () => create())).status).toBe(504);
    expect((await world.inventory()).apps).toHaveLength(1);
    later(16 * 60);
    await recover(world.gateway);
    await expectAbsent();
    expect((await create()).status).toBe(201);
  }, 60_000);

  it('while deleting is answered 202 all the same, and the rest follows', async () => {
    world = await openWorld();
    for (const [door, route] of [
      ['s3', '/**'],
      ['iam', '/DeletePolicy'],
      ['iam', '/DeleteAccessKey'],
      ['machines', '/v1/apps/*'],
    ] as const) {
      expect((await create()).status).toBe(201);
      await withFault(world.simulator, { door, kind: 'status', status: 500, route }, async () => {
        expect((await world.ask('DELETE', '/v1/apps/own', { token: world.token })).status).toBe(202);
      });
      const keys = (await world.inventory()).access_keys.filter(({ name }) => name.startsWith('hgr-'));
      expect(keys.every(({ status }) => status === 'Inactive')).toBe(true);
      later(20);
      await recover(world.gateway);
      await expectAbsent();
    }
  }, 60_000);

  it('shows a deleted app for a while: the rest waits until it is really gone', async () => {
    world = await openWorld({ simulator: { delays: { appDeletionLag: 500 } } });
    expect((await create()).status).toBe(201);
    expect((await world.ask('DELETE', '/v1/apps/own', { token: world.token })).status).toBe(202);
    later(20);
    await recover(world.gateway);
    await expectAbsent();
    const [buried] = await world.store.environmentsOf(world.workspace.number, new Date(0));
    const step = buried?.journal.find(({ name }) => name === 'delete.app');
    // It was there to be seen for all that time, by the clock of both.
    expect(Date.parse(step?.finishedAt ?? '') - Date.parse(step?.startedAt ?? '')).toBeGreaterThanOrEqual(
      500,
    );
  });
});

describe('a database of ours that goes away in the middle of a creation', () => {
  it.each([
    { when: 'before the app is recorded as ready', status: 504 },
    { when: 'before the answer is kept', status: 500 },
  ])('$when is never told as 503, and the app is given to who asks again', async (row) => {
    world = await openWorld();
    const away = outage(world.store);
    const store = new Proxy(away.store, {
      get(target, name: keyof typeof away.store) {
        const member = target[name];
        const strikes = row.status === 504 ? 'record' : 'finishOperation';
        if (name !== strikes) return member;
        return async (wanted: { changes?: { phase?: string } }) => {
          if (name === 'finishOperation' || wanted.changes?.phase === 'ready') away.begin();
          return await (Reflect.apply(member, target, [wanted]) as Promise<unknown>);
        };
      },
    });
    const gateway = world.another({ store });
    const send = async () =>
      await world.ask(
        'POST',
        '/v1/apps',
        { token: world.token, body: { name: 'own' }, headers: { 'idempotency-key': 'outage' } },
        gateway,
      );
    expect((await send()).status).toBe(row.status);
    expect((await world.inventory()).apps).toHaveLength(1);
    away.end();
    later(13);
    const again = await world.ask('POST', '/v1/apps', {
      token: world.token,
      body: { name: 'own' },
      headers: { 'idempotency-key': 'outage' },
    });
    expect(again).toMatchObject({ status: 201, json: { name: 'own' } });
    await expectComplete();
  });
});

describe('a creation that is refused halfway', () => {
  it('is undone to the last key even when the process dies while undoing', async () => {
    world = await openWorld();
    // The write that turns the creation round comes after the beginning of the refused step; then two for each step.
    const turning = 2 * CREATE_STEPS.findIndex(({ name }) => name === 'create.app') + 2;
    for (let at = turning; at <= turning + 2 * DELETE_STEPS.length; at += 2) {
      await world.machines.createApp({ name: 'own', org_slug: 'operator', network: 'strangers' });
      const dying = dyingStore(world.store, [at, 'before']);
      await create(world.another({ store: dying.store }));
      dying.expectDead();
      later(61);
      await recover(world.gateway);
      const left = await world.inventory();
      expect(left).toMatchObject({ apps: [{ network: 'strangers' }], buckets: [], policies: [] });
      expect(left.access_keys.filter(({ name }) => name.startsWith('hgr-'))).toEqual([]);
      expect(await world.store.environmentsOf(world.workspace.number)).toEqual([]);
      await world.machines.deleteApp('own');
    }
  }, 120_000);

  it('never touches the app of a stranger, nor a quota that is used up', async () => {
    world = await openWorld();
    await world.machines.createApp({ name: 'own', org_slug: 'operator', network: 'strangers' });
    expect((await create()).json.code).toBe('name_taken');
    expect((await world.inventory()).apps).toMatchObject([{ network: 'strangers' }]);
    const full = world.another({
      policy: { ...DEFAULT_POLICY, maxEnvironments: 0 },
    });
    expect((await create(full, 'free')).json).toMatchObject({
      code: 'policy_denied',
      rule: 'environments.max_live',
    });
  });
});
