import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dashboardRoutes } from '../src/dashboard/routes.ts';
import { crash, furnish, NOW } from './dashboard-estate.ts';
import { type House, openHouse } from './dashboard-house.ts';
import {
  bodyOf,
  changes,
  codeOf,
  fromOurPage,
  ORIGIN,
  pathOf,
  type Role,
  routesAbout,
  type Visitor,
  visitorsOf,
} from './dashboard-visitor.ts';

let house: House;
let call: ReturnType<typeof visitorsOf>['call'];
let person: ReturnType<typeof visitorsOf>['person'];
beforeAll(async () => {
  house = await openHouse();
  ({ call, person } = visitorsOf(house));
});
afterAll(async () => await house.close());
beforeEach(() => {
  house.done.length = 0;
  house.logins.asked.length = 0;
});

describe('who sees what (SIGN-5)', () => {
  const roles: readonly Role[] = ['admin', 'member'];

  it.each(routesAbout.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s answers the owning organization only, and 404 to everyone else',
    async (_, route) => {
      for (const owner of house.estates) {
        for (const visitorFrom of house.estates) {
          for (const role of roles) {
            const visitor = person(visitorFrom, role);
            const answer = await call(pathOf(route, owner), {
              method: route.method,
              cookie: visitor.cookie,
              ...(route.method === 'POST'
                ? { headers: fromOurPage(visitor.csrf), body: bodyOf(route, owner) }
                : {}),
            });
            const own = owner === visitorFrom;
            const allowed = own && (route.audience === 'member' || role === 'admin');
            const seen = {
              status: answer.status === 201 ? 200 : answer.status,
              code: allowed ? 'ok' : codeOf(answer.text),
              named: !own && answer.text.includes(owner.mark),
            };
            const refused = own ? { status: 403, code: 'policy_denied' } : { status: 404, code: 'not_found' };
            expect(seen).toEqual({ ...(allowed ? { status: 200, code: 'ok' } : refused), named: false });
          }
        }
      }
      const expected = route.method === 'POST' ? house.estates.length : 0;
      expect(house.done).toHaveLength(expected);
    },
  );

  it.each(
    changes
      .filter((route) => route.audience === 'admin' && /:tokenId|:deliveryId/.test(route.path))
      .map((route) => [route.path, route] as const),
  )('POST %s refuses an id of another organization below an extension of one’s own', async (_, route) => {
    const [mine, foreign] = house.estates;
    const admin = person(mine, 'admin');
    const answer = await call(pathOf(route, mine, foreign), {
      method: 'POST',
      cookie: admin.cookie,
      headers: fromOurPage(admin.csrf),
      body: bodyOf(route, mine),
    });
    expect(answer.status).toBe(404);
    expect(house.done).toEqual([]);
  });

  it('lists the extensions of every organization of the viewer, with the role in each, and no others', async () => {
    const [alpha, beta, gamma] = house.estates;
    const cookie = house.logins.signIn({
      userId: 'both',
      email: undefined,
      memberships: [
        { organizationId: alpha.organizationId, role: 'member' },
        { organizationId: gamma.organizationId, role: 'admin' },
      ],
    });
    const { items, more } = JSON.parse((await call('/api/extensions', { cookie })).text) as {
      items: { id: string; role: string }[];
      more: boolean;
    };
    expect(more).toBe(false);
    expect(new Map(items.map(({ id, role }) => [id, role]))).toEqual(
      new Map([
        [alpha.extensionId, 'member'],
        [gamma.extensionId, 'admin'],
      ]),
    );
    expect(JSON.stringify(items)).not.toContain(beta.mark);
  });

  it('shows a person without organizations nothing', async () => {
    const cookie = house.logins.signIn({ userId: 'nobody', email: undefined, memberships: [] });
    expect(JSON.parse((await call('/api/extensions', { cookie })).text)).toEqual({ items: [], more: false });
    expect((await call(`/api/extensions/${house.estates[0].extensionId}`, { cookie })).status).toBe(404);
  });

  it('does not know a deleted extension any more, nor anything below it', async () => {
    const gone = await furnish(house.store.db, 'deleted', house.authority);
    const { extensions } = house.store.db._.fullSchema;
    await house.store.db
      .update(extensions)
      .set({ deletedAt: NOW })
      .where(eq(extensions.id, gone.extensionId));
    const admin = person(gone, 'admin');
    for (const route of routesAbout.filter(({ method }) => method === 'GET')) {
      expect((await call(pathOf(route, gone), { cookie: admin.cookie })).status).toBe(404);
    }
    expect(JSON.parse((await call('/api/extensions', { cookie: admin.cookie })).text)).toEqual({
      items: [],
      more: false,
    });
  });

  it('gives a role it does not know the lesser right', async () => {
    const [mine] = house.estates;
    const login = {
      userId: 'owner',
      email: undefined,
      memberships: [{ organizationId: mine.organizationId, role: 'owner' }],
    };
    const cookie = house.logins.signIn(login);
    const answer = await call(`/api/extensions/${mine.extensionId}/tokens/${mine.tokenId}/revoke`, {
      method: 'POST',
      cookie,
      headers: fromOurPage(house.logins.csrfToken(login)),
      body: '{}',
    });
    expect(answer.status).toBe(403);
    expect(house.done).toEqual([]);
  });

  it('asks for fresh memberships before an admin acts, and not for reading', async () => {
    const [mine] = house.estates;
    const admin = person(mine, 'admin');
    await call(`/api/extensions/${mine.extensionId}`, { cookie: admin.cookie });
    expect(house.logins.asked).toEqual([false]);
    await call(`/api/extensions/${mine.extensionId}/deliveries/${mine.deliveryId}/redeliver`, {
      method: 'POST',
      cookie: admin.cookie,
      headers: fromOurPage(admin.csrf),
      body: '{}',
    });
    // And once more right before the effect, of what is stored.
    expect(house.logins.asked).toEqual([false, true, false]);
  });
});

describe('signed out', () => {
  it.each(
    dashboardRoutes
      .filter((route) => route.audience !== 'anyone')
      .map((r) => [`${r.method} ${r.path}`, r] as const),
  )('%s asks for a sign-in', async (_, route) => {
    const answer = await call(pathOf(route, house.estates[0]), {
      method: route.method,
      ...(route.method === 'POST' ? { headers: fromOurPage('x'), body: '{}' } : {}),
    });
    expect([answer.status, codeOf(answer.text)]).toEqual([401, 'login_required']);
    expect(house.done).toEqual([]);
  });

  it('learns where to sign in and comes back to the page that was asked for', async () => {
    const path = `/extensions/${house.estates[0].extensionId}`;
    const answer = await call(`/api/me?return_to=${encodeURIComponent(path)}`);
    expect(JSON.parse(answer.text)).toEqual({
      signedIn: false,
      product: { name: 'Logjam', command: 'fly ext logjam dashboard -a myapp' },
      signInUrl: `/flyio/login?return_to=${encodeURIComponent(path)}`,
    });
  });

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:evil.example',
    '/%09/evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/extensions/../..//evil.example',
    '/extensions/a/b',
    '/extensions/',
    '/flyio/callback',
    '/api/me',
    `/extensions/${'a'.repeat(300)}`,
    '',
  ])('never sends a visitor to %j after signing in (SIGN-7)', async (target) => {
    const answer = await call(`/api/me?return_to=${encodeURIComponent(target)}`);
    expect(JSON.parse(answer.text)).toMatchObject({ signInUrl: '/flyio/login?return_to=%2F' });
  });
});

describe('what is shown', () => {
  const read = async (path: string) => {
    const [mine] = house.estates;
    const member = person(mine, 'member');
    const answer = await call(`/api/extensions/${mine.extensionId}${path}`, { cookie: member.cookie });
    return JSON.parse(answer.text) as Record<string, unknown> & { items: Record<string, unknown>[] };
  };

  it('an extension with the viewer’s role', async () => {
    const [mine] = house.estates;
    expect(await read('')).toEqual({
      id: mine.extensionId,
      name: `${mine.mark} <img src=x onerror=alert(1)>`,
      status: 'ready',
      statusDetail: null,
      plan: 'standard',
      region: 'fra',
      organizationId: mine.organizationId,
      createdAt: '2026-09-21T12:00:00.000Z',
      updatedAt: '2026-09-24T10:00:00.000Z',
      role: 'member',
    });
  });

  it('environments with the power and the number of their living machines', async () => {
    const [mine] = house.estates;
    expect((await read('/environments')).items).toEqual([
      {
        id: `env_${mine.mark}`,
        name: `app-${mine.mark}`,
        phase: 'ready',
        failure: null,
        power: 'running',
        failedMachine: null,
        bucket: `bucket-${mine.mark}`,
        machines: 2,
        createdAt: '2026-09-23T12:00:00.000Z',
      },
    ]);
  });

  it('why the machines of an environment are down', async () => {
    const fallen = await furnish(house.store.db, 'fallen', house.authority);
    const { gatewayMachines } = house.store.db._.fullSchema;
    await house.store.db
      .update(gatewayMachines)
      .set({
        state: 'stopped',
        failure: { reason: 'out_of_memory', exitCode: 137, oomKilled: true, at: '2026-09-24T11:00:00.000Z' },
      })
      .where(eq(gatewayMachines.id, `machine-${fallen.mark}`));
    const { cookie } = person(fallen, 'member');
    const { text } = await call(`/api/extensions/${fallen.extensionId}/environments`, { cookie });
    expect((JSON.parse(text) as { items: unknown[] }).items).toMatchObject([
      {
        power: 'failed',
        failedMachine: {
          id: `machine-${fallen.mark}`,
          reason: 'out_of_memory',
          exitCode: 137,
          oomKilled: true,
          at: '2026-09-24T11:00:00.000Z',
        },
      },
    ]);
  });

  it('announcements with their attempts and what the last one was answered', async () => {
    const [mine] = house.estates;
    const { items } = await read('/deliveries');
    expect(
      items.map(({ id, status, attempts, lastStatus }) => ({ id, status, attempts, lastStatus })),
    ).toEqual([
      { id: mine.waitingDeliveryId, status: 'pending', attempts: 0, lastStatus: null },
      { id: mine.deliveryId, status: 'delivered', attempts: 2, lastStatus: 200 },
    ]);
    expect(items[0]).toMatchObject({ nextAttemptAt: '2026-09-24T13:00:00.000Z', deliveredAt: null });
    expect(items[1]).toMatchObject({ nextAttemptAt: null, deliveredAt: '2026-09-24T09:00:02.000Z' });
  });

  it('machine events of the extension’s own machines', async () => {
    const [mine] = house.estates;
    const { items } = await read('/events');
    expect(items.map(({ type, machineId, status }) => ({ type, machineId, status }))).toEqual([
      { type: 'io.fly.machine.started', machineId: `machine-${mine.mark}`, status: '<b>started</b>' },
    ]);
  });

  const CRASH = { app: 'a', instance_id: 'i', previous_status: 'started', Transition: 'exit' };
  const exitOf = (members: Record<string, unknown>) => ({
    exit_event: {
      exit_code: 1,
      guest_exit_code: 1,
      oom_killed: false,
      requested_stop: false,
      restarting: false,
      ...members,
    },
  });
  it.each([
    [
      'a crash',
      'failed',
      { ...CRASH, Error: 'process exited', ...exitOf({}) },
      { reason: 'process exited', exitCode: 1, oomKilled: false, restarting: false },
    ],
    [
      'too little memory',
      'failed',
      { ...CRASH, Error: 'process exited', ...exitOf({ exit_code: 137, oom_killed: true }) },
      { reason: 'process exited', exitCode: 137, oomKilled: true, restarting: false },
    ],
    [
      'a restart loop',
      'stopped',
      { ...CRASH, ...exitOf({ exit_code: 2, restarting: true }) },
      { reason: null, exitCode: 2, oomKilled: false, restarting: true },
    ],
    [
      'an image that is not there',
      'failed',
      { Error: 'image not found', Transition: 'prepareImage' },
      { reason: 'image not found', exitCode: null, oomKilled: false, restarting: false },
    ],
    [
      'a stop that was asked for',
      'stopped',
      { ...CRASH, ...exitOf({ exit_code: 0, requested_stop: true }) },
      null,
    ],
    ['data of another form', 'failed', { exit_event: 'x', Error: 7 }, null],
  ])('%s, in the list of events', async (_, status, data, exit) => {
    const estate = await furnish(house.store.db, 'crashed', house.authority);
    const { cookie } = person(estate, 'member');
    await house.store.db.insert(house.store.db._.fullSchema.machineEvents).values({
      key: randomUUID(),
      digest: randomUUID(),
      times: 3,
      source: 'test',
      eventId: randomUUID(),
      type: `io.fly.machine.${status}`,
      machineId: `machine-${estate.mark}`,
      status,
      data,
      receivedAt: NOW,
      state: 'handled',
      attempts: 1,
      nextAt: NOW,
    });
    const items = async (path: string) =>
      (
        JSON.parse((await call(`/api/extensions/${estate.extensionId}${path}`, { cookie })).text) as {
          items: unknown[];
        }
      ).items;
    expect((await items('/events'))[0]).toMatchObject({ status, exit, times: 3 });
  });

  it('an environment whose only machine is down says which one and why', async () => {
    const estate = await furnish(house.store.db, 'down', house.authority);
    await crash(house.store.db, estate);
    const { cookie } = person(estate, 'member');
    const answer = await call(`/api/extensions/${estate.extensionId}/environments`, { cookie });
    expect(JSON.parse(answer.text)).toMatchObject({
      items: [
        {
          power: 'failed',
          failedMachine: {
            id: `machine-${estate.mark}`,
            exitCode: 137,
            oomKilled: true,
            at: '2026-09-24T12:00:00.000Z',
          },
        },
      ],
    });
  });

  it('no more than the newest hundred, and says that there are older ones', async () => {
    const busy = await furnish(house.store.db, 'busy', house.authority);
    const { machineEvents } = house.store.db._.fullSchema;
    const event = (secondsAgo: number) => ({
      key: randomUUID(),
      digest: randomUUID(),
      times: 1,
      source: 'test',
      eventId: randomUUID(),
      type: `io.fly.machine.n${secondsAgo}`,
      machineId: `machine-${busy.mark}`,
      receivedAt: new Date(NOW.getTime() - secondsAgo * 1000),
      state: 'handled' as const,
      attempts: 1,
      nextAt: NOW,
    });
    await house.store.db
      .insert(machineEvents)
      .values(Array.from({ length: 120 }, (_, index) => event(index)));
    const { cookie } = person(busy, 'member');
    const page = JSON.parse((await call(`/api/extensions/${busy.extensionId}/events`, { cookie })).text) as {
      items: { type: string }[];
      more: boolean;
    };
    expect(page.more).toBe(true);
    expect(page.items.map(({ type }) => type)).toEqual(
      Array.from({ length: 100 }, (_, index) => `io.fly.machine.n${index}`),
    );
  });

  it('usage from the start of the month, UTC', async () => {
    expect(await read('/usage')).toEqual({
      from: '2026-09-01T00:00:00.000Z',
      to: '2026-09-24T12:00:00.000Z',
      lines: [{ meter: 'compute.vcpu_seconds', quantity: 5400.25, unit: 'seconds' }],
    });
  });

  it('who is signed in, with a token that only this login’s page gets', async () => {
    const [mine] = house.estates;
    const admin = person(mine, 'admin');
    expect(JSON.parse((await call('/api/me', { cookie: admin.cookie })).text)).toEqual({
      signedIn: true,
      product: { name: 'Logjam', command: 'fly ext logjam dashboard -a myapp' },
      user: { id: admin.login.userId, email: 'visitor@customer.example' },
      organizations: [{ id: mine.organizationId, role: 'admin' }],
      csrfToken: admin.csrf,
      now: '2026-09-24T12:00:00.000Z',
    });
  });
});

describe('acting', () => {
  const post = async (path: string, admin: Visitor) =>
    await call(path, { method: 'POST', cookie: admin.cookie, headers: fromOurPage(admin.csrf), body: '{}' });

  it('revokes a token in the name of the person who asked, and a double click is no error', async () => {
    const gamma = house.estates[2];
    const admin = person(gamma, 'admin');
    const path = `/api/extensions/${gamma.extensionId}/tokens/${gamma.tokenId}/revoke`;
    expect((await post(path, admin)).status).toBe(200);
    expect((await post(path, admin)).status).toBe(200);
    expect(house.done[0]).toEqual({ action: 'revoke', id: gamma.tokenId, by: admin.login.userId });
    const { items } = JSON.parse(
      (await call(`/api/extensions/${gamma.extensionId}/tokens`, { cookie: admin.cookie })).text,
    ) as { items: { id: string; state: string }[] };
    expect(items.find(({ id }) => id === gamma.tokenId)).toMatchObject({
      state: 'revoked',
    });
  });

  it('sends the newest attempt of an announcement again', async () => {
    const [alpha] = house.estates;
    const admin = person(alpha, 'admin');
    const path = `/api/extensions/${alpha.extensionId}/deliveries/${alpha.deliveryId}/redeliver`;
    expect((await post(path, admin)).status).toBe(200);
    expect(house.done).toHaveLength(1);
    expect(house.done[0]?.id).not.toBe(alpha.deliveryId);
  });

  it('says that an announcement without an attempt is still waiting', async () => {
    const [alpha] = house.estates;
    const admin = person(alpha, 'admin');
    const path = `/api/extensions/${alpha.extensionId}/deliveries/${alpha.waitingDeliveryId}/redeliver`;
    const answer = await post(path, admin);
    expect([answer.status, codeOf(answer.text)]).toEqual([409, 'state_conflict']);
    expect(house.done).toEqual([]);
  });

  it('signs out: the cookie goes and the next request is a stranger’s', async () => {
    const admin = person(house.estates[0], 'admin');
    const answer = await post('/api/sign-out', admin);
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual(['badge=; Path=/; HttpOnly; Max-Age=0']);
    expect((await call('/api/extensions', { cookie: admin.cookie })).status).toBe(401);
  });

  it.each([
    '00000000-0000-0000-0000-000000000000',
    'x',
    "'; drop table extensions; --",
    '%00',
    'a%2Fb',
    '..%2f..',
    'é'.repeat(9),
    'a'.repeat(300),
  ])('answers an id nobody has (%j) with 404 and nothing else', async (id) => {
    const [alpha] = house.estates;
    const admin = person(alpha, 'admin');
    const odd = new URL(`${ORIGIN}/${id.replaceAll('/', '%2F')}`).pathname.slice(1);
    expect((await call(`/api/extensions/${odd}`, { cookie: admin.cookie })).status).toBe(404);
    expect((await post(`/api/extensions/${alpha.extensionId}/tokens/${odd}/revoke`, admin)).status).toBe(404);
    expect(
      (await post(`/api/extensions/${alpha.extensionId}/deliveries/${odd}/redeliver`, admin)).status,
    ).toBe(404);
    expect(house.done).toEqual([]);
  });

  it('does not answer an address that had to be tidied up', async () => {
    const admin = person(house.estates[0], 'admin');
    for (const rawTarget of [
      '/x/../api/extensions',
      'http://evil.example/api/extensions',
      '/api/./extensions',
    ]) {
      const answer = await call('/api/extensions', { cookie: admin.cookie, rawTarget });
      expect([answer.status, codeOf(answer.text)]).toEqual([400, 'bad_request']);
    }
  });
});
