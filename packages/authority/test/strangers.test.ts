import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Action, decodeToken, LOCATIONS, missingTickets } from '@hangar/macaroon';
import { narrowTokens, type Authority } from '@hangar/authority';
import { call, door, forged, openWorld, WORKSPACE, type World } from './world.ts';

/** Behind a proxy that nobody configured, everybody comes from one address. */
const EVERYBODY = '203.0.113.7';

let world: World;
let authority: Authority;
let admin: string;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  await world.reset();
  authority = world.authority;
  admin = (await mint('admin')).token;
});
afterAll(() => world.close());

const mint = (name: string, requireLogin = false) =>
  authority.tokens.mint({ workspace: WORKSPACE, preset: 'org', name, creator: name, requireLogin });

const post = (path: string, body: unknown, token?: string) =>
  call(authority, 'POST', path, { body, from: EVERYBODY, ...(token === undefined ? {} : { token }) });

/** Asks until it is told to wait. */
async function exhaust(ask: () => Promise<number>): Promise<void> {
  for (let n = 0; n < 400; n += 1) if ((await ask()) === 429) return;
  throw new Error('nobody was ever told to wait');
}

const question = async () => (await post('/hangar/v1/tokens/inspect', { token: 'x' })).status;
const finder = async () => (await post('/hangar/v1/tokens/revoke', { token: 'fm2_x' })).status;

describe('F-06: strangers who ask more than they may', () => {
  it('keep nobody from revoking: by text, by id, by creator, by digest', async () => {
    const [byText, byId, byCreator, byDigest] = [
      await mint('a'),
      await mint('b'),
      await mint('c'),
      await mint('d'),
    ];
    await exhaust(question);
    const revoke = (body: unknown, token?: string) => post('/hangar/v1/tokens/revoke', body, token);
    expect(await question()).toBe(429);
    // A finder with nothing but the text.
    expect(await revoke({ token: byText.token })).toMatchObject({
      status: 200,
      body: { tokens: [byText.id] },
    });
    await exhaust(finder);
    const answers = [
      await revoke({ id: byId.id }, admin),
      await revoke({ creator: 'c' }, admin),
      await revoke({ branch: byDigest.row.parts[0]?.digest }, admin),
      await revoke({ token: (await mint('e')).token }, admin),
      await revoke({ token: (await mint('f')).token, scope: 'token' }, admin),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(answers.map(({ body }) => body['tokens'])).toEqual([
      [byId.id],
      [byCreator.id],
      [byDigest.id],
      [expect.any(String)],
      [expect.any(String)],
    ]);
    expect(await finder()).toBe(429);
    // A token that does not hold makes nobody known.
    expect((await post('/hangar/v1/tokens/revoke', { token: 'fm2_x' }, byId.token)).status).toBe(429);
  });

  it('keep nobody from asking about the token they hold', async () => {
    await exhaust(async () => (await post('/v1/tokens/authenticate', { header: 'x' })).status);
    const mine = await call(authority, 'GET', '/v1/tokens/current', { token: admin, from: EVERYBODY });
    expect(mine.status).toBe(200);
  });

  it('start no rate of a token afresh', async () => {
    const limited = await post('/hangar/v1/tokens/attenuate', {
      token: admin,
      caveats: [{ type: 'Rate', body: { per_minute: 1 } }],
    });
    const access = { action: Action.read, orgId: WORKSPACE, now: world.clock.now() };
    const again = async (): Promise<boolean> => {
      const fresh = await authority.verifier.verify(String(limited.body['token']));
      return fresh.ok && fresh.value.clear(access).ok;
    };
    expect([await again(), await again()]).toEqual([true, false]);
    // More addresses than counters are kept, of which the oldest go.
    for (let n = 0; n < 50_001; n += 1) {
      const from = `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`;
      await authority.fetch(
        new Request('https://gateway.example/hangar/v1/tokens/check', { method: 'POST' }),
        door('/hangar/v1/tokens/check', from),
      );
    }
    expect(await again()).toBe(false);
  });
});

describe('F-06: strangers who guess at the discharge service', () => {
  const discharge = (method: string, path: string, o: RequestInit = {}) =>
    authority.discharge.fetch(new Request(path, { method, ...o }), door('/', EVERYBODY));
  const origin = 'https://hangar.example';
  const start = (ticket: string) =>
    discharge('POST', `${origin}/discharge/.well-known/macfly/3p`, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket }),
    });

  it('keep nobody from signing in, from deciding and from collecting', async () => {
    const decoded = decodeToken((await mint('person', true)).token);
    if (!decoded.ok) throw new Error('not a token');
    const [missing] = missingTickets({ permission: [decoded.value], discharges: [] });
    const ticket = Buffer.from(missing!.ticket).toString('base64');
    await exhaust(async () => (await start('AAAA')).status);
    await exhaust(async () => (await discharge('GET', `${origin}/discharge/poll?flow=x`)).status);
    await exhaust(async () => (await discharge('GET', `${origin}/discharge/login?flow=x`)).status);

    const started = await start(ticket);
    expect(started.status).toBe(201);
    const { user_interactive: urls } = (await started.json()) as {
      user_interactive: { user_url: string; poll_url: string };
    };
    expect((await discharge('GET', urls.poll_url)).status).toBe(202);
    const cookie = 'login=gabriella';
    const page = await discharge('GET', urls.user_url, { headers: { cookie } });
    expect(page.status).toBe(200);
    const [, confirm = ''] = /name="confirm" value="([^"]+)"/.exec(await page.text()) ?? [];
    const decided = await discharge('POST', urls.user_url, {
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ confirm, decision: 'allow' }).toString(),
    });
    expect(decided.status).toBe(200);
    expect((await discharge('GET', urls.poll_url)).status).toBe(200);
  });

  it('have no ticket, because only for tokens of ours one is made', async () => {
    const counterfeit = await post('/hangar/v1/tokens/attenuate', {
      token: forged(admin),
      require_login: true,
    });
    expect(counterfeit).toMatchObject({ status: 404, body: { code: 'not_found' } });
    const narrowed = narrowTokens(admin, [{ type: 'Action', mask: Action.read }], LOCATIONS.permission);
    const copy = narrowed.ok ? narrowed.value : '';
    expect((await post('/hangar/v1/tokens/attenuate', { token: copy, require_login: true })).status).toBe(
      200,
    );
  });
});
