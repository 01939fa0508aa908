import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { control, flaps, foreignToken, send, stage, type Answer, type Stage } from './world.ts';
import { simulatedSecrets } from '../src/index.ts';

const GABRIELLA = 'NeBO2G0l0yJ6';

/** A caller of `/api/v1`. */
function rest(on: Stage, token: string = simulatedSecrets.operatorToken) {
  return (method: string, path: string, body?: unknown): Promise<Answer> =>
    send(method, `${on.api}/api/v1${path}`, {
      body,
      headers: { authorization: `Bearer ${token}` },
    });
}

async function withApp(): Promise<Stage> {
  const on = await stage();
  await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  return on;
}

const release = (app = 'one'): object => ({
  app_name: app,
  build_id: 0,
  definition: { app, primary_region: 'ams', deploy: { strategy: 'rolling' } },
  image: 'nginx:1.27',
  strategy: 'ROLLING',
});

describe('organizations and builds', () => {
  test('an organization has its number as a number; what is not to be seen is not there', async () => {
    const on = await stage();
    const one = await rest(on)('GET', '/organizations/operator');
    expect(one.at('organization')).toMatchObject({
      slug: 'operator',
      raw_slug: 'operator',
      internal_numeric_id: 50001,
      billing_status: 'CURRENT',
      paid_plan: true,
      remote_builder_image: '',
    });
    expect((await rest(on)('GET', '/organizations/personal')).at('organization.slug')).toBe('operator');
    const all = await rest(on)('GET', '/organizations?admin=false');
    expect(all.at('organizations')).toEqual([one.at('organization')]);
    expect((await rest(on)('GET', '/organizations/low-flyers')).status).toBe(404);
    expect((await rest(on, 'fo1_nobody')('GET', '/organizations')).status).toBe(401);
  });

  test('a build begins and ends with 200, which is all that flyctl takes', async () => {
    const on = await withApp();
    const begun = await rest(on)('POST', '/builds', {
      app_name: 'one',
      builder_type: 'remote',
      strategies_available: ['Remote Image Reference'],
    });
    expect([begun.status, begun.at('status')]).toEqual([200, 'started']);
    const finish = {
      build_id: begun.at('id'),
      app_name: 'one',
      status: 'completed',
      final_image: { id: 'i' },
    };
    const ended = await rest(on)('POST', '/builds/finish', finish);
    expect(ended.body).toMatchObject({ id: begun.at('id'), status: 'completed' });
    expect(typeof ended.at('wallclock_time_ms')).toBe('number');
    expect((await rest(on)('POST', '/builds/finish', { ...finish, status: 'x' })).status).toBe(400);
    expect((await rest(on)('POST', '/builds/finish', { ...finish, build_id: 99 })).status).toBe(404);
    expect((await rest(on)('POST', '/builds/finish', { ...finish, build_id: 'x' })).status).toBe(400);
    expect((await rest(on, foreignToken)('POST', '/builds', { app_name: 'one' })).status).toBe(404);
  });
});

describe('releases', () => {
  test('are numbered within their app, go on as their maker says, and are the same in GraphQL', async () => {
    const on = await withApp();
    expect((await rest(on)('GET', '/apps/one/releases/current')).status).toBe(404);
    const first = await rest(on)('POST', '/releases', release());
    expect(first.status).toBe(201);
    expect(first.at('release')).toMatchObject({
      version: 1,
      status: 'pending',
      in_progress: true,
      stable: false,
      image_ref: 'nginx:1.27',
      strategy: 'ROLLING',
    });
    const patch = (id: unknown, status: string, metadata: unknown = null) =>
      rest(on)('PATCH', `/releases/${String(id)}`, { status, metadata });
    expect((await patch(first.at('release.id'), 'running')).at('in_progress')).toBe(true);
    const complete = await patch(first.at('release.id'), 'complete', { post_deployment_info: { error: '' } });
    expect(complete.body).toMatchObject({ status: 'complete', stable: true, in_progress: false });

    const second = await rest(on)('POST', '/releases', {
      ...release(),
      strategy: 'BLUEGREEN',
      image: 'nginx:2',
    });
    await patch(second.at('release.id'), 'failed');
    // What has failed runs nowhere, and its strategy must not stick.
    expect((await rest(on)('GET', '/apps/one/releases/current')).at('version')).toBe(1);
    const list = await rest(on)('GET', '/apps/one/releases?limit=20');
    expect((list.at('releases') as { version: number }[]).map((one) => one.version)).toEqual([2, 1]);
    expect((await rest(on)('GET', '/apps/one/releases?limit=1')).at('releases.1')).toBeUndefined();
    const times = await rest(on)('GET', '/releases/all_current');
    expect(times.body).toEqual({ one: first.at('release.created_at') });

    const asked = await send('POST', `${on.api}/graphql`, {
      body: {
        query: `{ app(name: "one") { version currentReleaseUnprocessed { version configDefinition imageRef evaluationId inProgress }
          releases: releasesUnprocessed(first: 25) { nodes { version description reason status stable user { id email name } createdAt } } } }`,
      },
      headers: { authorization: `Bearer ${simulatedSecrets.operatorToken}` },
    });
    expect(asked.at('errors')).toBeUndefined();
    expect(asked.at('data.app')).toMatchObject({
      version: 1,
      currentReleaseUnprocessed: {
        version: 1,
        imageRef: 'nginx:1.27',
        configDefinition: { app: 'one', primary_region: 'ams', deploy: { strategy: 'rolling' } },
      },
      releases: {
        nodes: [
          { version: 2, status: 'failed' },
          { version: 1, stable: true },
        ],
      },
    });
  });

  test('go with their app', async () => {
    const on = await withApp();
    await rest(on)('POST', '/releases', release());
    await flaps(on)('DELETE', '/apps/one');
    await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
    expect((await rest(on)('GET', '/apps/one/releases')).at('releases')).toEqual([]);
  });

  test('of strangers, of no app and without sense are refused, and none is made', async () => {
    const on = await withApp();
    for (const change of [
      { strategy: 'SIDEWAYS' },
      { image: '' },
      { image: 7 },
      { definition: 'x' },
      { app_name: ['one'] },
    ]) {
      expect((await rest(on)('POST', '/releases', { ...release(), ...change })).status).toBe(400);
    }
    expect((await rest(on)('POST', '/releases', release('two'))).status).toBe(404);
    expect((await rest(on, foreignToken)('POST', '/releases', release())).status).toBe(404);
    const reads = (await control(on)('POST', '/tokens', { organization: 'operator', actions: 'r' })).text(
      'token',
    );
    expect((await rest(on, reads)('POST', '/releases', release())).status).toBe(403);
    expect((await rest(on, reads)('GET', '/apps/one/releases')).at('releases')).toEqual([]);
    const made = await rest(on)('POST', '/releases', release());
    const path = `/releases/${made.text('release.id')}`;
    expect((await rest(on)('PATCH', path, { status: 'glorious' })).status).toBe(400);
    expect((await rest(on, foreignToken)('PATCH', path, { status: 'failed' })).status).toBe(404);
    expect((await rest(on)('PATCH', '/releases/none', { status: 'failed' })).status).toBe(404);
    expect((await rest(on)('GET', '/apps/one/releases?limit=x')).status).toBe(400);
  });
});

describe('logs', () => {
  test('tell the life of machines, page by page', async () => {
    const on = await withApp();
    const first = await rest(on)('GET', '/apps/one/logs?next_token=');
    expect(first.at('data.0.attributes')).toMatchObject({ message: 'App one was created', level: 'info' });
    const made = await flaps(on)('POST', '/apps/one/machines', { region: 'ams', config: { image: 'a' } });
    const id = made.text('id');
    await flaps(on)('GET', `/apps/one/machines/${id}/wait?state=started&timeout=10`);
    const next = await rest(on)('GET', `/apps/one/logs?next_token=${first.text('meta.next_token')}`);
    const lines = next.at('data') as { attributes: { instance: string; region: string } }[];
    expect(lines.length).toBeGreaterThan(1);
    expect(new Set(lines.map(({ attributes }) => `${attributes.instance} ${attributes.region}`))).toEqual(
      new Set([`${id} ams`]),
    );
    const over = await rest(on)('GET', `/apps/one/logs?next_token=${next.text('meta.next_token')}`);
    expect([over.at('data'), over.at('meta.next_token')]).toEqual([[], next.at('meta.next_token')]);
    expect((await rest(on)('GET', '/apps/one/logs?instance=none')).at('data')).toEqual([]);
    expect((await rest(on)('GET', `/apps/one/logs?next_token=${'9'.repeat(400)}`)).status).toBe(400);
    expect((await rest(on, foreignToken)('GET', '/apps/one/logs')).status).toBe(404);
  });
});

describe('a login from a terminal', () => {
  const start = (on: Stage, body: object): Promise<Answer> =>
    send('POST', `${on.api}/api/v1/cli_sessions`, {
      body: { name: 'laptop', signup: false, target: 'auth', ...body },
    });
  const choose = (url: string, form: Record<string, string>): Promise<Response> =>
    fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
  const whoami = async (on: Stage, token: string): Promise<unknown> =>
    (
      await send('POST', `${on.api}/graphql`, {
        body: { query: '{ viewer { email } }' },
        headers: { authorization: `Bearer ${token}` },
      })
    ).at('data.viewer.email');

  test('is polled: nothing before a person said yes, the token once', async () => {
    const on = await stage();
    const begun = await start(on, {});
    expect([begun.status, begun.at('pkce')]).toEqual([201, false]);
    const poll = `${on.api}/api/v1/cli_sessions/${begun.text('id')}`;
    expect((await send('GET', poll)).status).toBe(404);
    const shown = await (await fetch(begun.text('auth_url'))).text();
    for (const word of ['laptop', 'Gabriella Fern', 'admin of High Flyers']) expect(shown).toContain(word);
    expect((await choose(begun.text('auth_url'), { user_id: 'nobody' })).status).toBe(400);
    expect((await choose(begun.text('auth_url'), { user_id: GABRIELLA })).status).toBe(200);
    expect((await choose(begun.text('auth_url'), { user_id: GABRIELLA })).status).toBe(404);
    const token = (await send('GET', poll)).text('access_token');
    expect(await whoami(on, token)).toBe('v9WvKokd@customer.fly.io');
    expect((await send('GET', poll)).status).toBe(404);
    const made = await flaps(on, token)('POST', '/apps', { app_name: 'mine', org_slug: 'high-flyers' });
    expect(made.status).toBe(201);
    await send('POST', `${on.api}/graphql`, {
      body: { query: 'mutation { logOut(input: {}) { ok } }' },
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await whoami(on, token)).toBeUndefined();
  });

  test('with a challenge: the code goes to the port of the terminal, and works with its verifier alone', async () => {
    const on = await stage();
    const verifier = 'v'.repeat(43);
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const pkce = {
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state: 's1',
      redirect_port: 45_678,
    };
    const begun = await start(on, pkce);
    expect(begun.at('pkce')).toBe(true);
    const page = await fetch(begun.text('auth_url'));
    expect(page.headers.get('content-security-policy')).toContain(
      "form-action 'self' http://127.0.0.1:45678",
    );
    const said = await choose(begun.text('auth_url'), { user_id: GABRIELLA });
    const back = new URL(said.headers.get('location') ?? '');
    expect([said.status, back.origin, back.pathname, back.searchParams.get('state')]).toEqual([
      302,
      'http://127.0.0.1:45678',
      '/callback',
      's1',
    ]);
    const code = back.searchParams.get('code') ?? '';
    const own = `${on.api}/api/v1/cli_sessions/${begun.text('id')}`;
    expect((await send('GET', own)).status).toBe(404);
    const redeem = (body: object): Promise<Answer> => send('POST', `${own}/redeem`, { body });
    for (const wrong of [{ code: 'x', code_verifier: verifier }, { code, code_verifier: 'x' }, {}])
      expect([(await redeem(wrong)).status, (await redeem(wrong)).at('error')]).toEqual([
        422,
        'the code is not valid',
      ]);
    const token = (await redeem({ code, code_verifier: verifier })).text('access_token');
    expect(await whoami(on, token)).toBe('v9WvKokd@customer.fly.io');
    expect((await redeem({ code, code_verifier: verifier })).status).toBe(404);
  });

  test('without a port the page shows the code; after a denial, and after fifteen minutes, nothing is left', async () => {
    const on = await stage();
    const challenge = createHash('sha256').update('v').digest('base64url');
    const begun = await start(on, { code_challenge: challenge, code_challenge_method: 'S256' });
    const said = await (await choose(begun.text('auth_url'), { user_id: GABRIELLA })).text();
    const code = /<code>([^<]+)<\/code>/.exec(said)?.[1] ?? '';
    const own = `${on.api}/api/v1/cli_sessions/${begun.text('id')}`;
    expect((await send('POST', `${own}/redeem`, { body: { code, code_verifier: 'v' } })).status).toBe(200);

    const denied = await start(on, {});
    await choose(denied.text('auth_url'), { deny: '1' });
    expect((await fetch(denied.text('auth_url'))).status).toBe(404);
    const late = await start(on, {});
    await control(on)('POST', '/clock', { advance_seconds: 901 });
    expect((await choose(late.text('auth_url'), { user_id: GABRIELLA })).status).toBe(404);
    expect((await start(on, { code_challenge: 'c', code_challenge_method: 'plain' })).status).toBe(400);
    expect((await start(on, { redirect_port: 70_000 })).status).toBe(400);
  });
});
