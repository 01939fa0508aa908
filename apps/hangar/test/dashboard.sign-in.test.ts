import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Estate } from './dashboard-estate.ts';
import { openSignInHouse, SIGN_IN_ORIGIN, type SignInHouse } from './dashboard-fly.ts';
import { type House, openHouse } from './dashboard-house.ts';

let house: House;
let estate: Estate;
let open: SignInHouse;
let fly: SignInHouse['fly'];
let ask: SignInHouse['ask'];
let signIn: SignInHouse['signIn'];

beforeAll(async () => {
  house = await openHouse();
  estate = house.estates[0];
  open = await openSignInHouse(house);
  ({ fly, ask, signIn } = open);
});
afterAll(async () => {
  await open.close();
  await house.close();
});
beforeEach(() => {
  Object.assign(fly, { role: 'admin', organizationId: estate.organizationId, asked: 0, knowsToken: true });
  house.done.length = 0;
});

const revokePath = () => `/api/extensions/${estate.extensionId}/tokens/${estate.tokenId}/revoke`;

describe('the dashboard behind the provider’s sign-in', () => {
  it('lands on the page that was asked for, signed in with the role Fly.io gives', async () => {
    const path = `/extensions/${estate.extensionId}`;
    const { landing, cookie } = await signIn(path);
    expect(new URL(landing ?? '', SIGN_IN_ORIGIN).href).toBe(`${SIGN_IN_ORIGIN}${path}`);
    const me = await ask('/api/me', cookie);
    expect(me.body).toMatchObject({
      signedIn: true,
      user: { id: 'NeBO2G0l0yJ6', email: 'gabriella@customer.example' },
      organizations: [{ id: estate.organizationId, role: 'admin' }],
    });
    expect((await ask(`/api${path}`, cookie)).body).toMatchObject({ id: estate.extensionId, role: 'admin' });
    expect(fly.asked).toBe(0);
  });

  it('lets an admin act, after asking Fly.io whether she still is one', async () => {
    const { cookie } = await signIn('/');
    const { csrfToken } = (await ask('/api/me', cookie)).body as { csrfToken: string };
    expect((await ask(revokePath(), cookie, csrfToken)).status).toBe(200);
    expect(house.done).toEqual([{ action: 'revoke', id: estate.tokenId, by: 'NeBO2G0l0yJ6' }]);
    expect(fly.asked).toBe(1);
  });

  it('refuses an admin whose role was lowered since the page was loaded (SIGN-2)', async () => {
    const { cookie } = await signIn('/');
    const { csrfToken } = (await ask('/api/me', cookie)).body as { csrfToken: string };
    fly.role = 'member';
    const answer = await ask(revokePath(), cookie, csrfToken);
    expect([answer.status, answer.body['code']]).toEqual([403, 'policy_denied']);
    expect(house.done).toEqual([]);
  });

  it('shows nothing more to somebody who was removed from the organization (SIGN-2)', async () => {
    const { cookie } = await signIn('/');
    const { csrfToken } = (await ask('/api/me', cookie)).body as { csrfToken: string };
    fly.organizationId = house.estates[1].organizationId;
    expect((await ask(revokePath(), cookie, csrfToken)).status).toBe(404);
    expect((await ask(`/api/extensions/${estate.extensionId}`, cookie)).status).toBe(404);
    expect(house.done).toEqual([]);
  });

  it('ends the login when Fly.io no longer knows its token (SIGN-2)', async () => {
    const { cookie } = await signIn('/');
    const { csrfToken } = (await ask('/api/me', cookie)).body as { csrfToken: string };
    fly.knowsToken = false;
    expect((await ask(revokePath(), cookie, csrfToken)).status).toBe(401);
    expect((await ask('/api/me', cookie)).body).toMatchObject({ signedIn: false });
  });

  it('takes no other login’s token for a change', async () => {
    const first = await signIn('/');
    const second = await signIn('/');
    const { csrfToken } = (await ask('/api/me', second.cookie)).body as { csrfToken: string };
    const answer = await ask(revokePath(), first.cookie, csrfToken);
    expect([answer.status, answer.body['code']]).toEqual([403, 'csrf_refused']);
  });

  it('signs out: the cookie is cleared and replaying it gives nothing', async () => {
    const { cookie } = await signIn('/');
    const { csrfToken } = (await ask('/api/me', cookie)).body as { csrfToken: string };
    const answer = await ask('/api/sign-out', cookie, csrfToken);
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^hangar-plain=; Max-Age=0/)]);
    expect((await ask('/api/extensions', cookie)).status).toBe(401);
  });
});
