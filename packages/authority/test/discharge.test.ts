import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import {
  Action,
  addThirdParty,
  attenuate,
  attestations,
  decodeToken,
  encodeToken,
  LOCATIONS,
  mint as mintMacaroon,
  missingTickets,
  openTicket,
  sealTicket,
  tokenId,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import type { Authority } from '@hangar/authority';
import { policyFaults } from '../../../test/harness/page-policy.ts';
import { call, dischargeKey, openWorld, serve, WORKSPACE, type World } from './world.ts';

let world: World;
let service: { origin: string; close(): Promise<void> };
let authority: Authority;
let current: Authority;
let location: string;
const sharedKey = new Uint8Array(Buffer.from(dischargeKey.reveal(), 'base64'));

beforeAll(async () => {
  world = await openWorld();
  service = await serve((request, door) => current.discharge.fetch(request, door));
  location = `${service.origin}/discharge`;
});
beforeEach(async () => {
  await world.reset();
  authority = world.replica({
    dischargeLocation: location,
    returnOrigins: ['https://app.customer.example'],
  });
  current = authority;
});
afterAll(async () => {
  await service.close();
  await world.close();
});

async function loginToken(): Promise<Macaroon> {
  const { token } = await authority.tokens.mint({
    workspace: WORKSPACE,
    preset: 'org',
    name: 'person',
    creator: 'gabriella',
    requireLogin: true,
  });
  return macaroonOf(token);
}

function macaroonOf(text: string): Macaroon {
  const decoded = decodeToken(text);
  if (!decoded.ok) throw new Error(decoded.reason.tag);
  return decoded.value;
}

function ticketOf(token: Macaroon): string {
  const [missing] = missingTickets({ permission: [token], discharges: [] });
  if (!missing) throw new Error('no ticket');
  return Buffer.from(missing.ticket).toString('base64');
}

const start = (body: unknown, init: RequestInit = {}) =>
  fetch(`${location}/.well-known/macfly/3p`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });

interface Interactive {
  user_interactive: { user_url: string; poll_url: string };
}

async function startFlow(token: Macaroon): Promise<Interactive['user_interactive']> {
  const response = await start({ ticket: ticketOf(token) });
  expect(response.status).toBe(201);
  return ((await response.json()) as Interactive).user_interactive;
}

const page = (url: string, login?: string) =>
  fetch(url, { redirect: 'manual', headers: login === undefined ? {} : { cookie: `login=${login}` } });

const confirmOf = (html: string) => /name="confirm" value="([^"]*)"/.exec(html)?.[1] ?? '';

const decide = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: 'login=gabriella', 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });

const reading = () => ({ action: Action.read, orgId: WORKSPACE, now: world.clock.now() });

describe('a token that asks for a sign-in', () => {
  it('works after a person of the workspace allowed it, for ten minutes, and says who it was', async () => {
    const token = await loginToken();
    expect(await authority.verifier.verify(encodeToken(token))).toMatchObject({
      reason: { code: 'discharge_required', location },
    });
    const { user_url, poll_url } = await startFlow(token);

    const waiting = await fetch(poll_url);
    expect([waiting.status, await waiting.json(), waiting.headers.get('retry-after')]).toEqual([
      202,
      { error: 'not ready' },
      '1',
    ]);

    const stranger = await page(user_url);
    expect(stranger.status).toBe(303);
    const { pathname, search } = new URL(user_url);
    const returnPath = `${pathname}${search}`;
    expect(stranger.headers.get('location')).toBe(`/flyio/login?return_to=${encodeURIComponent(returnPath)}`);

    const shown = await page(user_url, 'gabriella');
    const html = await shown.text();
    expect(shown.status).toBe(200);
    expect(html).toContain('gabriella@customer.fly.io');
    expect((await fetch(poll_url)).status).toBe(202);

    const allowed = await decide(user_url, { confirm: confirmOf(html), decision: 'allow' });
    expect(allowed.status).toBe(200);

    const done = await fetch(poll_url);
    expect([done.status, done.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { discharge } = (await done.json()) as { discharge: string };
    expect(discharge.startsWith('fm2_')).toBe(true);

    const bundle = `${encodeToken(token)},${discharge}`;
    const outcome = await authority.verifier.verify(bundle);
    if (!outcome.ok) throw new Error(outcome.reason.code);
    expect(outcome.value.clear(reading()).ok).toBe(true);
    expect(macaroonOf(discharge).nonce.proof).toBe(true);
    expect(macaroonOf(discharge).caveats).toContainEqual({ type: 'FlyioUserID', id: 4711n });

    world.clock.advance(600);
    expect((await authority.verifier.verify(bundle)).ok).toBe(true);
    world.clock.advance(1);
    expect(await authority.verifier.verify(bundle)).toMatchObject({
      reason: { code: 'discharge_expired', location },
    });
  });

  it('also narrows: a child of it works with the same discharge', async () => {
    const token = await loginToken();
    const discharge = await dischargeFor(token);
    const child = attenuate(token, [{ type: 'Action', mask: Action.read }]);
    const outcome = await authority.verifier.verify(`${encodeToken(child)},${discharge}`);
    expect(outcome.ok && outcome.value.clear(reading()).ok).toBe(true);
  });

  it('keeps asking when it mints: the new token asks for a sign-in of its own', async () => {
    const token = await loginToken();
    const discharge = await dischargeFor(token);
    const response = await authority.fetch(
      new Request('https://gateway.example/hangar/v1/tokens', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `FlyV1 ${encodeToken(token)},${discharge}`,
        },
        body: JSON.stringify({ name: 'child', preset: 'org' }),
      }),
      { rawTarget: '/hangar/v1/tokens', requestId: 'r' },
    );
    const body = (await response.json()) as { token: string; third_party: string[]; refresh_needed: boolean };
    expect([response.status, body.third_party, body.refresh_needed]).toEqual([201, [location], true]);
    expect(await authority.verifier.verify(`${body.token},${discharge}`)).toMatchObject({
      reason: { code: 'discharge_required' },
    });
    const own = await dischargeFor(macaroonOf(body.token));
    expect((await authority.verifier.verify(`${body.token},${own}`)).ok).toBe(true);
  });
});

async function dischargeFor(token: Macaroon): Promise<string> {
  const { user_url, poll_url } = await startFlow(token);
  const html = await (await page(user_url, 'gabriella')).text();
  await decide(user_url, { confirm: confirmOf(html), decision: 'allow' });
  return ((await (await fetch(poll_url)).json()) as { discharge: string }).discharge;
}

describe('a sign-in under way', () => {
  it('is delivered once, also when two poll at the same moment', async () => {
    const { user_url, poll_url } = await startFlow(await loginToken());
    const html = await (await page(user_url, 'gabriella')).text();
    await decide(user_url, { confirm: confirmOf(html), decision: 'allow' });
    const polls = await Promise.all([fetch(poll_url), fetch(poll_url), fetch(poll_url)]);
    expect(polls.map((each) => each.status).toSorted()).toEqual([200, 404, 404]);
    expect((await page(user_url, 'gabriella')).status).toBe(404);
  });

  it('is over after ten minutes, decided or not', async () => {
    const open = await startFlow(await loginToken());
    const decided = await startFlow(await loginToken());
    const html = await (await page(decided.user_url, 'gabriella')).text();
    await decide(decided.user_url, { confirm: confirmOf(html), decision: 'allow' });
    world.clock.advance(600);
    for (const url of [open.poll_url, decided.poll_url]) expect((await fetch(url)).status).toBe(404);
    expect((await page(open.user_url, 'gabriella')).status).toBe(404);
  });

  it('can be refused, which the poll learns as an error', async () => {
    const { user_url, poll_url } = await startFlow(await loginToken());
    const html = await (await page(user_url, 'gabriella')).text();
    expect((await decide(user_url, { confirm: confirmOf(html), decision: 'refuse' })).status).toBe(200);
    const answer = await fetch(poll_url);
    expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([200, ['error']]);
  });

  it('is decided once: pressing twice changes nothing', async () => {
    const { user_url, poll_url } = await startFlow(await loginToken());
    const confirm = confirmOf(await (await page(user_url, 'gabriella')).text());
    expect((await decide(user_url, { confirm, decision: 'refuse' })).status).toBe(200);
    expect((await decide(user_url, { confirm, decision: 'allow' })).status).toBe(409);
    expect(Object.keys((await (await fetch(poll_url)).json()) as object)).toEqual(['error']);
  });

  it('is not for people of other workspaces', async () => {
    const { user_url, poll_url } = await startFlow(await loginToken());
    const shown = await page(user_url, 'otto');
    expect(shown.status).toBe(403);
    expect(confirmOf(await shown.text())).toBe('');
    const confirm = confirmOf(await (await page(user_url, 'gabriella')).text());
    const tried = await decide(user_url, { confirm, decision: 'allow' }, { cookie: 'login=otto' });
    expect(tried.status).toBe(403);
    expect((await fetch(poll_url)).status).toBe(202);
  });

  it('cannot be decided from another site, without the hidden field, or with that of another flow', async () => {
    const { user_url, poll_url } = await startFlow(await loginToken());
    const other = await startFlow(await loginToken());
    const confirm = confirmOf(await (await page(user_url, 'gabriella')).text());
    const foreign = confirmOf(await (await page(other.user_url, 'gabriella')).text());
    const attempts = [
      decide(user_url, { decision: 'allow' }),
      // Milo could allow it too, but this field was shown to somebody else.
      decide(user_url, { confirm, decision: 'allow' }, { cookie: 'login=milo' }),
      decide(user_url, { confirm: foreign, decision: 'allow' }),
      decide(user_url, { confirm, decision: 'allow' }, { origin: 'https://evil.example' }),
      decide(user_url, { confirm, decision: 'allow' }, { origin: 'null' }),
      decide(user_url, { confirm, decision: 'allow' }, { 'sec-fetch-site': 'cross-site' }),
      decide(user_url, { confirm, decision: 'allow' }, { 'sec-fetch-site': 'same-site' }),
    ];
    for (const attempt of attempts) expect((await attempt).status).toBe(403);
    expect((await fetch(poll_url)).status).toBe(202);
    const unsigned = await decide(user_url, { confirm, decision: 'allow' }, { cookie: '' });
    expect(unsigned.status).toBe(303);
    expect((await fetch(poll_url)).status).toBe(202);
  });

  it('never lets the page be framed, kept, or scripted', async () => {
    const { user_url } = await startFlow(await loginToken());
    const { headers } = await page(user_url, 'gabriella');
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-frame-options')).toBe('DENY');
  });

  it('allows its own style on every page, and leads on from those where nothing is asked', async () => {
    const { user_url } = await startFlow(await loginToken());
    const asks = await page(user_url, 'gabriella');
    const confirm = confirmOf(await asks.clone().text());
    const told = [
      await page(`${location}/login?flow=unknown`, 'gabriella'),
      await page(user_url, 'otto'),
      await decide(user_url, { confirm, decision: 'allow' }, { origin: 'https://evil.example' }),
      await decide(user_url, { confirm, decision: 'allow' }),
      await page(user_url, 'gabriella'),
      await decide(user_url, { confirm, decision: 'allow' }),
    ];
    expect(told.map(({ status }) => status)).toEqual([404, 403, 403, 200, 409, 409]);
    for (const answer of [asks, ...told]) {
      const html = await answer.text();
      expect(html.match(/<style>/g)).toHaveLength(1);
      expect(policyFaults(answer.headers, html)).toEqual([]);
      if (answer === asks) continue;
      const links = [...html.matchAll(/<a href="([^"]*)"/g)].map((match) => match[1] ?? '');
      // The start page is reached through the host's sign-in; the other link is the page itself.
      expect(links.at(-1)).toBe('/flyio/login?return_to=%2F');
      for (const link of links.slice(0, -1)) expect(new URL(link, location).href).toBe(user_url);
    }
  });

  it('shows a hostile name as text, on the page that asks and on the one that refuses', async () => {
    const email = '"><img src=x onerror=alert(1)>&amp;@customer.example';
    for (const workspaces of [[WORKSPACE], []]) {
      const identify = async () => ({ userId: 'u1', workspaces, email });
      current = world.replica({ dischargeLocation: location, identify });
      const { user_url } = await startFlow(await loginToken());
      const text = await (await page(user_url, 'anybody')).text();
      expect(text).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&amp;amp;@customer.example');
      expect(text).not.toContain('<img');
    }
  });

  it('sends people on only to listed origins', async () => {
    const links = async (returnTo: string) => {
      const { user_url } = await startFlow(await loginToken());
      const url = `${user_url}&return_to=${encodeURIComponent(returnTo)}`;
      const confirm = confirmOf(await (await page(url, 'gabriella')).text());
      const html = await (await decide(url, { confirm, decision: 'allow', return_to: returnTo })).text();
      return /<a href="([^"]*)">Continue/.exec(html)?.[1];
    };
    expect(await links('https://app.customer.example/done?x=1')).toBe(
      'https://app.customer.example/done?x=1',
    );
    const strangers = [
      'https://evil.example/',
      '//evil.example/',
      'javascript:alert(1)',
      'https://app.customer.example.evil.example/',
      'https://app.customer.example@evil.example/',
      'https://evil.example/https://app.customer.example',
    ];
    for (const stranger of strangers)
      expect([stranger, await links(stranger)]).toEqual([stranger, undefined]);
  });

  it('has its secrets in the query, which access logs leave out, and knows nothing without them', async () => {
    const { user_url, poll_url } = await startFlow(await loginToken());
    expect([new URL(user_url).pathname, new URL(poll_url).pathname]).toEqual([
      '/discharge/login',
      '/discharge/poll',
    ]);
    for (const url of [user_url, poll_url])
      expect((await page(url.split('?')[0] ?? '', 'gabriella')).status).toBe(404);
  });

  it('keeps neither secret in the database, and seals the discharge', async () => {
    const { user_url, poll_url } = await startFlow(await loginToken());
    const confirm = confirmOf(await (await page(user_url, 'gabriella')).text());
    await decide(user_url, { confirm, decision: 'allow' });
    const rows = JSON.stringify(
      await world.db.db.execute(
        "select row_to_json(f)::text || encode(answer, 'escape') as line from authority_flows f",
      ),
    );
    for (const url of [user_url, poll_url]) expect(rows).not.toContain(new URL(url).searchParams.get('flow'));
    expect(rows).not.toContain('fm2_');
    expect((await fetch(poll_url)).status).toBe(200);
  });
});

describe('tickets', () => {
  const ticketWith = (caveats: readonly Caveat[], key = sharedKey) =>
    Buffer.from(sealTicket(key, { dischargeKey: new Uint8Array(randomBytes(32)), caveats })).toString(
      'base64',
    );

  it('that ask for nobody are answered at once, with the validity they ask for', async () => {
    const response = await start({ ticket: ticketWith([{ type: 'MaxValidity', seconds: 60 }]) });
    expect(response.status).toBe(201);
    const discharge = macaroonOf(((await response.json()) as { discharge: string }).discharge);
    const [window] = discharge.caveats;
    expect(window).toMatchObject({ type: 'ValidityWindow', notAfter: world.clock.at / 1000 + 60 });
    expect(attestations({ caveats: discharge.caveats })).toEqual([]);
    expect(discharge.location).toBe(location);
  });

  it('that ask for one user are for that user alone', async () => {
    const token = addThirdParty(
      macaroonOf(
        (await authority.tokens.mint({ workspace: WORKSPACE, preset: 'org', name: 'a', creator: 'a' })).token,
      ),
      {
        location,
        sharedKey,
        ticketCaveats: [{ type: 'ConfineUser', id: 4712n }],
      },
    );
    const { user_url } = await startFlow(token);
    expect((await page(user_url, 'gabriella')).status).toBe(403);
    // Otto has no number at all; that matches no user, not even number 0.
    const zero = addThirdParty(token, {
      location: `${location}/x`,
      sharedKey,
      ticketCaveats: [{ type: 'ConfineUser', id: 0n }],
    });
    const ticket = zero.caveats.at(-1);
    if (ticket?.type !== '3P') throw new Error('no ticket');
    const flow = (await (
      await start({ ticket: Buffer.from(ticket.ticket).toString('base64') })
    ).json()) as Interactive;
    expect((await page(flow.user_interactive.user_url, 'otto')).status).toBe(403);
  });

  it('that ask for what is not understood are refused', async () => {
    const strange: Caveat[][] = [
      [{ type: 'ConfineGoogleHD', domain: 'example.com' }],
      [{ type: 'ConfineGitHubOrg', id: 1n }],
      [{ type: 'Organization', id: WORKSPACE, mask: 31 }],
      [{ type: 'Unknown', number: 2n ** 48n + 77n, body: Uint8Array.of(0xc0) }],
    ];
    for (const caveats of strange) expect((await start({ ticket: ticketWith(caveats) })).status).toBe(400);
  });

  it('that are garbage, empty, huge or for somebody else all get one answer', async () => {
    const right = ticketWith([]);
    const bodies = [
      '',
      '{',
      '[]',
      '{}',
      '{"ticket":""}',
      '{"ticket":17}',
      '{"ticket":"!!!!"}',
      JSON.stringify({ ticket: right.slice(0, -4) }),
      JSON.stringify({ ticket: right.replaceAll('=', '') }),
      JSON.stringify({ ticket: right.replaceAll('=', '') + 'A' }),
      JSON.stringify({ ticket: ticketWith([], new Uint8Array(32)) }),
      JSON.stringify({ ticket: randomBytes(64).toString('base64') }),
      JSON.stringify({ ticket: randomBytes(1_000_000).toString('base64') }),
    ];
    const answers = await Promise.all(
      bodies.map(async (body) => {
        const response = await start(body);
        return `${response.status} ${((await response.json()) as { error: string }).error}`;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([answers[0]]));
    expect(answers[0]).toMatch(/^400 /);
  });

  it('are posted, as JSON, and nothing else', async () => {
    const url = `${location}/.well-known/macfly/3p`;
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await fetch(url, { method });
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'POST']);
    }
    const plain = await start('{}', { headers: { 'content-type': 'text/plain' } });
    expect(plain.status).toBe(415);
  });

  it('sealed under an older key of ours are still answered; the newest signs', async () => {
    const older = ticketWith([]);
    const newest = new Uint8Array(randomBytes(32));
    const { Secret } = await import('@hangar/security');
    current = world.replica({
      dischargeLocation: location,
      dischargeKeys: [Secret.of(Buffer.from(newest).toString('base64')), dischargeKey],
    });
    expect((await start({ ticket: older })).status).toBe(201);
    expect((await start({ ticket: ticketWith([], newest) })).status).toBe(201);
  });
});

describe('guessing', () => {
  it('of poll secrets finds nothing and is slowed down', async () => {
    const statuses: number[] = [];
    for (let round = 0; round < 80; round += 1) {
      const response = await fetch(`${location}/poll?flow=${randomBytes(32).toString('base64url')}`);
      statuses.push(response.status);
      if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(new Set(statuses)).toEqual(new Set([404, 429]));
  });

  it('of tickets is slowed down, for one address at a time', async () => {
    const attempt = async (from: string) => {
      const response = await authority.discharge.fetch(
        new Request(`${location}/.well-known/macfly/3p`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"ticket":"AAAA"}',
        }),
        { rawTarget: '/', requestId: 'r', remoteAddress: from },
      );
      return response.status;
    };
    const statuses: number[] = [];
    // All of one /64 belong to one caller.
    for (let round = 0; round < 40; round += 1)
      statuses.push(await attempt(`2001:db8:1:2::${round.toString(16)}`));
    expect([statuses.filter((s) => s === 400).length, statuses.filter((s) => s === 429).length]).toEqual([
      30, 10,
    ]);
    expect(await attempt('2001:db8:1:3::1')).toBe(400);
    world.clock.advance(2);
    expect(await attempt('2001:db8:1:2::5')).toBe(400);
  });
});

describe('discharges as permission tokens', () => {
  it('are refused, relabelled or not', async () => {
    const discharge = await dischargeFor(await loginToken());
    expect(await authority.verifier.verify(discharge)).toMatchObject({
      reason: { code: 'token_wrong_location' },
    });
    const macaroon = macaroonOf(discharge);
    const relabelled = Buffer.from(macaroon.bytes);
    const at = relabelled.indexOf(location);
    const swapped = Buffer.concat([
      relabelled.subarray(0, at - 2 + (location.length < 32 ? 1 : 0)),
      Buffer.from([0xa0 | LOCATIONS.permission.length]),
      Buffer.from(LOCATIONS.permission),
      relabelled.subarray(at + location.length),
    ]);
    const outcome = await authority.verifier.verify(`fm2_${swapped.toString('base64')}`);
    expect(outcome).toMatchObject({ ok: false, reason: { code: 'token_unknown_key' } });
  });
});

describe('discharges that a client never threw away', () => {
  const signed = (token: Macaroon, key = sharedKey): string => {
    const [missing] = missingTickets({ permission: [token], discharges: [] });
    const opened = missing && openTicket(sharedKey, missing.ticket);
    if (!missing || !opened?.ok) throw new Error('no ticket of ours');
    return encodeToken(
      mintMacaroon({
        key: key === sharedKey ? opened.value.dischargeKey : key,
        keyId: missing.ticket,
        location,
        caveats: [],
        proof: true,
      }),
    );
  };
  const header = (token: Macaroon, bad: number): string =>
    [
      ...Array.from({ length: bad }, (_, n) => signed(token, new Uint8Array(32).fill(n + 1))),
      signed(token),
      encodeToken(token),
    ].join(',');

  it('do no harm while the good one is among the first eight', async () => {
    const token = await loginToken();
    expect((await authority.verifier.verify(header(token, 7))).ok).toBe(true);
  });

  it('are what the refusal is about when it is not: the token is whole, and old discharges have to go', async () => {
    const token = await loginToken();
    const answer = await call(authority, 'GET', '/hangar/v1/tokens', { token: header(token, 8) });
    expect(answer).toMatchObject({ status: 401, body: { code: 'discharge_invalid', location } });
    expect(answer.body['error']).toBe(
      `None of the first 8 discharges from ${location} is valid for token ${tokenId(token)}, and no more are tried: remove old discharges.`,
    );
  });
});
