import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import {
  addThirdParty,
  createDischarge,
  decodeToken,
  encodeToken,
  LOCATIONS,
  mint as mintMacaroon,
  type Macaroon,
} from '@hangar/macaroon';
import { createOutgoing, type Outgoing } from '@hangar/security/outgoing';
import {
  createDischargeKeeper,
  fetchDischarges,
  type Authority,
  type DischargeTransport,
  type FetchDischargesOptions,
} from '@hangar/authority';
import { openWorld, serve, START, testClock, WORKSPACE, type World } from './world.ts';

const key = new Uint8Array(randomBytes(32));

function tokenFor(location: string): { token: Macaroon; ticket: Uint8Array } {
  const base = mintMacaroon({
    key,
    keyId: Uint8Array.of(1),
    location: LOCATIONS.permission,
    caveats: [{ type: 'Organization', id: WORKSPACE, mask: 31 }],
  });
  const token = addThirdParty(base, { location, sharedKey: key });
  const caveat = token.caveats.at(-1);
  if (caveat?.type !== '3P') throw new Error('no ticket');
  return { token, ticket: caveat.ticket };
}

const discharged = (ticket: Uint8Array, location: string, from = START, to = START + 630) =>
  encodeToken(
    createDischarge({
      ticket,
      sharedKey: key,
      location,
      caveats: [{ type: 'ValidityWindow', notBefore: from, notAfter: to }],
    }),
  );

/** A stranger on the network, whose answers a test writes. */
type Stranger = (request: Request) => Response | Promise<Response>;
let stranger: Stranger;
let seen: { method: string; path: string; authorization: string | null; cookie: string | null }[];
let service: { origin: string; close(): Promise<void> };
let elsewhere: { origin: string; close(): Promise<void> };
let outgoing: Outgoing;
let waits: number[];

beforeAll(async () => {
  const record = async (request: Request): Promise<Response> => {
    seen.push({
      method: request.method,
      path: new URL(request.url).pathname,
      authorization: request.headers.get('authorization'),
      cookie: request.headers.get('cookie'),
    });
    return await stranger(request);
  };
  service = await serve(record);
  elsewhere = await serve(record);
  outgoing = createOutgoing({ allowedOrigins: [service.origin, elsewhere.origin] });
});
beforeEach(() => {
  seen = [];
  waits = [];
});
afterAll(async () => {
  await outgoing.close();
  await service.close();
  await elsewhere.close();
});

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

function options(location: string, more: Partial<FetchDischargesOptions> = {}): FetchDischargesOptions {
  let at = 0;
  return {
    transport: outgoing,
    places: { locations: [location], plainHttpOrigins: [service.origin, elsewhere.origin] },
    random: () => 0.5,
    monotonicMs: () => at,
    wait: async (milliseconds) => {
      waits.push(milliseconds / 1000);
      at += milliseconds;
    },
    ...more,
  };
}

async function obtain(more: Partial<FetchDischargesOptions> = {}, location = service.origin) {
  const { token, ticket } = tokenFor(location);
  const result = await fetchDischarges({ permission: [token], discharges: [] }, options(location, more));
  return { result, ticket, tags: result.failures.map((failure) => failure.tag) };
}

describe('getting a discharge', () => {
  it('posts the ticket and takes what fits it', async () => {
    stranger = async (request) => {
      const { ticket } = (await request.json()) as { ticket: string };
      return json(201, { discharge: discharged(Buffer.from(ticket, 'base64'), service.origin) });
    };
    const { result, ticket } = await obtain();
    expect(result.failures).toEqual([]);
    expect(Buffer.from(result.discharges[0]?.nonce.keyId ?? [])).toEqual(Buffer.from(ticket));
    expect(seen).toMatchObject([{ method: 'POST', path: '/.well-known/macfly/3p' }]);
  });

  it('polls until there is one, slower and slower, with the cookies it was given', async () => {
    let polls = 0;
    let ticket = '';
    stranger = async (request) => {
      if (request.method === 'POST') {
        ticket = ((await request.json()) as { ticket: string }).ticket;
        const flow = { user_url: '/login/1', poll_url: '/poll/1' };
        return json(201, { user_interactive: flow }, { 'set-cookie': 'flow=abc; HttpOnly; Path=/' });
      }
      polls += 1;
      if (polls === 2) return json(503, { error: 'tired' });
      if (polls < 7) return json(202, { error: 'not ready' });
      return json(200, { discharge: discharged(Buffer.from(ticket, 'base64'), service.origin) });
    };
    const { result } = await obtain({ onUserUrl: () => undefined });
    expect(result.discharges).toHaveLength(1);
    expect(waits).toEqual([1, 2, 4, 8, 10, 10]);
    expect(seen.slice(1).every((each) => each.cookie === 'flow=abc')).toBe(true);
  });

  it('waits as long as it is told to', async () => {
    let polls = 0;
    stranger = (request) => {
      if (request.method === 'POST') return json(201, { poll_url: '/poll/1' });
      polls += 1;
      return polls === 1 ? json(202, {}, { 'retry-after': '7' }) : json(404, { error: 'not found' });
    };
    expect((await obtain()).tags).toEqual(['gone']);
    expect(waits).toEqual([7]);
  });

  it('gives up in time', async () => {
    stranger = (request) => (request.method === 'POST' ? json(201, { poll_url: '/p' }) : json(202, {}));
    expect((await obtain()).tags).toEqual(['timed_out']);
    expect(waits.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(30);
  });

  it('shows a person where to go, and fails at once where there is no person', async () => {
    stranger = (request) =>
      request.method === 'POST'
        ? json(201, { user_interactive: { user_url: '/login', poll_url: '/poll' } })
        : json(200, { error: 'The person refused.\u001b[31m\nreally' });
    expect((await obtain()).tags).toEqual(['needs_user']);
    expect(seen).toHaveLength(1);
    const shown: string[] = [];
    const { result } = await obtain({ onUserUrl: (url) => void shown.push(url.href) });
    expect(shown).toEqual([`${service.origin}/login`]);
    expect(result.failures[0]?.tag).toBe('refused');
    expect(result.failures[0]?.sentence).not.toMatch(/[\u0000-\u001f]/);
  });

  it('keeps what succeeded when something else failed', async () => {
    stranger = async (request) => {
      const { ticket } = (await request.json()) as { ticket: string };
      return request.url.includes('/good/')
        ? json(201, { discharge: discharged(Buffer.from(ticket, 'base64'), `${service.origin}/good`) })
        : json(500, { error: 'broken' });
    };
    const [good, bad] = [tokenFor(`${service.origin}/good`).token, tokenFor(`${service.origin}/bad`).token];
    const result = await fetchDischarges(
      { permission: [good, bad], discharges: [] },
      {
        ...options('x'),
        places: {
          locations: [`${service.origin}/good`, `${service.origin}/bad`],
          plainHttpOrigins: [service.origin],
        },
      },
    );
    expect([result.discharges.length, result.failures.map((each) => each.tag)]).toEqual([1, ['refused']]);
  });
});

describe('a third party that is not to be trusted', () => {
  it('is not asked at all unless its location is listed', async () => {
    stranger = () => json(500, {});
    const { token } = tokenFor('https://169.254.169.254/latest');
    const result = await fetchDischarges({ permission: [token], discharges: [] }, options(service.origin));
    expect(result.failures.map((each) => each.tag)).toEqual(['location_not_allowed']);
    expect(seen).toEqual([]);
  });

  it('is not asked over plain http', async () => {
    const { token } = tokenFor(service.origin);
    const result = await fetchDischarges(
      { permission: [token], discharges: [] },
      { ...options(service.origin), places: { locations: [service.origin] } },
    );
    expect([result.failures[0]?.tag, seen.length]).toEqual(['bad_url', 0]);
  });

  it('cannot send the client, or a person, to addresses that are not its own', async () => {
    const places = [
      elsewhere.origin,
      'http://127.0.0.1:1/',
      'http://169.254.169.254/',
      'file:///etc/passwd',
      'http://[fdaa::3]/',
      service.origin.replace('http://', 'http://user:pw@'),
      'https://evil.example/',
      'javascript:alert(1)',
    ];
    for (const place of places) {
      stranger = () => json(201, { poll_url: place });
      expect([place, (await obtain()).tags]).toEqual([place, ['bad_url']]);
      stranger = () => json(201, { user_interactive: { user_url: place, poll_url: '/poll' } });
      const shown: URL[] = [];
      expect([place, (await obtain({ onUserUrl: (url) => void shown.push(url) })).tags]).toEqual([
        place,
        ['bad_url'],
      ]);
      expect(shown).toEqual([]);
    }
    expect(seen.every((each) => each.method === 'POST')).toBe(true);
  });

  it('gets credentials only at the exact origin they are for, and no redirect carries them away', async () => {
    const credentials = new Map([[service.origin, 'Bearer fo1_mine']]);
    stranger = (request) =>
      request.url.startsWith(service.origin) || request.headers.get('host') === new URL(service.origin).host
        ? new Response(null, { status: 307, headers: { location: `${elsewhere.origin}/steal` } })
        : json(201, {});
    expect((await obtain({ credentials })).tags).toEqual(['redirected_away']);
    expect(seen.map((each) => each.authorization)).toEqual(['Bearer fo1_mine']);
    seen = [];
    stranger = () => json(400, { error: 'no' });
    await obtain({ credentials: new Map([[service.origin.replace('http', 'https'), 'Bearer fo1_mine']]) });
    await obtain({ credentials: new Map([[elsewhere.origin, 'Bearer fo1_mine']]) });
    expect(seen.map((each) => each.authorization)).toEqual([null, null]);
  });

  it('may redirect within its own origin, three times at most', async () => {
    let hops = 0;
    stranger = async (request) => {
      hops += 1;
      if (hops <= 3) return new Response(null, { status: 308, headers: { location: `/hop/${hops}` } });
      const { ticket } = (await request.json()) as { ticket: string };
      return json(201, { discharge: discharged(Buffer.from(ticket, 'base64'), service.origin) });
    };
    expect((await obtain()).result.discharges).toHaveLength(1);
    hops = -100;
    expect((await obtain()).tags).toEqual(['redirected_away']);
  });

  it('cannot slip in a discharge for another ticket, several tokens, or garbage', async () => {
    const other = tokenFor(service.origin);
    const answers: [unknown, string][] = [
      [{ discharge: discharged(other.ticket, service.origin) }, 'foreign_discharge'],
      [{ discharge: `${encodeToken(other.token)},${encodeToken(other.token)}` }, 'bad_answer'],
      [{ discharge: encodeToken(other.token) }, 'foreign_discharge'],
      [{ discharge: 17 }, 'bad_answer'],
      [{ discharge: null }, 'bad_answer'],
      [{}, 'bad_answer'],
      [[], 'bad_answer'],
      ['<html>', 'bad_answer'],
    ];
    for (const [body, tag] of answers) {
      stranger = () => json(201, body);
      expect([JSON.stringify(body), (await obtain()).tags]).toEqual([JSON.stringify(body), [tag]]);
    }
  });

  it('cannot fill the memory', async () => {
    stranger = () => new Response('x'.repeat(2_000_000), { status: 201 });
    const { tags } = await obtain();
    expect(['unreachable', 'bad_answer']).toContain(tags[0]);
  });
});

describe('a simulator that answers for a real origin', () => {
  const real = 'https://auth.fly.example';
  const credentials = new Map([[real, 'Bearer fo1_mine']]);
  const simulated = (more: Partial<FetchDischargesOptions> = {}): Partial<FetchDischargesOptions> => ({
    places: { locations: [real], originsServedBySimulator: new Map([[real, service.origin]]) },
    credentials,
    ...more,
  });

  it('gets the bytes, the credentials and the polls, while the token names the real location', async () => {
    let ticket = '';
    stranger = async (request) => {
      if (request.method === 'POST') {
        ticket = ((await request.json()) as { ticket: string }).ticket;
        const own = `http://${request.headers.get('host')}`;
        return json(201, { user_interactive: { user_url: `${own}/login?a=b`, poll_url: `${own}/poll?c=d` } });
      }
      return json(200, { discharge: discharged(Buffer.from(ticket, 'base64'), real) });
    };
    const shown: string[] = [];
    const { result } = await obtain(simulated({ onUserUrl: (url) => void shown.push(url.href) }), real);
    expect(result.failures).toEqual([]);
    expect(result.discharges.map((one) => one.location)).toEqual([real]);
    // A person needs an address that a browser can open.
    expect(shown).toEqual([`${service.origin}/login?a=b`]);
    expect(seen.map((each) => [each.path, each.authorization])).toEqual([
      ['/.well-known/macfly/3p', 'Bearer fo1_mine'],
      ['/poll', 'Bearer fo1_mine'],
    ]);
  });

  it('is not known to a location that does not name that origin exactly', async () => {
    stranger = () => json(500, {});
    for (const location of ['https://auth.fly.example:8443', 'http://auth.fly.example', elsewhere.origin]) {
      const { places } = simulated();
      await obtain(
        simulated({
          places: { ...places!, locations: [location], plainHttpOrigins: [elsewhere.origin] },
          transport: { send: (request) => outgoing.send({ ...request, timeoutMs: 500 }) },
        }),
        location,
      );
    }
    expect(seen.map((each) => each.authorization)).toEqual([null]);
  });

  it('cannot send the client on to another port of this machine', async () => {
    stranger = () => json(201, { poll_url: `${elsewhere.origin}/poll` });
    expect((await obtain(simulated(), real)).tags).toEqual(['bad_url']);
    stranger = () => new Response(null, { status: 307, headers: { location: `${elsewhere.origin}/steal` } });
    expect((await obtain(simulated(), real)).tags).toEqual(['redirected_away']);
    expect(seen.map((each) => each.path)).not.toContain('/steal');
  });
});

describe('together with our own discharge service', () => {
  let world: World;
  let authority: Authority;
  let ours: { origin: string; close(): Promise<void> };
  let client: Outgoing;
  beforeEach(async () => {
    world = await openWorld();
    ours = await serve((request, door) => authority.discharge.fetch(request, door));
    authority = world.replica({ dischargeLocation: `${ours.origin}/discharge` });
    client = createOutgoing({ allowedOrigins: [ours.origin] });
  });
  afterEach(async () => {
    await client.close();
    await ours.close();
    await world.close();
  });

  it('a person allows it in a browser while the client polls, and the token works', async () => {
    const location = `${ours.origin}/discharge`;
    const { token } = await authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'a',
      creator: 'a',
      requireLogin: true,
    });
    const { parseBundle } = await import('@hangar/macaroon');
    const bundle = parseBundle(token, LOCATIONS.permission);
    if (!bundle.ok) throw new Error('unreadable');
    const { discharges, failures } = await fetchDischarges(bundle.value, {
      transport: client,
      places: { locations: [location], plainHttpOrigins: [ours.origin] },
      wait: async () => undefined,
      onUserUrl: async (url) => {
        const cookie = { cookie: 'login=gabriella' };
        const html = await (await fetch(url, { headers: cookie })).text();
        const confirm = /name="confirm" value="([^"]*)"/.exec(html)?.[1] ?? '';
        await fetch(url, {
          method: 'POST',
          headers: cookie,
          body: new URLSearchParams({ confirm, decision: 'allow' }),
        });
      },
    });
    expect(failures).toEqual([]);
    const header = [...bundle.value.permission, ...discharges].map(encodeToken).join(',');
    expect((await authority.verifier.verify(header)).ok).toBe(true);
  });
});

describe('TOK-11: long work does not die of a discharge that lives 630 seconds', () => {
  const location = 'https://auth.example';

  function working(isDown: (second: number) => boolean) {
    const clock = testClock();
    const { token, ticket } = tokenFor(location);
    let asked = 0;
    const transport: DischargeTransport = {
      send: async () => {
        asked += 1;
        const second = clock.at / 1000;
        if (isDown(second - START)) throw new Error('connection refused');
        const body = { discharge: discharged(ticket, location, second, second + 630) };
        return { status: 201, headers: new Headers(), body: new TextEncoder().encode(JSON.stringify(body)) };
      },
    };
    const keeper = createDischargeKeeper({
      tokens: encodeToken(token),
      permissionLocation: LOCATIONS.permission,
      now: clock.now,
      fetch: (tokens) => fetchDischarges(tokens, { transport, places: { locations: [location] } }),
    });
    if (!keeper.ok) throw new Error('no keeper');
    return { clock, keeper: keeper.value, asked: () => asked };
  }

  it('for eight hours at a request a second, with the service down eight minutes of every hour', async () => {
    const { clock, keeper, asked } = working((second) => second % 3600 >= 1000 && second % 3600 < 1480);
    let refused = 0;
    for (let second = 0; second < 8 * 3600; second += 1) {
      const header = await keeper.header({ needSeconds: 5 });
      if (!header.ok) refused += 1;
      // Let a renewal in the background finish before the clock moves on.
      await keeper.renew();
      clock.advance(1);
    }
    expect(refused).toBe(0);
    // One renewal per seventh of a life, and a bounded number of attempts while it is down.
    expect(asked()).toBeLessThan((8 * 3600) / 94 + 8 * (480 / 9) + 20);
  });

  it('and then fails within a second of the end, naming the location, when it stays down', async () => {
    const { clock, keeper } = working((second) => second > 0);
    expect((await keeper.header()).ok).toBe(true);
    clock.advance(630);
    expect((await keeper.header()).ok).toBe(true);
    clock.advance(1);
    const header = await keeper.header();
    expect(header).toMatchObject({ ok: false, reason: { code: 'discharge_expired', location } });
    expect(!header.ok && header.reason.sentence).toContain(location);
  });

  it('asks once, however many requests wait for the first discharge', async () => {
    const { keeper, asked } = working(() => false);
    const headers = await Promise.all(Array.from({ length: 20 }, () => keeper.header()));
    expect([headers.every((each) => each.ok), asked()]).toEqual([true, 1]);
  });

  it('does not hammer a service that is down', async () => {
    const { clock, keeper, asked } = working(() => true);
    expect(await keeper.header()).toMatchObject({ ok: false, reason: { code: 'discharge_required' } });
    for (let round = 0; round < 600; round += 1) {
      await keeper.header();
      clock.advance(0.1);
    }
    expect(asked()).toBeLessThanOrEqual(10);
  });

  it('does not hammer a service whose discharges are over when they come', async () => {
    const clock = testClock();
    const { token, ticket } = tokenFor(location);
    let asked = 0;
    const made = createDischargeKeeper({
      tokens: encodeToken(token),
      permissionLocation: LOCATIONS.permission,
      now: clock.now,
      fetch: async () => {
        asked += 1;
        const dead = decodeToken(discharged(ticket, location, START - 700, START - 70));
        return { discharges: dead.ok ? [dead.value] : [], failures: [] };
      },
    });
    for (let round = 0; made.ok && round < 100; round += 1) {
      expect(await made.value.header()).toMatchObject({ ok: false, reason: { code: 'discharge_expired' } });
      clock.advance(0.1);
    }
    expect(asked).toBeLessThanOrEqual(5);
  });

  it('refuses a text that holds nothing to keep', () => {
    const keeper = (tokens: string) =>
      createDischargeKeeper({
        tokens,
        permissionLocation: LOCATIONS.permission,
        now: () => new Date(),
        fetch: async () => ({ discharges: [], failures: [] }),
      });
    expect([keeper('').ok, keeper('fo1_x').ok, keeper('fm2_abc').ok]).toEqual([false, false, false]);
  });
});
