import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDashboardReads } from '@hangar/store';
import { listenHere, stallRequest } from '../../../test/harness/stalled-request.ts';
import type { Dashboard } from '../src/dashboard/dashboard.ts';
import type { DashboardRoute } from '../src/dashboard/routes.ts';
import { type Estate, furnish, NOW } from './dashboard-estate.ts';
import { openSignInHouse, SIGN_IN_ORIGIN, type SignInHouse } from './dashboard-fly.ts';
import { type House, openHouse } from './dashboard-house.ts';
import { bodyOf, changes, pathOf } from './dashboard-visitor.ts';

/** A login that ends, or that may do less, between the first byte of a change and its effect. */

let house: House;
let open: SignInHouse;
let server: Awaited<ReturnType<typeof listenHere>>;
let estate: Estate;
let now = NOW;

beforeAll(async () => {
  house = await openHouse();
  open = await openSignInHouse(house, () => now);
  server = await listenHere(open.dashboard);
});
afterAll(async () => {
  await server.close(0);
  await open.close();
  await house.close();
});
beforeEach(async () => {
  now = NOW;
  estate = await furnish(house.store.db, 'delta', house.authority);
  Object.assign(open.fly, {
    role: 'admin',
    organizationId: estate.organizationId,
    knowsToken: true,
    away: false,
    whileAsked: undefined,
  });
  house.done.length = 0;
});

interface Admin {
  readonly cookie: string;
  readonly csrf: string;
}

async function signIn(): Promise<Admin> {
  const { cookie } = await open.signIn('/');
  const { csrfToken } = (await open.ask('/api/me', cookie)).body as { csrfToken: string };
  return { cookie, csrf: csrfToken };
}

const signOut = async ({ cookie, csrf }: Admin): Promise<void> => {
  expect((await open.ask('/api/sign-out', cookie, csrf)).status).toBe(200);
};

const sentBy = ({ cookie, csrf }: Admin) => ({ cookie, origin: SIGN_IN_ORIGIN, 'x-csrf-token': csrf });

const stall = async (route: DashboardRoute, admin: Admin, port = server.port) =>
  await stallRequest({
    port,
    method: route.method,
    target: pathOf(route, estate),
    headers: sentBy(admin),
    body: bodyOf(route, estate),
  });

/** Everything that a change could have changed. */
async function standing(): Promise<unknown> {
  const { db } = house.store;
  const { tokens } = await house.authority.tokens.list({ workspace: estate.workspace });
  return { tokens, done: [...house.done], outbox: await db.select().from(db._.fullSchema.outbox) };
}

const EVENTS: Readonly<
  Record<
    string,
    {
      happens(admin: Admin): Promise<void> | void;
      readonly refused: readonly [number, string];
      /** Concerns only what admins of an organization do. */
      readonly adminsOnly?: true;
    }
  >
> = {
  'the login is signed out': { happens: signOut, refused: [401, 'login_required'] },
  'the login expires': {
    happens: () => {
      now = new Date(NOW.getTime() + 7_200_000);
    },
    refused: [401, 'login_required'],
  },
  'Fly.io ends the token behind the login': {
    happens: () => {
      open.fly.knowsToken = false;
      now = new Date(NOW.getTime() + 301_000);
    },
    refused: [401, 'login_required'],
  },
  'the role is lowered': {
    happens: () => {
      open.fly.role = 'member';
    },
    refused: [403, 'policy_denied'],
    adminsOnly: true,
  },
  'the membership ends': {
    happens: () => {
      open.fly.organizationId = house.estates[1].organizationId;
    },
    refused: [404, 'not_found'],
    adminsOnly: true,
  },
};

describe('a change whose body stalls', () => {
  const cases = Object.entries(EVENTS).flatMap(([event, what]) =>
    changes
      .filter((route) => what.adminsOnly === undefined || route.audience === 'admin')
      .map((route) => [route.path, event, route, what] as const),
  );

  it.each(cases)('POST %s does nothing when meanwhile %s', async (_path, _event, route, what) => {
    const admin = await signIn();
    const stalled = await stall(route, admin);
    // Whoever judges by the head has done so by now: a change that came later, and took every step, is through.
    const waiting = `/api/extensions/${estate.extensionId}/deliveries/${estate.waitingDeliveryId}/redeliver`;
    expect((await open.ask(waiting, admin.cookie, admin.csrf)).status).toBe(409);
    await what.happens(admin);
    const before = await standing();
    const answer = await stalled.finish();
    expect([answer.status, answer.json?.['code']]).toEqual(what.refused);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await standing()).toEqual(before);
  });

  it.each(changes.map((route) => [route.path, route] as const))(
    'POST %s goes through when nothing happened meanwhile',
    async (_, route) => {
      const admin = await signIn();
      const stalled = await stall(route, admin);
      expect((await stalled.finish()).status).toBeLessThan(300);
    },
  );
});

describe('a login that ends after the body came, before the effect', () => {
  const mint = changes.find(({ path }) => path.endsWith('/mint'));
  if (mint === undefined) throw new Error('there is no route that mints');

  const minted = async (dashboard: Dashboard, admin: Admin) => {
    const target = pathOf(mint, estate);
    const request = new Request(`${SIGN_IN_ORIGIN}${target}`, {
      method: 'POST',
      headers: { ...sentBy(admin), 'content-type': 'application/json' },
      body: bodyOf(mint, estate),
    });
    return (await dashboard.fetch(request, { rawTarget: target, requestId: 'req_test' })).status;
  };

  it('is noticed when it ends while the workspace is looked up', async () => {
    const admin = await signIn();
    const { workspace } = createDashboardReads(house.store.db);
    const dashboard = house.dashboard(SIGN_IN_ORIGIN, open.provider.logins, {
      workspace: async (...about) => {
        const found = await workspace(...about);
        await signOut(admin);
        return found;
      },
    });
    expect(await minted(dashboard, admin)).toBe(401);
    expect(house.done).toEqual([]);
  });

  it.each([false, true])('is noticed when it ends while Fly.io is asked (away: %s)', async (away) => {
    const admin = await signIn();
    open.fly.whileAsked = async () => {
      open.fly.away = away;
      await signOut(admin);
    };
    expect(await minted(open.dashboard, admin)).toBe(401);
    expect(house.done).toEqual([]);
  });

  it('asks Fly.io anew for a change that came while it was being asked', async () => {
    const admin = await signIn();
    let later: Promise<number> | undefined;
    open.fly.whileAsked = async () => {
      now = new Date(now.getTime() + 1_000);
      later = minted(open.dashboard, admin);
      // The second change is under way and could join the question that is on its way.
      expect((await open.ask('/api/extensions', admin.cookie)).status).toBe(200);
    };
    expect(await minted(open.dashboard, admin)).toBe(201);
    expect(await later).toBe(201);
    expect(open.fly.asked).toBe(2);
  });
});
