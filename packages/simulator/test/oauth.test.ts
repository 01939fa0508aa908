import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { send, stage, type Answer, type Stage } from './world.ts';

const client = { client_id: 'simulated-client', client_secret: 'simulated-client-secret' };
const gabriella = 'NeBO2G0l0yJ6';

const form = async (on: Stage, path: string, fields: Record<string, string>): Promise<Response> =>
  await fetch(on.api + path, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });

const parameters = (on: Stage, more: Record<string, string> = {}): Record<string, string> => ({
  client_id: client.client_id,
  response_type: 'code',
  redirect_uri: `${on.provider.baseUrl}/callback`,
  scope: 'read',
  state: 'st4te',
  ...more,
});

/** Signs in as a browser would, and gives back the callback address. */
async function signIn(on: Stage, more: Record<string, string> = {}): Promise<URL> {
  const answer = await form(on, '/oauth/authorize', parameters(on, { user_id: gabriella, ...more }));
  expect(answer.status).toBe(302);
  return new URL(answer.headers.get('location') ?? '');
}

async function exchange(
  on: Stage,
  fields: Record<string, string>,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await form(on, '/oauth/token', {
    grant_type: 'authorization_code',
    redirect_uri: `${on.provider.baseUrl}/callback`,
    ...client,
    ...fields,
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const info = (on: Stage, token: unknown): Promise<Answer> =>
  send('GET', `${on.api}/oauth/token/info`, { headers: { authorization: `Bearer ${String(token)}` } });

describe('signing in at Fly.io', () => {
  test('the page shows every user and carries the request in a form', async () => {
    const on = await stage();
    const query = new URLSearchParams(
      parameters(on, { organization_id: '04La2mblTaz', state: '"><script>' }),
    );
    const page = await (await fetch(`${on.api}/oauth/authorize?${query.toString()}`)).text();
    for (const name of ['Gabriella Fern', 'Milo Kast', 'Otto Brandt', 'admin of High Flyers'])
      expect(page).toContain(name);
    expect(page).toContain('name="organization_id" value="04La2mblTaz"');
    expect(page).toContain('method="post"');
    expect(page).not.toContain('<script>');
  });

  test('the whole round ends with what token introspection says in the docs', async () => {
    const on = await stage();
    const callback = await signIn(on);
    expect(callback.href.startsWith(`${on.provider.baseUrl}/callback?`)).toBe(true);
    expect(callback.searchParams.get('state')).toBe('st4te');
    const token = await exchange(on, { code: callback.searchParams.get('code') ?? '' });
    expect(token.body).toEqual({
      access_token: expect.stringMatching(/^fo1_[\w-]{43}$/),
      token_type: 'Bearer',
      expires_in: 7200,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
      scope: 'read',
      created_at: expect.any(Number),
    });
    expect((await info(on, token.body['access_token'])).body).toEqual({
      resource_owner_id: gabriella,
      user_id: gabriella,
      user_name: 'Gabriella Fern',
      email: 'v9WvKokd@customer.fly.io',
      organizations: [{ id: '04La2mblTaz', role: 'admin' }],
      scope: ['read'],
      expires_in: 7200,
      application: { uid: 'simulated-client' },
      created_at: token.body['created_at'],
    });
  });

  test('a code works once', async () => {
    const on = await stage();
    const code = (await signIn(on)).searchParams.get('code') ?? '';
    expect((await exchange(on, { code })).status).toBe(200);
    expect(await exchange(on, { code })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test('a code is worth nothing after ten minutes of simulated time', async () => {
    const on = await stage();
    const code = (await signIn(on)).searchParams.get('code') ?? '';
    on.simulator.clock.advance(601_000);
    expect(await exchange(on, { code })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test('a code needs its redirect address, its client and its secret', async () => {
    const on = await stage();
    const code = (await signIn(on)).searchParams.get('code') ?? '';
    const elsewhere = await exchange(on, { code, redirect_uri: 'https://evil.example/callback' });
    expect(elsewhere.status).toBe(400);
    const wrong = await exchange(on, {
      code: (await signIn(on)).searchParams.get('code') ?? '',
      client_secret: 'wrong',
    });
    expect(wrong).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect((await exchange(on, { code, client_id: 'somebody' })).status).toBe(401);
  });

  test('PKCE is honoured: the verifier must fit, and the secret is needed all the same', async () => {
    const on = await stage();
    const verifier = 'a'.repeat(64);
    const code_challenge = createHash('sha256').update(verifier).digest('base64url');
    const fresh = async (): Promise<string> =>
      (await signIn(on, { code_challenge, code_challenge_method: 'S256' })).searchParams.get('code') ?? '';
    expect((await exchange(on, { code: await fresh() })).body).toMatchObject({ error: 'invalid_grant' });
    expect((await exchange(on, { code: await fresh(), code_verifier: 'b'.repeat(64) })).status).toBe(400);
    expect((await exchange(on, { code: await fresh(), code_verifier: verifier })).status).toBe(200);
    const bare = await form(on, '/oauth/token', {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code: await fresh(),
      code_verifier: verifier,
      redirect_uri: `${on.provider.baseUrl}/callback`,
    });
    expect(bare.status).toBe(401);
  });

  test('a refresh token gives new tokens and ends the old ones', async () => {
    const on = await stage();
    const code = (await signIn(on)).searchParams.get('code') ?? '';
    const first = (await exchange(on, { code })).body;
    const refresh = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) };
    const second = await exchange(on, refresh);
    expect(second.status).toBe(200);
    expect(second.body['access_token']).not.toBe(first['access_token']);
    expect((await info(on, second.body['access_token'])).status).toBe(200);
    expect((await info(on, first['access_token'])).status).toBe(401);
    expect((await exchange(on, refresh)).status).toBe(400);
  });

  test('an access token ends after two hours, and an invalid one is a challenge', async () => {
    const on = await stage();
    const code = (await signIn(on)).searchParams.get('code') ?? '';
    const token = (await exchange(on, { code })).body['access_token'];
    on.simulator.clock.advance(3_600_000);
    expect((await info(on, token)).at('expires_in')).toBe(3600);
    on.simulator.clock.advance(3_601_000);
    const answer = await info(on, token);
    expect([answer.status, answer.at('error')]).toEqual([401, 'invalid_token']);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect((await send('GET', `${on.api}/oauth/token/info`)).status).toBe(401);
  });

  test('a user may say no', async () => {
    const on = await stage();
    const answer = await form(on, '/oauth/authorize', parameters(on, { deny: '1' }));
    const callback = new URL(answer.headers.get('location') ?? '');
    expect([callback.searchParams.get('error'), callback.searchParams.get('state')]).toEqual([
      'access_denied',
      'st4te',
    ]);
  });

  test.each([
    ['another client', { client_id: 'somebody' }],
    ['another redirect address', { redirect_uri: 'https://evil.example/callback' }],
    ['a user that does not exist', { user_id: 'nobody' }],
  ])('%s leads nowhere', async (_title, change) => {
    const on = await stage();
    const answer = await form(on, '/oauth/authorize', parameters(on, { user_id: gabriella, ...change }));
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  });

  test('a scope other than read is refused at the callback', async () => {
    const on = await stage();
    const callback = await signIn(on, { scope: 'write' });
    expect(callback.searchParams.get('error')).toBe('invalid_scope');
  });
});
