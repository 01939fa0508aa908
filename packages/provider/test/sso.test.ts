import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from './world/browser.ts';
import type { Person } from './world/oauth-twin.ts';
import { openWorld, type World } from './world/world.ts';

let world: World;
let id: string;
let other: string;

const HIGH = '04La2mblTaz';
const LOW = 'zgyep87w1m4q06d4';
const gabriella = (): Person => ({
  id: 'NeBO2G0l0yJ6',
  name: 'Gabriella Fern',
  email: 'g@customer.fly.io',
  organizations: [{ id: HIGH, role: 'admin' }],
});
const otto = (): Person => ({
  id: 'rzjkdw3g0ypx061q',
  name: 'Otto',
  email: 'o@customer.fly.io',
  organizations: [{ id: LOW, role: 'member' }],
});
const sso = (extension: string) => `/flyio/extensions/${extension}/sso`;

beforeAll(async () => {
  world = await openWorld({
    returnPaths: ['/', '/extensions/', '/discharge/'],
    organizationLanding: (org) => `/organizations/${org}`,
  });
  id = (await world.create({ organization_id: HIGH })).json['id'] as string;
  other = (await world.create({ organization_id: LOW, user_id: 'rzjkdw3g0ypx061q' })).json['id'] as string;
});
afterEach(() => {
  world.twin.tokenAnswer = undefined;
  world.twin.infoAnswer = undefined;
});
afterAll(async () => await world.close());

const identify = async (browser: ReturnType<typeof openBrowser>, options?: { maxAgeSeconds?: number }) =>
  await world.provider.logins.identify(
    new Request('https://logjam.example/', { headers: browser.headers() }),
    options,
  );

describe('the way to Fly.io', () => {
  test('SSO-01, SSO-02: leads to authorize with everything it needs', async () => {
    const answer = await openBrowser(world).open(sso(id));
    expect(answer.status).toBe(302);
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe(`${world.twin.origin}/oauth/authorize`);
    expect(Object.fromEntries(location.searchParams)).toEqual({
      client_id: 'logjam',
      response_type: 'code',
      redirect_uri: 'https://logjam.example/flyio/callback',
      scope: 'read',
      state: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      code_challenge: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      code_challenge_method: 'S256',
      organization_id: HIGH,
    });
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('SSO-03: has another state each time', async () => {
    const browser = openBrowser(world);
    const states = [];
    for (let round = 0; round < 5; round += 1) {
      states.push(
        new URL((await browser.open(sso(id))).headers.get('location') ?? '').searchParams.get('state'),
      );
    }
    expect(new Set(states).size).toBe(5);
  });

  test.each(['00000000-0000-4000-8000-000000000000', 'unknown', '%2f', "x'--"])(
    'SSO-04: does not begin for %s, which is not there',
    async (unknown) => {
      const answer = await openBrowser(world).open(sso(unknown));
      expect([answer.status, answer.headers.get('location')]).toEqual([404, null]);
      expect(answer.headers.get('content-type')).toContain('text/html');
    },
  );

  test('changes nothing but the attempt', async () => {
    const before = await world.database.execute('select count(*)::int as n from users');
    await openBrowser(world).open(sso(id));
    expect((await world.database.execute('select count(*)::int as n from users')).rows).toEqual(before.rows);
    const { rows } = await world.database.execute('select * from login_attempts limit 1');
    expect(JSON.stringify(rows)).not.toContain('code_verifier');
  });
});

describe('a flood of sign-ins from one address', () => {
  const start = async (from: string, provider = world.provider) =>
    await world.browse(sso(id), {}, provider, from);

  test('is stopped for the rest of the minute, and nobody else is', async () => {
    const statuses = [];
    for (let index = 0; index < 125; index += 1) statuses.push((await start('192.0.2.7')).status);
    expect(statuses.filter((status) => status === 302)).toHaveLength(120);
    const stopped = await start('192.0.2.7');
    expect([stopped.status, stopped.headers.get('location')]).toEqual([429, null]);
    expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await start('192.0.2.8')).status).toBe(302);
    world.clock.advance(60);
    expect((await start('192.0.2.7')).status).toBe(302);
  });

  test('cannot be spread over one network of IPv6', async () => {
    const provider = world.replica();
    for (let index = 0; index < 60; index += 1) {
      await start(`2001:db8:0:1::${index.toString(16)}`, provider);
      await start(`2001:db8:0:1:${index}:2:3:4`, provider);
    }
    expect((await start('2001:db8::1:0:0:0:ffff', provider)).status).toBe(429);
    expect((await start('2001:db8:0:2::1', provider)).status).toBe(302);
  });
});

describe('the way back', () => {
  test('SSO-06, SSO-07, SSO-08: signs in and lands on the page of the resource', async () => {
    const browser = openBrowser(world);
    const answer = await browser.signIn(sso(id), gabriella());
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `/extensions/${id}`]);

    const token = world.twin.tokenRequests.at(-1);
    expect(token?.headers['content-type']).toContain('application/x-www-form-urlencoded');
    expect(Object.fromEntries(token?.form ?? [])).toMatchObject({
      client_id: 'logjam',
      client_secret: world.twin.clientSecret,
      grant_type: 'authorization_code',
      code: expect.any(String),
      redirect_uri: 'https://logjam.example/flyio/callback',
      code_verifier: expect.any(String),
    });
    expect(world.twin.introspections.at(-1)).toMatchObject({ method: 'GET', url: '/oauth/token/info' });
    expect(world.twin.introspections.at(-1)?.authorization).toMatch(/^Bearer fo1_/);

    expect(await identify(browser)).toMatchObject({
      userId: 'NeBO2G0l0yJ6',
      email: 'g@customer.fly.io',
      name: 'Gabriella Fern',
      memberships: [{ organizationId: HIGH, role: 'admin' }],
    });
  });

  test('SSO-19, SIGN-3: sets a cookie that only this site over https can see and no script can read', async () => {
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    for (const line of browser.setCookies) {
      expect(line).toMatch(/^__Host-hangar(-attempt-[0-9a-f]{12})?=[A-Za-z0-9_-]*;/);
      expect(line).toContain('Path=/');
      expect(line).toContain('HttpOnly');
      expect(line).toContain('Secure');
      expect(line).toContain('SameSite=Lax');
      expect(line).not.toContain('Domain');
      expect(line.length).toBeLessThan(512);
    }
    // Only the login is left; the attempt is over.
    expect([...browser.jar.keys()]).toEqual(['__Host-hangar']);
    const { rows } = await world.database.execute('select * from logins');
    expect(JSON.stringify(rows)).not.toContain(browser.jar.get('__Host-hangar') ?? '-');
  });

  test('SSO-16: once signed in, goes straight to the page', async () => {
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    const rounds = world.twin.tokenRequests.length;
    const answer = await browser.open(sso(id));
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `/extensions/${id}`]);
    expect(world.twin.tokenRequests).toHaveLength(rounds);
  });

  test('SSO-15: signed in for one organization, a resource of another begins anew', async () => {
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    const answer = await browser.open(sso(other));
    expect(new URL(answer.headers.get('location') ?? '').pathname).toBe('/oauth/authorize');
    const refused = await browser.signIn(sso(other), gabriella());
    expect(refused.status).toBe(403);
  });

  test('SSO-05: refuses a state that nobody began with', async () => {
    const browser = openBrowser(world);
    const answer = await browser.open(`/flyio/callback?code=x&state=${'a'.repeat(43)}`);
    expect(answer.status).toBe(400);
    expect(browser.jar.size).toBe(0);
  });

  test('SSO-18: refuses another browser, and the first can still finish', async () => {
    const first = openBrowser(world);
    const start = await first.open(sso(id));
    const back = world.twin.agree(new URL(start.headers.get('location') ?? ''), gabriella()).href;
    const rounds = world.twin.tokenRequests.length;
    const stranger = openBrowser(world);
    expect((await stranger.open(back)).status).toBe(400);
    // A stranger who brings a cookie of the right name but another value is no better.
    for (const name of first.jar.keys()) stranger.jar.set(name, 'b'.repeat(43));
    expect((await stranger.open(back)).status).toBe(400);
    expect(world.twin.tokenRequests).toHaveLength(rounds);
    expect((await first.open(back)).status).toBe(302);
  });

  test('SSO-17: refuses a callback that was used', async () => {
    const browser = openBrowser(world);
    const start = await browser.open(sso(id));
    const jar = new Map(browser.jar);
    const back = world.twin.agree(new URL(start.headers.get('location') ?? ''), gabriella()).href;
    expect((await browser.open(back)).status).toBe(302);
    const rounds = world.twin.tokenRequests.length;
    for (const [name, value] of jar) browser.jar.set(name, value);
    expect((await browser.open(back)).status).toBe(400);
    expect(world.twin.tokenRequests).toHaveLength(rounds);
  });

  test('refuses a sign-in that took longer than ten minutes', async () => {
    const browser = openBrowser(world);
    const start = await browser.open(sso(id));
    const back = world.twin.agree(new URL(start.headers.get('location') ?? ''), gabriella()).href;
    world.clock.advance(601);
    expect((await browser.open(back)).status).toBe(400);
  });

  test('refuses two states', async () => {
    const browser = openBrowser(world);
    const start = await browser.open(sso(id));
    const back = world.twin.agree(new URL(start.headers.get('location') ?? ''), gabriella()).href;
    expect((await browser.open(`${back}&state=x`)).status).toBe(400);
  });

  test('two tabs may sign in at once', async () => {
    const browser = openBrowser(world);
    const starts = [await browser.open(sso(id)), await browser.open(sso(id))];
    for (const start of starts.toReversed()) {
      const back = world.twin.agree(new URL(start.headers.get('location') ?? ''), gabriella()).href;
      expect((await browser.open(back)).status).toBe(302);
    }
  });

  test('404 when the resource was deleted between the steps', async () => {
    const gone = (await world.create({ organization_id: HIGH })).json['id'] as string;
    const browser = openBrowser(world);
    const start = await browser.open(sso(gone));
    await world.remove(gone);
    const back = world.twin.agree(new URL(start.headers.get('location') ?? ''), gabriella()).href;
    expect((await browser.open(back)).status).toBe(404);
    expect(await identify(browser)).toBeUndefined();
  });
});

describe('SIGN-1: who is not let in', () => {
  test('SSO-09: somebody of another organization, who leaves no trace', async () => {
    const stranger: Person = {
      id: 'nobody-here',
      name: 'Nobody',
      email: 'n@customer.fly.io',
      organizations: [{ id: LOW, role: 'admin' }],
    };
    const browser = openBrowser(world);
    const answer = await browser.signIn(sso(id), stranger);
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain(HIGH);
    expect(answer.text).not.toContain('High Flyers');
    expect(answer.text).not.toContain(id);
    expect([...browser.jar.keys()]).toEqual([]);
    expect((await world.database.execute("select 1 from users where id = 'nobody-here'")).rows).toEqual([]);
  });

  const good = (change: Record<string, unknown>) => (body: Record<string, unknown>) => ({
    status: 200,
    body: JSON.stringify({ ...body, ...change }),
  });
  const hostile: [
    string,
    'tokenAnswer' | 'infoAnswer',
    (body: Record<string, unknown>) => { status: number; body: string; type?: string },
    number,
  ][] = [
    ['SSO-10 a token made for another client', 'infoAnswer', good({ application: { uid: 'another' } }), 403],
    ['a token without the scope', 'infoAnswer', good({ scope: ['write'] }), 403],
    ['a token of somebody else', 'infoAnswer', good({ resource_owner_id: 'another' }), 403],
    ['a token that is over', 'infoAnswer', good({ expires_in: 0 }), 403],
    [
      'SSO-11 introspection 401',
      'infoAnswer',
      () => ({ status: 401, body: '{"error":"invalid_token"}' }),
      403,
    ],
    ['SSO-11 introspection 500', 'infoAnswer', () => ({ status: 500, body: 'oops' }), 502],
    ['SSO-11 an empty object', 'infoAnswer', () => ({ status: 200, body: '{}' }), 502],
    ['SSO-11 HTML', 'infoAnswer', () => ({ status: 200, body: '<html>', type: 'text/html' }), 502],
    ['SSO-12 no organizations', 'infoAnswer', good({ organizations: undefined }), 403],
    ['SSO-12 an empty list', 'infoAnswer', good({ organizations: [] }), 403],
    ['the token endpoint with 500', 'tokenAnswer', () => ({ status: 500, body: '' }), 502],
    [
      'the token endpoint with HTML',
      'tokenAnswer',
      () => ({ status: 200, body: '<html>', type: 'text/html' }),
      502,
    ],
    ['the token endpoint with a redirect', 'tokenAnswer', () => ({ status: 302, body: '' }), 502],
    [
      'the token endpoint with 400',
      'tokenAnswer',
      () => ({ status: 400, body: '{"error":"invalid_grant"}' }),
      502,
    ],
    ['Ruby instead of JSON', 'tokenAnswer', () => ({ status: 200, body: '{"access_token"=>"fo1_x"}' }), 502],
    ['token_type mac', 'tokenAnswer', good({ token_type: 'mac' }), 502],
    ['a negative lifetime', 'tokenAnswer', good({ expires_in: -1 }), 502],
  ];
  test.each(hostile)('%s', async (_, endpoint, answerWith, status) => {
    world.twin[endpoint] = answerWith;
    const browser = openBrowser(world);
    const answer = await browser.signIn(sso(id), gabriella());
    expect(answer.status).toBe(status);
    expect([...browser.jar.keys()]).toEqual([]);
    expect(await identify(browser)).toBeUndefined();
  });

  test('SSO-22: somebody who said no reads a page, and nothing in it runs', async () => {
    const browser = openBrowser(world);
    const state = new URL((await browser.open(sso(id))).headers.get('location') ?? '').searchParams.get(
      'state',
    );
    const answer = await browser.open(
      `/flyio/callback?error=access_denied&error_description=${encodeURIComponent('<script>alert(1)</script>')}&state=${state}`,
    );
    expect(answer.status).toBe(403);
    expect(answer.text).toContain(`href="${sso(id)}"`);
    expect(answer.text).not.toContain('<script>');
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a huge lifetime is cut to two hours', async () => {
    world.twin.tokenAnswer = good({ expires_in: 1e9 });
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    const login = await identify(browser);
    expect(login?.expiresAt.getTime()).toBe(world.clock.now().getTime() + 7_200_000);
  });
});

describe('roles and memberships', () => {
  test('SSO-13, SSO-14: are what Fly.io said last', async () => {
    const person = gabriella();
    const browser = openBrowser(world);
    await browser.signIn(sso(id), person);
    expect((await identify(browser))?.memberships).toEqual([{ organizationId: HIGH, role: 'admin' }]);
    world.clock.advance(1);
    person.organizations = [{ id: HIGH, role: 'owner' }];
    const again = openBrowser(world);
    await again.signIn(sso(id), person);
    expect((await identify(again))?.memberships).toEqual([{ organizationId: HIGH, role: 'member' }]);
    expect((await identify(browser))?.memberships).toEqual([{ organizationId: HIGH, role: 'member' }]);
  });

  test('one person in two organizations has two memberships', async () => {
    world.clock.advance(1);
    const person = {
      ...gabriella(),
      id: 'milo',
      organizations: [
        { id: HIGH, role: 'admin' },
        { id: LOW, role: 'member' },
        { id: 'unknownhere', role: 'admin' },
      ],
    };
    const browser = openBrowser(world);
    await browser.signIn(sso(id), person);
    expect((await identify(browser))?.memberships).toEqual([
      { organizationId: HIGH, role: 'admin' },
      { organizationId: LOW, role: 'member' },
    ]);
    expect((await browser.open(sso(other))).headers.get('location')).toBe(`/extensions/${other}`);
  });

  test('SIGN-2, SSO-26: a removed member is out within five minutes, and at once when it matters', async () => {
    const person = gabriella();
    const browser = openBrowser(world);
    await browser.signIn(sso(id), person);
    person.organizations = [];
    world.clock.advance(299);
    expect((await identify(browser))?.memberships).toHaveLength(1);
    expect((await identify(browser, { maxAgeSeconds: 0 }))?.memberships).toEqual([]);
    expect(new URL((await browser.open(sso(id))).headers.get('location') ?? '').pathname).toBe(
      '/oauth/authorize',
    );
  });

  test('SIGN-2, SSO-26: a refused sign-in of a removed member ends the logins of before, and makes nothing', async () => {
    const person = gabriella();
    const browser = openBrowser(world);
    await browser.signIn(sso(id), person);
    person.organizations = [{ id: LOW, role: 'admin' }];
    expect((await openBrowser(world).signIn(sso(id), person)).status).toBe(403);
    expect((await identify(browser))?.memberships).toEqual([]);
  });

  test('SIGN-2: a token that Fly.io no longer knows ends the login', async () => {
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    world.clock.advance(301);
    world.twin.infoAnswer = () => ({ status: 401, body: '{"error":"invalid_token"}' });
    expect(await identify(browser)).toBeUndefined();
    world.twin.infoAnswer = undefined;
    expect(await identify(browser)).toBeUndefined();
  });

  test("Fly.io's silence is borne for a quarter of an hour and no longer", async () => {
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    world.twin.infoAnswer = () => ({ status: 503, body: '' });
    world.clock.advance(800);
    expect((await identify(browser))?.userId).toBe('NeBO2G0l0yJ6');
    world.clock.advance(200);
    expect(await identify(browser)).toBeUndefined();
  });

  test('many questions at once ask Fly.io once', async () => {
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    world.clock.advance(301);
    const before = world.twin.introspections.length;
    const logins = await Promise.all(Array.from({ length: 10 }, async () => await identify(browser)));
    expect(logins.every((login) => login?.userId === 'NeBO2G0l0yJ6')).toBe(true);
    expect(world.twin.introspections).toHaveLength(before + 1);
  });
});

describe("an organization's own link", () => {
  test('SSO-24: makes an organization that Fly.io lists, and lands on its overview', async () => {
    const person = { ...gabriella(), id: 'newcomer', organizations: [{ id: 'neworg', role: 'admin' }] };
    const browser = openBrowser(world);
    const answer = await browser.signIn('/flyio/organizations/neworg/sso', person);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/organizations/neworg']);
    expect((await identify(browser))?.memberships).toEqual([{ organizationId: 'neworg', role: 'admin' }]);
  });

  test('SSO-25: makes nothing for somebody who is not in it', async () => {
    const answer = await openBrowser(world).signIn('/flyio/organizations/otherorg/sso', gabriella());
    expect(answer.status).toBe(403);
    expect((await world.database.execute("select 1 from organizations where id = 'otherorg'")).rows).toEqual(
      [],
    );
  });
});

describe('SSO-21, SIGN-7: return paths', () => {
  test.each(['/', '/extensions/abc', '/extensions/abc?tab=usage', '/discharge/flow'])(
    '%s is returned to',
    async (path) => {
      const browser = openBrowser(world);
      const answer = await browser.signIn(`/flyio/login?return_to=${encodeURIComponent(path)}`, gabriella());
      expect(answer.headers.get('location')).toBe(path);
      // Also for who is signed in already.
      expect(
        (await browser.open(`/flyio/login?return_to=${encodeURIComponent(path)}`)).headers.get('location'),
      ).toBe(path);
    },
  );

  test.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:evil',
    '/%09/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    'javascript:alert(1)',
    '/extensions/../flyio/callback',
    '/extensions/..//evil.example',
    '/other',
    '/extensions/a b',
    '/extensions/é',
    'extensions/abc',
    '',
    `/extensions/${'x'.repeat(3000)}`,
  ])('%j is not', async (path) => {
    const browser = openBrowser(world);
    const answer = await browser.signIn(`/flyio/login?return_to=${encodeURIComponent(path)}`, gabriella());
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/']);
  });

  test('nobody of an organization that is unknown here gets in', async () => {
    const person = { ...otto(), id: 'far-away', organizations: [{ id: 'faraway', role: 'admin' }] };
    const browser = openBrowser(world);
    expect((await browser.signIn('/flyio/login?return_to=/', person)).status).toBe(403);
    expect(await identify(browser)).toBeUndefined();
  });

  test('startUrl leads into it', () => {
    expect(world.provider.logins.startUrl('/discharge/a?b=c')).toBe(
      'https://logjam.example/flyio/login?return_to=%2Fdischarge%2Fa%3Fb%3Dc',
    );
  });
});

describe('a login', () => {
  test('SSO-20: is new at every sign-in, and what was brought along ends', async () => {
    const browser = openBrowser(world);
    browser.jar.set('__Host-hangar', 'c'.repeat(43));
    await browser.signIn(sso(id), gabriella());
    const first = browser.jar.get('__Host-hangar');
    expect(first).not.toBe('c'.repeat(43));
    const before = { headers: { cookie: `__Host-hangar=${first}` } };
    await browser.signIn(sso(other), {
      ...gabriella(),
      organizations: [
        { id: HIGH, role: 'admin' },
        { id: LOW, role: 'member' },
      ],
    });
    expect(browser.jar.get('__Host-hangar')).not.toBe(first);
    expect(
      await world.provider.logins.identify(new Request('https://logjam.example/', before)),
    ).toBeUndefined();
  });

  test('ends after two hours', async () => {
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    world.clock.advance(7201);
    expect(await identify(browser)).toBeUndefined();
  });

  test('that was signed out is refused on every replica', async () => {
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    const login = await identify(browser);
    const request = () =>
      new Request('https://logjam.example/api/logout', {
        method: 'POST',
        headers: browser.headers({ 'x-csrf-token': login?.csrfToken ?? '' }),
      });
    const answer = await world.provider.logins.signOut(request());
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-hangar=; Max-Age=0;/);
    expect(await identify(browser)).toBeUndefined();
    expect(await world.replica().logins.identify(request())).toBeUndefined();
  });

  test('SIGN-4: changes need its token, from its own origin', async () => {
    const browser = openBrowser(world);
    await browser.signIn(sso(id), gabriella());
    const login = await identify(browser);
    if (login === undefined) throw new Error('not signed in');
    const check = (headers: Record<string, string>) => () =>
      world.provider.logins.checkCsrf(
        new Request('https://logjam.example/api/x', { method: 'POST', headers }),
        login,
      );
    const token = world.provider.logins.csrfToken(login);
    expect(check({ 'x-csrf-token': token })).not.toThrow();
    expect(
      check({ 'x-csrf-token': token, origin: 'https://logjam.example', 'sec-fetch-site': 'same-origin' }),
    ).not.toThrow();
    const forged: Record<string, string>[] = [
      {},
      { 'x-csrf-token': `${token}x` },
      { 'x-csrf-token': token, origin: 'https://evil.example' },
      { 'x-csrf-token': token, origin: 'null' },
      { 'x-csrf-token': token, 'sec-fetch-site': 'cross-site' },
      { 'x-csrf-token': token, 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of forged) {
      expect(check(headers)).toThrow(expect.objectContaining({ code: 'csrf_refused' }));
    }
    const unchecked = new Request('https://logjam.example/api/logout', {
      method: 'POST',
      headers: browser.headers(),
    });
    await expect(world.provider.logins.signOut(unchecked)).rejects.toMatchObject({ code: 'csrf_refused' });
    expect(await identify(browser)).toBeDefined();
  });
});

test('on plain http of this machine the cookie has another name, and never counts elsewhere', async () => {
  const plain = world.replica({ publicBaseUrl: 'http://127.0.0.1:4600/flyio', cookie: { secure: false } });
  const answer = await world.browse(sso(id), {}, plain);
  expect(answer.headers.get('set-cookie')).toMatch(/^hangar-plain-attempt-/);
  expect(answer.headers.get('set-cookie')).not.toContain('Secure');
  const browser = openBrowser(world);
  await browser.signIn(sso(id), gabriella());
  const renamed = new Request('https://logjam.example/', {
    headers: { cookie: `hangar-plain=${browser.jar.get('__Host-hangar')}` },
  });
  expect(await world.provider.logins.identify(renamed)).toBeUndefined();
});
