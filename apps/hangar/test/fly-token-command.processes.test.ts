import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addThirdParty, encodeToken, LOCATIONS, parseBundle, type Bundle } from '@hangar/macaroon';
import { Secret } from '@hangar/security';
import { createSimulator, listen, type Simulator } from '@hangar/simulator';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePorts } from '../src/processes/keep-running.ts';
import { incompleteness, parseHeld } from '../src/token/source/held.ts';
import { type Ran, token } from './run-token.ts';

const login = 'fo1_login-of-somebody-at-fly';
let simulator: Simulator;
let port: number;
let closers: (() => Promise<void>)[] = [];
/** What the simulated api.fly.io was asked, and with which credential. */
let asked: { path: string; authorization: string | null }[];
/** A stranger on the network: plays a gateway, or somebody else's third party. */
let stranger: { url: string; received: string[] };
/** Permission token, discharge and login, as `~/.fly/config.yml` has them. */
let whole: string;
let app: number;

beforeAll(async () => {
  simulator = createSimulator({ tokens: [{ token: Secret.of(login), organizations: ['operator'] }] });
  port = await freePorts(4);
  const api = await listen(
    async (request, door) => {
      const { pathname } = new URL(request.url);
      asked.push({ path: pathname, authorization: request.headers.get('authorization') });
      return await simulator.doors.api.fetch(request, door);
    },
    { port },
  );
  const machines = await listen(simulator.doors.machines.fetch, { port: port + 1 });
  stranger = await startStranger();
  closers = [...closers, api.close, machines.close, async () => await simulator.close()];
  const made = await callMachines('POST', '/v1/apps', login, { app_name: 'shop', org_slug: 'operator' });
  app = (made.body as { internal_numeric_id: number }).internal_numeric_id;
});
beforeEach(async () => {
  asked = [];
  stranger.received.length = 0;
  whole = `${await minted()},${login}`;
  asked.length = 0;
});
afterAll(async () => {
  for (const close of closers) await close();
});

async function startStranger(): Promise<{ url: string; received: string[] }> {
  const received: string[] = [];
  const server: Server = createServer((incoming, answer) => {
    let body = '';
    incoming.on('data', (part: Buffer) => (body += part.toString()));
    incoming.on('end', () => {
      received.push(`${incoming.method} ${incoming.url} ${JSON.stringify(incoming.headers)} ${body}`);
      answer.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"no"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

async function callMachines(method: string, path: string, credential: string, body?: object) {
  const response = await fetch(`http://127.0.0.1:${port + 1}${path}`, {
    method,
    headers: { authorization: `FlyV1 ${credential}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json().catch(() => undefined)) as unknown };
}

/** As `fly tokens create org` does it. */
async function minted(input: object = {}): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${login}` },
    body: JSON.stringify({
      query: `mutation ($input: CreateLimitedAccessTokenInput!) {
        createLimitedAccessToken(input: $input) { limitedAccessToken { tokenHeader } } }`,
      variables: {
        input: {
          name: 'a',
          organizationId: 'op3rat0r5ecur1ty',
          profile: 'deploy_organization',
          expiry: '24h',
          ...input,
        },
      },
    }),
  });
  const { data } = (await response.json()) as {
    data: { createLimitedAccessToken: { limitedAccessToken: { tokenHeader: string } } };
  };
  return data.createLimitedAccessToken.limitedAccessToken.tokenHeader;
}

function bundleOf(text: string): Bundle {
  const bundle = parseBundle(text, LOCATIONS.permission);
  if (!bundle.ok) throw new Error(bundle.reason.tag);
  return bundle.value;
}

const permissionOnly = (text: string): string => bundleOf(text).permission.map(encodeToken).join(',');
const simulated = (): string[] => ['--simulator', String(port)];

/** The same command by flag, environment and standard input with `--json`, and by one of them without. */
async function byEveryDoor(args: readonly string[], text: string): Promise<{ told: Ran[]; shown: Ran }> {
  const doors = [
    async (more: readonly string[]) => await token([...args, ...more, '--token', text]),
    async (more: readonly string[]) => await token([...args, ...more], { FLY_API_TOKEN: text }),
    async (more: readonly string[]) => await token([...args, ...more], {}, `${text}\n`),
  ];
  const told = await Promise.all(doors.map(async (door) => await door(['--json'])));
  turn += 1;
  return { told, shown: await doors[turn % doors.length]!([]) };
}
let turn = 0;

describe("hangar token on Fly.io's own tokens", { timeout: 120_000 }, () => {
  test('explains and shows a header of several tokens, whichever way it comes in, and repeats no login', async () => {
    for (const command of ['explain', 'show']) {
      const { told, shown } = await byEveryDoor([command], whole);
      for (const ran of told) {
        expect([ran.code, ran.errors]).toEqual([0, '']);
        expect(ran.json).toMatchObject({
          tokens: [
            { kind: 'discharge', location: LOCATIONS.authentication },
            { kind: 'permission', location: LOCATIONS.permission },
          ],
          oauth_tokens: 1,
          missing_discharges: [],
        });
      }
      expect(shown.code).toBe(0);
      expect(shown.text).toMatch(/50001/);
      expect(shown.text).toMatch(/OAuth token: a login at Fly\.io/);
      expect(shown.text).not.toMatch(/fo1_|fm2_/);
    }
    const alone = await token(['explain', '--json'], { FLY_API_TOKEN: login });
    expect(alone).toMatchObject({ code: 1, json: { code: 'token_malformed' } });
    expect(alone.json['error']).toMatch(/only an OAuth token/);
  });

  test('narrows it for the Machines API, and leaves the login out', async () => {
    const args = ['attenuate', '--app', String(app), '--mask', 'r', '--for', '1h'];
    const { told, shown } = await byEveryDoor(args, whole);
    const [first] = told;
    for (const ran of told) expect(ran).toMatchObject({ code: 0, json: { missing_discharges: [] } });
    for (const ran of [...told, shown]) {
      expect(ran.text).not.toMatch(/fo1_/);
      expect(ran.errors).toMatch(/OAuth token is left out/);
    }
    const narrowed = String(first?.json['token']);
    expect((await callMachines('GET', '/v1/apps/shop', narrowed)).status).toBe(200);
    expect((await callMachines('POST', '/v1/apps/shop/machines', narrowed, { config: {} })).status).toBe(403);
    expect(asked).toEqual([]);
  });

  test('adds a third party by hand, discharges it, and the whole is what the Machines API wants', async () => {
    const secret = { TOKEN_3P_SHARED_SECRET: Buffer.alloc(32, 3).toString('base64') };
    const location = 'https://login.acme.example';
    const secretless = await token(['3p', 'add', '-l', location], { FLY_API_TOKEN: whole });
    expect(secretless).toMatchObject({ code: 2, errors: expect.stringMatching(/TOKEN_3P_SHARED_SECRET/) });
    const asking = await token(['3p', 'add', '-l', location, '--json'], { ...secret, FLY_API_TOKEN: whole });
    expect(asking.code).toBe(0);
    const text = String(asking.json['token']);
    expect((await callMachines('GET', '/v1/apps/shop', text)).status).toBe(401);
    const ticket = await token(['3p', 'ticket', '-l', location], {}, text);
    const discharge = await token(
      ['3p', 'discharge', '-l', location, '--ticket', ticket.text.trim()],
      secret,
    );
    const done = await token(['3p', 'add-discharge', '--discharge', discharge.text.trim(), '--token', text]);
    expect((await callMachines('GET', '/v1/apps/shop', done.text.trim())).status).toBe(200);
    const cut = await token(
      ['3p', 'add-discharge', '--json', '--discharge', discharge.text.trim().slice(0, 50)],
      { FLY_API_TOKEN: text },
    );
    expect(cut).toMatchObject({ code: 1, json: { code: 'token_truncated' } });
  });

  test('obtains a discharge from Fly.io with the login of the bundle, and keeps the bundle together', async () => {
    const without = `${permissionOnly(whole)},${login}`;
    const { told, shown } = await byEveryDoor(['refresh', ...simulated()], `FlyV1 ${without}`);
    for (const ran of told) {
      expect([ran.code, ran.errors]).toEqual([0, '']);
      expect(ran.json).toMatchObject({ obtained: 1, missing_discharges: [] });
      expect(String(ran.json['token']).split(',')).toHaveLength(3);
      const seconds = (Date.parse(String(ran.json['effective_expiry'])) - Date.now()) / 1000;
      expect(seconds).toBeGreaterThan(500);
      expect(seconds).toBeLessThan(632);
    }
    expect(shown.text.trim().startsWith(`${login},`)).toBe(true);
    expect((await callMachines('GET', '/v1/apps/shop', shown.text.trim())).status).toBe(200);
    expect(asked).toHaveLength(4);
    for (const one of asked)
      expect(one).toEqual({ path: '/aaa/v1/.well-known/macfly/3p', authorization: `Bearer ${login}` });
    asked.length = 0;
    const again = await token(['refresh', ...simulated(), '--json'], { FLY_API_TOKEN: whole });
    // The same tokens, the permission token last.
    const same = whole.replace('FlyV1 ', '').split(',').toReversed().join(',');
    expect(again).toMatchObject({ code: 0, json: { obtained: 0, token: same } });
    expect(asked).toEqual([]);
  });

  test('sends the login to no foreign third party, prints what it got, and says what is missing', async () => {
    const [permission] = bundleOf(whole).permission;
    const foreign = addThirdParty(permission!, {
      location: stranger.url,
      sharedKey: new Uint8Array(32).fill(5),
    });
    const ran = await token(['refresh', ...simulated(), '--json', '--no-user'], {
      FLY_API_TOKEN: `${encodeToken(foreign)},${login}`,
    });
    expect(ran.code).toBe(1);
    expect(ran.json).toMatchObject({ obtained: 1, missing_discharges: [stranger.url] });
    expect(ran.errors).toContain(`discharge_required: ${stranger.url} refused: no`);
    expect(stranger.received).toHaveLength(1);
    expect(stranger.received[0]).toMatch(/^POST \/\.well-known\/macfly\/3p /);
    expect(stranger.received[0]).not.toMatch(/authorization|fo1_|fm2_/i);

    for (const location of ['https://api.fly.io:444/aaa/v1', 'http://api.fly.io/aaa/v1', 'not an address']) {
      const odd = addThirdParty(permission!, { location, sharedKey: new Uint8Array(32) });
      const tried = await token(['refresh', ...simulated(), '--no-user', '--json'], {
        FLY_API_TOKEN: `${encodeToken(odd)},${login}`,
      });
      expect([location, tried.code, tried.json['obtained']]).toEqual([location, 1, 1]);
    }
    expect(asked.filter((one) => one.path !== '/aaa/v1/.well-known/macfly/3p')).toEqual([]);
  });

  test('asks a person where there is no login: the page of the simulated Fly.io, opened and confirmed', async () => {
    const without = permissionOnly(whole);
    const refused = await token(['refresh', ...simulated(), '--no-user', '--json'], {}, without);
    expect(refused).toMatchObject({ code: 1, json: { code: 'discharge_required' } });
    expect(refused.json['error']).toMatch(/OAuth token \(fo1_/);
    let confirmed = false;
    const ran = await token(['refresh', ...simulated()], {}, without, (errors) => {
      const page = /http:\/\/\S+/.exec(errors)?.[0];
      if (page === undefined || confirmed) return;
      confirmed = true;
      const choice = { user_id: '00000000-0000-4000-8000-000000000001' };
      void fetch(page, { method: 'POST', body: new URLSearchParams(choice) });
    });
    expect(ran.errors).toContain(`${LOCATIONS.authentication} wants you to sign in. Open:`);
    expect((await callMachines('GET', '/v1/apps/shop', ran.text.trim())).status).toBe(200);
  });

  test('asks Fly.io whether a token is genuine, and whether it allows a request', async () => {
    const { told, shown } = await byEveryDoor(['verify', ...simulated()], whole);
    for (const ran of told) expect(ran).toMatchObject({ code: 0, json: { valid: true, code: null } });
    expect(shown.text).toMatch(/^Genuine\. Works until 20/);
    const narrowed = (
      await token(['attenuate', '--app', String(app), '--mask', 'rC'], { FLY_API_TOKEN: whole })
    ).text.trim();
    const check = async (method: string, path: string, text = narrowed) =>
      await token(['check', ...simulated(), '--json', method, path], { FLY_API_TOKEN: text });
    expect(await check('get', '/v1/apps/shop')).toMatchObject({
      code: 0,
      json: { allowed: true, code: null },
    });
    expect(await check('DELETE', '/v1/apps/shop')).toMatchObject({
      code: 3,
      json: { allowed: false, code: 'caveat_denied', reason: 'Fly.io says: unauthorized' },
    });
    expect(await check('GET', '/v1/apps/none')).toMatchObject({ code: 3, json: { code: 'not_found' } });
    const forged = permissionOnly(await minted({ optOutThirdParties: [LOCATIONS.authentication] }));
    const flipped = `${forged.slice(0, -8)}${forged.at(-8) === 'A' ? 'B' : 'A'}${forged.slice(-7)}`;
    expect(await token(['verify', ...simulated(), '--json'], {}, flipped)).toMatchObject({
      code: 3,
      json: { valid: false, code: 'token_bad_signature' },
    });
    expect(await check('GET', '/v1/apps/shop', flipped)).toMatchObject({
      code: 3,
      json: { allowed: false, code: 'token_bad_signature' },
    });
  });

  test('sends a gateway the macaroons it is asked about, and never the login', async () => {
    const gateway = ['--url', stranger.url, '--json'];
    const commands = [
      ['verify'],
      ['check', 'GET', '/v1/apps/shop'],
      ['list'],
      ['show', 'some-id'],
      ['create', '--preset', 'org'],
      ['revoke', '--token', whole],
      ['attenuate', '--app', 'shop'],
    ];
    for (const command of commands) {
      const ran = await token([...command, ...gateway], { FLY_API_TOKEN: whole });
      expect([command, ran.code === 0]).toEqual([command, false]);
    }
    expect(stranger.received).toHaveLength(commands.length);
    for (const request of stranger.received) {
      expect(request).toMatch(/fm2_/);
      expect(request).not.toMatch(/fo1_/);
    }
  });
});

describe('TOK-13: a token that was cut off', { timeout: 120_000 }, () => {
  test('is called truncated or incomplete at every length', () => {
    for (const text of [whole.replace(/,fo1_.*/, ''), `FlyV1 ${whole.replace(/,fo1_.*|FlyV1 /g, '')}`]) {
      expect(text.length).toBeGreaterThan(500);
      const codes = new Map<string, number>();
      for (let length = 1; length < text.length; length += 1) {
        const held = parseHeld(text.slice(0, length), LOCATIONS.permission);
        const code = held.ok ? incompleteness(held.value)?.code : held.reason.code;
        codes.set(code ?? `taken at ${length}`, (codes.get(code ?? `taken at ${length}`) ?? 0) + 1);
      }
      expect([...codes.keys()].toSorted()).toEqual(['token_incomplete', 'token_truncated']);
      expect(codes.get('token_incomplete')).toBe(1);
    }
  });

  test('is called so by every command, at every door, with nobody asked', async () => {
    const text = whole.replace(/^FlyV1 |,fo1_.*/g, '');
    const between = text.indexOf(',');
    const lengths = [3, 4, 60, between - 1, between, between + 1, between + 4, between + 5, text.length - 1];
    const commands = [
      ['check', 'GET', '/v1/apps/shop'],
      ['verify'],
      ['list'],
      ['create', '--preset', 'readonly'],
    ];
    const offline = [['explain'], ['show'], ['attenuate', '--mask', 'r'], ['refresh', '--no-user']];
    const doors = [
      (args: readonly string[], cut: string) => token([...args, '--token', cut]),
      (args: readonly string[], cut: string) => token(args, { HANGAR_TOKEN: cut }),
      (args: readonly string[], cut: string) => token(args, {}, cut),
    ];
    for (const [index, length] of lengths.entries()) {
      const args = [...commands[index % commands.length]!, '--url', stranger.url, '--json'];
      const ran = await doors[index % doors.length]!(args, text.slice(0, length));
      const expected = length === between ? 'token_incomplete' : 'token_truncated';
      expect([length, args[0], ran.json['code'] ?? ran.text]).toEqual([length, args[0], expected]);
      expect(ran.code).toBe(['check', 'verify'].includes(args[0]!) ? 3 : 1);
      if (length > 4) expect(ran.text).not.toContain(text.slice(4, length));
    }
    for (const [index, args] of offline.entries()) {
      const ran = await doors[index % doors.length]!(
        [...args, ...[['--json'], []][index % 2]!],
        text.slice(0, 90),
      );
      expect([args, ran.code]).toEqual([args, 1]);
      expect(`${ran.text}${ran.errors}`).toMatch(/token_truncated/);
    }
    expect(stranger.received).toEqual([]);
    expect(asked).toEqual([]);
  });
});
