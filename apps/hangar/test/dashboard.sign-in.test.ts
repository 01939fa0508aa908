import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { allowPlainHttpToSimulator, createOAuthClient } from '@hangar/flyio';
import { createProvider, type Provider } from '@hangar/provider';
import { createSealer, Secret } from '@hangar/security';
import { createOutgoing, type Outgoing } from '@hangar/security/outgoing';
import { createProviderStore } from '@hangar/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dashboard } from '../src/dashboard/dashboard.ts';
import type { Estate } from './dashboard-estate.ts';
import { type House, openHouse } from './dashboard-house.ts';

/** The dashboard behind the provider's own sign-in, with a small Fly.io that says who somebody is. */

const ORIGIN = 'http://127.0.0.1:4600';
const CLIENT_ID = 'hangar-dashboard';

/** What Fly.io answers about Gabriella, and how often it was asked. */
const fly = { role: 'admin', organizationId: '', asked: 0, knowsToken: true };

let flyServer: Server;
let outgoing: Outgoing;
let house: House;
let estate: Estate;
let provider: Provider;
let dashboard: Dashboard;

beforeAll(async () => {
  house = await openHouse();
  estate = house.estates[0];
  fly.organizationId = estate.organizationId;
  flyServer = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/oauth/token') {
      request.resume();
      response.end(
        JSON.stringify({ access_token: 'fo1_of-gabriella', token_type: 'Bearer', expires_in: 7200 }),
      );
      return;
    }
    fly.asked += 1;
    response.statusCode = fly.knowsToken ? 200 : 401;
    response.end(JSON.stringify(fly.knowsToken ? introspection() : { error: 'invalid_token' }));
  });
  await new Promise<void>((resolve) => flyServer.listen(0, '127.0.0.1', () => resolve()));
  const apiUrl = `http://127.0.0.1:${(flyServer.address() as AddressInfo).port}`;
  outgoing = createOutgoing({ allowedOrigins: [apiUrl] });
  provider = createProvider({
    publicBaseUrl: `${ORIGIN}/flyio`,
    providerSlug: 'logjam',
    provisioningSecrets: [Secret.of(randomBytes(24).toString('hex'))],
    webhookSecret: Secret.of(randomBytes(24).toString('hex')),
    webhookUrl: `${apiUrl}/api/hooks/extensions/logjam`,
    oauth: createOAuthClient({
      clientId: CLIENT_ID,
      clientSecret: Secret.of('client-secret-of-the-dashboard'),
      redirectUri: `${ORIGIN}/flyio/callback`,
      apiUrl,
      outgoing,
      allowPlainHttp: allowPlainHttpToSimulator,
    }),
    store: createProviderStore(house.store.db),
    sealer: createSealer([Secret.of(`k1:${randomBytes(32).toString('base64')}`)]),
    outgoing,
    configKeys: [],
    seller: { provision: async () => ({ config: {} }), deprovision: async () => {} },
    landing: (extensionId) => `/extensions/${extensionId}`,
    cookie: { secure: false },
  });
  dashboard = house.dashboard(ORIGIN, provider.logins);
});
afterAll(async () => {
  await outgoing.close();
  await new Promise((resolve) => flyServer.close(resolve));
  await house.close();
});
beforeEach(() => {
  Object.assign(fly, { role: 'admin', organizationId: estate.organizationId, asked: 0, knowsToken: true });
  house.done.length = 0;
});

const introspection = () => ({
  resource_owner_id: 'NeBO2G0l0yJ6',
  user_id: 'NeBO2G0l0yJ6',
  user_name: 'Gabriella',
  email: 'gabriella@customer.example',
  organizations: [{ id: fly.organizationId, role: fly.role }],
  scope: ['read'],
  expires_in: 7200,
  application: { uid: CLIENT_ID },
  created_at: Math.floor(new Date().getTime() / 1000),
});

async function ask(path: string, cookie: string, change?: string) {
  const headers: Record<string, string> =
    change === undefined
      ? { cookie }
      : { cookie, origin: ORIGIN, 'content-type': 'application/json', 'x-csrf-token': change };
  const request = new Request(`${ORIGIN}${path}`, {
    headers,
    ...(change === undefined ? {} : { method: 'POST', body: '{}' }),
  });
  const answer = await dashboard.fetch(request, { rawTarget: path, requestId: 'req_test' });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Record<string, unknown>,
  };
}

/** Follows the sign-in that `/api/me` offers, as a browser would, and answers where it ends and with which cookie. */
async function signIn(returnTo: string) {
  const me = await ask(`/api/me?return_to=${encodeURIComponent(returnTo)}`, '');
  const start = new URL(String(me.body['signInUrl']), ORIGIN);
  const started = await atProvider(start, '');
  const authorize = new URL(started.headers.get('location') ?? '');
  const attempt = cookieOf(started.headers);
  const back = new URL(`${ORIGIN}/flyio/callback`);
  back.searchParams.set('code', 'a-code');
  back.searchParams.set('state', authorize.searchParams.get('state') ?? '');
  const ended = await atProvider(back, attempt);
  fly.asked = 0;
  return { landing: ended.headers.get('location'), cookie: cookieOf(ended.headers) };
}

async function atProvider(url: URL, cookie: string): Promise<Response> {
  const request = new Request(url, { headers: { cookie }, redirect: 'manual' });
  return await provider.fetch(request, { rawTarget: url.pathname + url.search, requestId: 'req_test' });
}

/** The cookies that were set and not cleared. */
const cookieOf = (headers: Headers) =>
  headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !pair.endsWith('='))
    .join('; ');

const revokePath = () => `/api/extensions/${estate.extensionId}/tokens/${estate.tokenId}/revoke`;

describe('the dashboard behind the provider’s sign-in', () => {
  it('lands on the page that was asked for, signed in with the role Fly.io gives', async () => {
    const path = `/extensions/${estate.extensionId}`;
    const { landing, cookie } = await signIn(path);
    expect(new URL(landing ?? '', ORIGIN).href).toBe(`${ORIGIN}${path}`);
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

  it('refuses an admin whose role was lowered since the page was loaded (S2)', async () => {
    const { cookie } = await signIn('/');
    const { csrfToken } = (await ask('/api/me', cookie)).body as { csrfToken: string };
    fly.role = 'member';
    const answer = await ask(revokePath(), cookie, csrfToken);
    expect([answer.status, answer.body['code']]).toEqual([403, 'policy_denied']);
    expect(house.done).toEqual([]);
  });

  it('shows nothing more to somebody who was removed from the organization (S2)', async () => {
    const { cookie } = await signIn('/');
    const { csrfToken } = (await ask('/api/me', cookie)).body as { csrfToken: string };
    fly.organizationId = house.estates[1].organizationId;
    expect((await ask(revokePath(), cookie, csrfToken)).status).toBe(404);
    expect((await ask(`/api/extensions/${estate.extensionId}`, cookie)).status).toBe(404);
    expect(house.done).toEqual([]);
  });

  it('ends the login when Fly.io no longer knows its token (S2)', async () => {
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
