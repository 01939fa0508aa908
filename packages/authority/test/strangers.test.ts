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
  call(authority, 'POST', path, { body, from: EVERYBODY, token });

/** Asks until it is told to wait. */
async function exhaust(ask: () => Promise<number>): Promise<void> {
  for (let n = 0; n < 400; n += 1) if ((await ask()) === 429) return;
  throw new Error('nobody was ever told to wait');
}

const question = async () => (await post('/hangar/v1/tokens/inspect', { token: 'x' })).status;
const finder = async () => (await post('/hangar/v1/tokens/revoke', { token: 'fm2_x' })).status;

describe('strangers who ask more than they may', () => {
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

describe('strangers who guess at the discharge service', () => {
  const discharge = (method: string, path: string, o: RequestInit = {}) =>
    authority.discharge.fetch(new Request(path, { method, ...o }), door('/', EVERYBODY));
  const origin = 'https://hangar.example';
  const start = (ticket: string, from = EVERYBODY) => {
    const request = new Request(`${origin}/discharge/.well-known/macfly/3p`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket }),
    });
    return authority.discharge.fetch(request, door('/', from));
  };
  const ticketOf = async (name: string): Promise<string> => {
    const decoded = decodeToken((await mint(name, true)).token);
    if (!decoded.ok) throw new Error('not a token');
    const [missing] = missingTickets({ permission: [decoded.value], discharges: [] });
    return Buffer.from(missing!.ticket).toString('base64');
  };

  it('keep nobody from signing in, from deciding and from collecting', async () => {
    const ticket = await ticketOf('person');
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

  it('and hold a ticket too keep nobody else who has it from signing in', async () => {
    const ticket = await ticketOf('shared');
    await exhaust(async () => (await start(ticket)).status);
    expect((await start(ticket, '198.51.100.9')).status).toBe(201);
  });

  it('and hold many tickets start no more sign-ins from one address than an office does', async () => {
    const tickets: string[] = [];
    for (let n = 0; n < 11; n += 1) tickets.push(await ticketOf(`ticket ${n}`));
    let started = 0;
    for (const ticket of tickets)
      for (let n = 0; n < 30; n += 1) if ((await start(ticket)).status === 201) started += 1;
    expect(started).toBe(300);
    expect((await start(tickets[10]!)).status).toBe(429);
    expect((await start(tickets[10]!, '198.51.100.9')).status).toBe(201);
  });

  it('get no tickets for what was revoked or is over, and few at once for what works', async () => {
    const asking = (token: string) => post('/hangar/v1/tokens/attenuate', { token, require_login: true });
    const ends = (seconds: number): string => {
      const notAfter = world.clock.at / 1000 + seconds;
      const caveat = { type: 'ValidityWindow', notBefore: 0, notAfter } as const;
      const copy = narrowTokens(admin, [caveat], LOCATIONS.permission);
      if (!copy.ok) throw new Error(copy.reason.tag);
      return copy.value;
    };
    const texts = (count: number) => Array.from({ length: count }, (_, n) => ends(60 + n)).join(',');
    expect((await asking(texts(8))).status).toBe(200);
    expect(await asking(texts(9))).toMatchObject({ status: 400, body: { code: 'invalid' } });
    expect(await asking(ends(-1))).toMatchObject({ status: 401, body: { code: 'token_expired' } });
    await post('/hangar/v1/tokens/revoke', { token: ends(60) });
    expect(await asking(ends(60))).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
    expect((await asking(ends(61))).status).toBe(200);
    await post('/hangar/v1/tokens/revoke', { token: admin });
    expect(await asking(ends(61))).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
  });
});
