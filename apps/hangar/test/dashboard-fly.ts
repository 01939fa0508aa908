import { randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { allowPlainHttpToSimulator, createOAuthClient } from '@hangar/flyio';
import { createProvider, type Provider } from '@hangar/provider';
import { type Clock, silentLog } from '@hangar/http';
import { createSealer, Secret } from '@hangar/security';
import { createOutgoing } from '@hangar/security/outgoing';
import { createProviderStore } from '@hangar/store';
import type { Dashboard } from '../src/dashboard/dashboard.ts';
import type { House } from './dashboard-house.ts';

/** Where the dashboard behind the real sign-in is reached. */
export const SIGN_IN_ORIGIN = 'http://127.0.0.1:4600';
const CLIENT_ID = 'hangar-dashboard';

/** What Fly.io answers about Gabriella, how often it was asked, and what happens while it is being asked. */
export interface FlyAnswers {
  role: string;
  organizationId: string;
  asked: number;
  knowsToken: boolean;
  /** Answers 503 instead of who somebody is. */
  away: boolean;
  whileAsked: (() => Promise<void>) | undefined;
}

/** A dashboard behind the provider's own sign-in, with a small Fly.io that says who somebody is. */
export interface SignInHouse {
  readonly fly: FlyAnswers;
  readonly provider: Provider;
  readonly dashboard: Dashboard;
  ask(path: string, cookie: string, change?: string): Promise<Asked>;
  /** Follows the sign-in that `/api/me` offers, as a browser would: where it ends and with which cookie. */
  signIn(returnTo: string): Promise<{ readonly landing: string | null; readonly cookie: string }>;
  close(): Promise<void>;
}

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export async function openSignInHouse(house: House, now?: Clock): Promise<SignInHouse> {
  const fly: FlyAnswers = {
    role: 'admin',
    organizationId: house.estates[0].organizationId,
    asked: 0,
    knowsToken: true,
    away: false,
    whileAsked: undefined,
  };
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/oauth/token') {
      request.resume();
      response.end(
        JSON.stringify({ access_token: 'fo1_of-gabriella', token_type: 'Bearer', expires_in: 7200 }),
      );
      return;
    }
    void introspect(fly, now, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const outgoing = createOutgoing({ allowedOrigins: [apiUrl] });
  const provider = createProvider({
    publicBaseUrl: `${SIGN_IN_ORIGIN}/flyio`,
    providerSlug: 'logjam',
    provisioningSecrets: [Secret.of(randomBytes(24).toString('hex'))],
    webhookSecret: Secret.of(randomBytes(24).toString('hex')),
    webhookUrl: `${apiUrl}/api/hooks/extensions/logjam`,
    oauth: createOAuthClient({
      clientId: CLIENT_ID,
      clientSecret: Secret.of('client-secret-of-the-dashboard'),
      redirectUri: `${SIGN_IN_ORIGIN}/flyio/callback`,
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
    log: silentLog,
    now,
  });
  const dashboard = house.dashboard(SIGN_IN_ORIGIN, provider.logins);

  const ask: SignInHouse['ask'] = async (path, cookie, change) => {
    const headers: Record<string, string> =
      change === undefined
        ? { cookie }
        : { cookie, origin: SIGN_IN_ORIGIN, 'content-type': 'application/json', 'x-csrf-token': change };
    const request = new Request(`${SIGN_IN_ORIGIN}${path}`, {
      headers,
      ...(change === undefined ? {} : { method: 'POST', body: '{}' }),
    });
    const answer = await dashboard.fetch(request, { rawTarget: path, requestId: 'req_test' });
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as Record<string, unknown>,
    };
  };

  const atProvider = async (url: URL, cookie: string): Promise<Response> => {
    const request = new Request(url, { headers: { cookie }, redirect: 'manual' });
    return await provider.fetch(request, { rawTarget: url.pathname + url.search, requestId: 'req_test' });
  };

  return {
    fly,
    provider,
    dashboard,
    ask,
    async signIn(returnTo) {
      const me = await ask(`/api/me?return_to=${encodeURIComponent(returnTo)}`, '');
      const start = new URL(String(me.body['signInUrl']), SIGN_IN_ORIGIN);
      const started = await atProvider(start, '');
      const authorize = new URL(started.headers.get('location') ?? '');
      const back = new URL(`${SIGN_IN_ORIGIN}/flyio/callback`);
      back.searchParams.set('code', 'a-code');
      back.searchParams.set('state', authorize.searchParams.get('state') ?? '');
      const ended = await atProvider(back, cookieOf(started.headers));
      fly.asked = 0;
      return { landing: ended.headers.get('location'), cookie: cookieOf(ended.headers) };
    },
    async close() {
      await outgoing.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function introspect(fly: FlyAnswers, now: Clock | undefined, response: ServerResponse): Promise<void> {
  fly.asked += 1;
  const { whileAsked } = fly;
  fly.whileAsked = undefined;
  await whileAsked?.();
  response.statusCode = fly.away ? 503 : fly.knowsToken ? 200 : 401;
  response.end(JSON.stringify(fly.knowsToken ? introspection(fly, now) : { error: 'invalid_token' }));
}

const introspection = (fly: FlyAnswers, now: Clock = () => new Date()) => ({
  resource_owner_id: 'NeBO2G0l0yJ6',
  user_id: 'NeBO2G0l0yJ6',
  user_name: 'Gabriella',
  email: 'gabriella@customer.example',
  organizations: [{ id: fly.organizationId, role: fly.role }],
  scope: ['read'],
  expires_in: 7200,
  application: { uid: CLIENT_ID },
  created_at: Math.floor(now().getTime() / 1000),
});

/** The cookies that were set and not cleared. */
const cookieOf = (headers: Headers) =>
  headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !pair.endsWith('='))
    .join('; ');
