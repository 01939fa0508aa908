import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  allowPlainHttpToSimulator,
  codeChallengeOf,
  createOAuthClient,
  createPkcePair,
  tokenInfo,
  type OAuthClient,
} from '@hangar/flyio';
import { Secret } from '@hangar/security';
import { createOutgoing, type Outgoing } from '@hangar/security/outgoing';
import { introspection, tokenAnswer } from './fixtures/extensions-page.ts';
import { json, startStandIn, type StandIn } from './harness.ts';

const redirectUri = 'https://logjam.io/flyio/callback';
const kept = { state: 'state-of-this-browser', codeVerifier: 'a'.repeat(43) };
let fly: StandIn;
let outgoing: Outgoing;
let client: OAuthClient;
interface Planned {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}
let token: Planned;
let info: Planned;

beforeAll(async () => {
  fly = await startStandIn((request, response) => {
    const planned = request.target === '/oauth/token' ? token : info;
    if (planned.status === 0) {
      response.destroy();
      return;
    }
    response.setHeaders(new Map(Object.entries(planned.headers ?? {})));
    json(response, planned.status, planned.body);
  });
  outgoing = createOutgoing({ allowedOrigins: [fly.origin] });
  client = createOAuthClient({
    clientId: 'logjam',
    clientSecret: Secret.of('123'),
    redirectUri,
    apiUrl: fly.origin,
    outgoing,
    allowPlainHttp: allowPlainHttpToSimulator,
  });
});

beforeEach(() => {
  fly.received.length = 0;
  token = { status: 200, body: tokenAnswer };
  info = { status: 200, body: introspection };
});

afterAll(async () => {
  await outgoing.close();
  await fly.close();
});

describe('the way to Fly.io', () => {
  test('names client, redirect, scope, state, challenge and organization', () => {
    const url = client.authorizeUrl({
      state: 's',
      codeChallenge: codeChallengeOf(kept.codeVerifier),
      organizationId: '04La2mblTaz',
    });
    expect(url.origin + url.pathname).toBe(`${fly.origin}/oauth/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'logjam',
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'read',
      state: 's',
      code_challenge: codeChallengeOf(kept.codeVerifier),
      code_challenge_method: 'S256',
      organization_id: '04La2mblTaz',
    });
  });

  test('the challenge is that of RFC 7636, and each pair is fresh', () => {
    expect(codeChallengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
    expect(createPkcePair().codeVerifier).not.toBe(createPkcePair().codeVerifier);
  });

  test('is not opened over plain http without the switch, or to another host', () => {
    const options = { clientId: 'a', clientSecret: Secret.of('b'), redirectUri, outgoing };
    expect(() => createOAuthClient({ ...options, apiUrl: fly.origin })).toThrow(RangeError);
    const danger = { allowPlainHttp: allowPlainHttpToSimulator } as const;
    expect(() => createOAuthClient({ ...options, ...danger, apiUrl: 'http://api.fly.io' })).toThrow(
      RangeError,
    );
    expect(() => createOAuthClient({ ...options, apiUrl: 'https://api.fly.io' })).not.toThrow();
  });
});

describe('the way back', () => {
  const callback = (params: Record<string, string>): URLSearchParams => new URLSearchParams(params);

  test('a code is exchanged in a form with all five members and the verifier', async () => {
    const answer = await client.exchange(callback({ code: 'myauthcode', state: kept.state }), kept);
    expect(answer.ok && answer.value.accessToken.reveal()).toBe(tokenAnswer.access_token);
    expect(answer).toMatchObject({ ok: true, value: { expiresIn: 7200 } });
    expect(fly.received).toHaveLength(1);
    const [request] = fly.received;
    expect(request).toMatchObject({ method: 'POST', target: '/oauth/token' });
    expect(request?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect(request?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      client_id: 'logjam',
      client_secret: '123',
      grant_type: 'authorization_code',
      code: 'myauthcode',
      redirect_uri: redirectUri,
      code_verifier: kept.codeVerifier,
    });
  });

  test.each([
    ['another state', { code: 'c', state: 'other' }, 'callback_malformed'],
    ['no state', { code: 'c' }, 'callback_malformed'],
    ['no code', { state: kept.state }, 'callback_malformed'],
    ['a refusal', { error: 'access_denied', state: kept.state }, 'callback_refused'],
    ['a refusal of another browser', { error: 'access_denied', state: 'other' }, 'callback_malformed'],
  ])('%s exchanges nothing', async (_name, params, tag) => {
    expect(await client.exchange(callback(params), kept)).toMatchObject({ ok: false, reason: { tag } });
    expect(fly.received).toHaveLength(0);
  });

  test('two codes exchange nothing', async () => {
    const doubled = new URLSearchParams([
      ['code', 'a'],
      ['code', 'b'],
      ['state', kept.state],
    ]);
    expect(await client.exchange(doubled, kept)).toMatchObject({
      ok: false,
      reason: { tag: 'callback_malformed' },
    });
    expect(fly.received).toHaveLength(0);
  });

  test.each([
    [
      'a used code',
      { status: 400, body: { error: 'invalid_grant' } },
      { tag: 'token_refused', status: 400, error: 'invalid_grant' },
    ],
    [
      'a wrong secret',
      { status: 401, body: { error: 'invalid_client' } },
      { tag: 'token_refused', status: 401 },
    ],
    [
      'a wrong secret with a challenge',
      {
        status: 401,
        body: { error: 'invalid_client' },
        headers: { 'www-authenticate': 'Bearer realm="Doorkeeper"' },
      },
      { tag: 'token_refused', status: 401 },
    ],
    ['a 500', { status: 500, body: {} }, { tag: 'unreachable' }],
    ['a closed socket', { status: 0, body: {} }, { tag: 'unreachable' }],
    ['a redirect', { status: 302, body: {}, headers: { location: '/x' } }, { tag: 'token_malformed' }],
    ['no token in the answer', { status: 200, body: { token_type: 'Bearer' } }, { tag: 'token_malformed' }],
    [
      'another token type',
      { status: 200, body: { ...tokenAnswer, token_type: 'mac' } },
      { tag: 'token_malformed' },
    ],
    [
      'a token without an end',
      { status: 200, body: { ...tokenAnswer, expires_in: undefined } },
      { tag: 'token_malformed' },
    ],
  ])('%s is a no, asked once', async (_name, answer, reason) => {
    token = answer;
    expect(await client.exchange(callback({ code: 'c', state: kept.state }), kept)).toMatchObject({
      ok: false,
      reason,
    });
    expect(fly.received).toHaveLength(1);
  });
});

describe('introspection', () => {
  const accessToken = Secret.of(tokenAnswer.access_token);

  test("is a GET with the token as bearer, and the page's answer is a yes", async () => {
    expect(await client.introspect(accessToken)).toEqual({ ok: true, value: introspection });
    expect(fly.received[0]).toMatchObject({ method: 'GET', target: '/oauth/token/info', body: '' });
    expect(fly.received[0]?.headers.authorization).toBe(`Bearer ${tokenAnswer.access_token}`);
  });

  test.each([
    ['a token of another client', { ...introspection, application: { uid: 'other' } }, 'wrong_application'],
    ['a token without read', { ...introspection, scope: [] }, 'scope_missing'],
    ['a scope that only contains the letters', { ...introspection, scope: ['readonly'] }, 'scope_missing'],
    ['a token of somebody else', { ...introspection, user_id: 'other' }, 'subject_mismatch'],
    ['a token that is over', { ...introspection, expires_in: 0 }, 'token_expired'],
    ['an empty object', {}, 'introspection_malformed'],
    ['a list', [], 'introspection_malformed'],
    [
      'organizations of another form',
      { ...introspection, organizations: ['zd3e5wvkjel6pgqw'] },
      'introspection_malformed',
    ],
    ['no user', { ...introspection, user_id: undefined }, 'introspection_malformed'],
  ])('%s is a no', async (_name, body, tag) => {
    info = { status: 200, body };
    expect(await client.introspect(accessToken)).toMatchObject({ ok: false, reason: { tag } });
  });

  test.each([
    [401, 'introspection_refused'],
    [404, 'introspection_refused'],
    [302, 'introspection_refused'],
    [204, 'introspection_refused'],
    [500, 'unreachable'],
    [503, 'unreachable'],
    [0, 'unreachable'],
  ])('status %i is a no', async (status, tag) => {
    info = { status, body: introspection };
    expect(await client.introspect(accessToken)).toMatchObject({ ok: false, reason: { tag } });
  });

  test('answers from before roles existed make members, and no list makes nobody', () => {
    const { organizations: _roles, ...bare } = introspection;
    expect(tokenInfo.parse({ ...bare, organization_ids: ['a', 'b'] }).organizations).toEqual([
      { id: 'a', role: 'member' },
      { id: 'b', role: 'member' },
    ]);
    expect(tokenInfo.parse(bare).organizations).toEqual([]);
    expect(tokenInfo.parse({ ...introspection, organization_ids: ['evil'] }).organizations).toEqual(
      introspection.organizations,
    );
    expect(
      tokenInfo.parse({ ...bare, organizations: [{ id: 'a', role: 'superadmin' }] }).organizations[0]?.role,
    ).toBe('member');
  });

  test('no reason holds the token', async () => {
    for (const status of [0, 401, 500]) {
      info = { status, body: { error: tokenAnswer.access_token } };
      expect(JSON.stringify(await client.introspect(accessToken))).not.toContain('034hk03k4mhjea0l4224hk');
    }
  });
});
