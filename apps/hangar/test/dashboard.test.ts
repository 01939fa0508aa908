import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dashboard } from '../src/dashboard/dashboard.ts';
import { dashboardRoutes, type DashboardRoute } from '../src/dashboard/routes.ts';
import { type Estate, furnish, NOW } from './dashboard-estate.ts';
import { type House, openHouse } from './dashboard-house.ts';

const ORIGIN = 'https://hangar.example';

let house: House;
let dashboard: Dashboard;
beforeAll(async () => {
  house = await openHouse();
  dashboard = house.dashboard(ORIGIN);
});
afterAll(async () => await house.close());
beforeEach(() => {
  house.done.length = 0;
  house.logins.asked.length = 0;
});

interface Call {
  readonly method?: string;
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** As it stood on the wire, when that differs from the address. */
  readonly rawTarget?: string;
}

async function call(target: string, { method = 'GET', cookie, headers, body, rawTarget }: Call = {}) {
  const request = new Request(`${ORIGIN}${target}`, {
    method,
    headers: { ...(cookie === undefined ? {} : { cookie }), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const response = await dashboard.fetch(request, { rawTarget: rawTarget ?? target, requestId: 'req_test' });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

type Role = 'admin' | 'member';

/** A person with a role in one organization; the token is what the page would send back. */
function person(estate: Estate, role: Role) {
  const login = {
    userId: `visitor-${randomUUID()}`,
    email: 'visitor@customer.example',
    memberships: [{ organizationId: estate.organizationId, role }],
  };
  return { login, cookie: house.logins.signIn(login), csrf: house.logins.csrfToken(login) };
}

/** What our own page sends with a change. */
const fromOurPage = (csrf: string) => ({
  'content-type': 'application/json',
  'sec-fetch-site': 'same-origin',
  origin: ORIGIN,
  'x-csrf-token': csrf,
});

function pathOf(route: DashboardRoute, estate: Estate, below: Estate = estate): string {
  return route.path
    .replace(':extensionId', estate.extensionId)
    .replace(':tokenId', below.tokenId)
    .replace(':deliveryId', below.deliveryId);
}

const routesAbout = dashboardRoutes.filter(
  (route) => route.audience === 'member' || route.audience === 'admin',
);
const changes = dashboardRoutes.filter((route) => route.method === 'POST');
const codeOf = (text: string) => (JSON.parse(text) as { code: string }).code;

describe('who sees what (S5)', () => {
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
              ...(route.method === 'POST' ? { headers: fromOurPage(visitor.csrf), body: '{}' } : {}),
            });
            const own = owner === visitorFrom;
            const allowed = own && (route.audience === 'member' || role === 'admin');
            const seen = {
              status: answer.status,
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

  it.each(changes.filter((route) => route.audience === 'admin').map((route) => [route.path, route] as const))(
    'POST %s refuses an id of another organization below an extension of one’s own',
    async (_, route) => {
      const [mine, foreign] = house.estates;
      const admin = person(mine, 'admin');
      const answer = await call(pathOf(route, mine, foreign), {
        method: 'POST',
        cookie: admin.cookie,
        headers: fromOurPage(admin.csrf),
        body: '{}',
      });
      expect(answer.status).toBe(404);
      expect(house.done).toEqual([]);
    },
  );

  it('lists the extensions of every organization of the viewer, with the role in each, and no others', async () => {
    const [alpha, beta, gamma] = house.estates;
    const cookie = house.logins.signIn({
      userId: 'both',
      email: null,
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
    const cookie = house.logins.signIn({ userId: 'nobody', email: null, memberships: [] });
    expect(JSON.parse((await call('/api/extensions', { cookie })).text)).toEqual({ items: [], more: false });
    expect((await call(`/api/extensions/${house.estates[0].extensionId}`, { cookie })).status).toBe(404);
  });

  it('does not know a deleted extension any more, nor anything below it', async () => {
    const gone = await furnish(house.store.db, 'deleted');
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
      email: null,
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
    expect(house.logins.asked).toEqual([false, true]);
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
  ])('never sends a visitor to %j after signing in (S7)', async (target) => {
    const answer = await call(`/api/me?return_to=${encodeURIComponent(target)}`);
    expect(JSON.parse(answer.text)).toMatchObject({ signInUrl: '/flyio/login?return_to=%2F' });
  });
});

describe('changes come from our own page only (S4)', () => {
  const estate = () => house.estates[1];

  interface Attempt {
    readonly title: string;
    readonly headers: (csrf: string) => Record<string, string>;
    readonly body?: string;
    readonly code: string;
  }
  const without = (csrf: string, ...names: string[]) =>
    Object.fromEntries(Object.entries(fromOurPage(csrf)).filter(([name]) => !names.includes(name)));

  const attempts: readonly Attempt[] = [
    { title: 'no token', headers: (csrf) => without(csrf, 'x-csrf-token'), code: 'csrf_refused' },
    { title: 'an empty token', headers: () => fromOurPage(''), code: 'csrf_refused' },
    { title: 'a made-up token', headers: () => fromOurPage(randomUUID()), code: 'csrf_refused' },
    {
      title: 'the token of another person of the same organization',
      headers: () => fromOurPage(person(estate(), 'admin').csrf),
      code: 'csrf_refused',
    },
    ...['cross-site', 'same-site', 'none'].map((site) => ({
      title: `Sec-Fetch-Site: ${site}`,
      headers: (csrf: string) => ({ ...fromOurPage(csrf), 'sec-fetch-site': site }),
      code: 'csrf_refused',
    })),
    ...['null', 'https://evil.example', 'http://hangar.example', 'https://hangar.example:444'].map(
      (origin) => ({
        title: `Origin: ${origin}`,
        headers: (csrf: string) => ({ ...fromOurPage(csrf), origin }),
        code: 'csrf_refused',
      }),
    ),
    {
      title: 'neither Sec-Fetch-Site nor Origin',
      headers: (csrf) => without(csrf, 'sec-fetch-site', 'origin'),
      code: 'csrf_refused',
    },
    ...[
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/json; charset=utf-16',
    ].map((type) => ({
      title: `Content-Type: ${type}`,
      headers: (csrf: string) => ({ ...fromOurPage(csrf), 'content-type': type }),
      code: 'unsupported_media_type',
    })),
    { title: 'a form’s text that parses as JSON', headers: fromOurPage, body: '{"a":"=b"}', code: 'invalid' },
    {
      title: 'a method override in the body',
      headers: fromOurPage,
      body: '{"_method":"DELETE"}',
      code: 'invalid',
    },
    { title: 'an array', headers: fromOurPage, body: '[]', code: 'invalid' },
    { title: 'no JSON', headers: fromOurPage, body: 'x', code: 'bad_request' },
    { title: 'two kilobytes', headers: fromOurPage, body: `{${' '.repeat(2048)}}`, code: 'too_large' },
  ];

  it.each(
    changes.flatMap((route) =>
      attempts.map((attempt) => [route.path, attempt.title, route, attempt] as const),
    ),
  )('POST %s with %s is refused and has no effect', async (_path, _title, route, attempt) => {
    const admin = person(estate(), 'admin');
    const answer = await call(pathOf(route, estate()), {
      method: 'POST',
      cookie: admin.cookie,
      headers: attempt.headers(admin.csrf),
      body: attempt.body ?? '{}',
    });
    expect(codeOf(answer.text)).toBe(attempt.code);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(house.done).toEqual([]);
    // The login lives on: a stranger's page cannot sign anybody out either.
    expect((await call('/api/extensions', { cookie: admin.cookie })).status).toBe(200);
  });

  it.each(changes.map((route) => [route.path, route] as const))(
    '%s does nothing by GET',
    async (_, route) => {
      const admin = person(estate(), 'admin');
      const answer = await call(pathOf(route, estate()), {
        cookie: admin.cookie,
        headers: { 'x-http-method-override': 'POST', 'x-csrf-token': admin.csrf },
      });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      expect(house.done).toEqual([]);
    },
  );

  it('accepts a browser that sends Origin and does not know Sec-Fetch-Site', async () => {
    const admin = person(estate(), 'admin');
    const answer = await call(`/api/extensions/${estate().extensionId}/tokens/${estate().tokenId}/revoke`, {
      method: 'POST',
      cookie: admin.cookie,
      headers: without(admin.csrf, 'sec-fetch-site'),
      body: '{}',
    });
    expect(answer.status).toBe(200);
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
        bucket: `bucket-${mine.mark}`,
        machines: 2,
        createdAt: '2026-09-23T12:00:00.000Z',
      },
    ]);
  });

  it('tokens in words, with their state, and never their caveats’ bytes', async () => {
    const [mine] = house.estates;
    const { items } = await read('/tokens');
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      id: mine.tokenId,
      preset: 'app-control',
      abilities: ['It may start and stop machines of one app.', 'It works for this workspace only.'],
      endsWith: 'x9Qz',
    });
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

  it('no more than the newest hundred, and says that there are older ones', async () => {
    const busy = await furnish(house.store.db, 'busy');
    const { machineEvents } = house.store.db._.fullSchema;
    const event = (secondsAgo: number) => ({
      key: randomUUID(),
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
  const post = async (path: string, admin: ReturnType<typeof person>) =>
    await call(path, { method: 'POST', cookie: admin.cookie, headers: fromOurPage(admin.csrf), body: '{}' });

  it('revokes a token in the name of the person who asked, and a double click is no error', async () => {
    const gamma = house.estates[2];
    const admin = person(gamma, 'admin');
    const path = `/api/extensions/${gamma.extensionId}/tokens/${gamma.tokenId}/revoke`;
    expect((await post(path, admin)).status).toBe(200);
    expect((await post(path, admin)).status).toBe(200);
    expect(house.done[0]).toEqual({ action: 'revoke', id: gamma.tokenId, by: admin.login.userId });
    const tokens = await call(`/api/extensions/${gamma.extensionId}/tokens`, { cookie: admin.cookie });
    expect(JSON.parse(tokens.text)).toMatchObject({ items: [{ id: gamma.tokenId, state: 'revoked' }] });
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
