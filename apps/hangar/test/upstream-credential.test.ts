import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMachinesClient, flyUrls, type FlyUrls, type MachinesClient } from '@hangar/flyio';
import { addThirdParty, effectiveExpiry, encodeToken, LOCATIONS, parseBundle } from '@hangar/macaroon';
import { HangarError } from '@hangar/http';
import { Secret } from '@hangar/security';
import { createOutgoing, type Outgoing } from '@hangar/security/outgoing';
import { createSimulator, listen, type Simulator } from '@hangar/simulator';
import { switchOn, type SwitchedOn } from '../../../test/harness/mishaps.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keepUpstreamCredential, type UpstreamCredential } from '../src/house/upstream-credential.ts';

/** The operator's login, as flyctl keeps it beside the tokens of organizations. */
const login = 'fo1_login-of-the-operator';
const start = Date.UTC(2026, 10, 20);
const hour = 3600;

let simulator: Simulator;
let urls: FlyUrls;
let outgoing: Outgoing;
let machines: MachinesClient | undefined;
let closers: (() => Promise<void>)[];
/** Every request that the simulated api.fly.io got, with the credential it came with. */
let seen: { path: string; authorization: string | null }[];
let warnings: object[];

beforeEach(async () => {
  seen = [];
  warnings = [];
  simulator = createSimulator({
    now: () => new Date(start),
    tokens: [{ token: Secret.of(login), organizations: ['operator'] }],
    onError: (error) => {
      throw error;
    },
  });
  const api = await listen(
    async (request, door) => {
      seen.push({ path: new URL(request.url).pathname, authorization: request.headers.get('authorization') });
      return await simulator.doors.api.fetch(request, door);
    },
    { port: 0 },
  );
  const door = await listen(simulator.doors.machines.fetch, { port: 0 });
  urls = {
    ...flyUrls('real'),
    machines: door.url,
    originsServedBySimulator: new Map([
      ['https://api.fly.io', api.url],
      ['https://auth.fly.io', api.url],
    ]),
  };
  outgoing = createOutgoing({ allowedOrigins: [api.url] });
  closers = [async () => await outgoing.close(), api.close, door.close, async () => await simulator.close()];
});
afterEach(async () => {
  await machines?.close();
  machines = undefined;
  for (const close of closers) await close();
});

/** A token as `fly tokens create org` makes it, with its first discharge. */
async function minted(order: object = {}): Promise<string> {
  const api = urls.originsServedBySimulator.get('https://api.fly.io') ?? '';
  const response = await fetch(`${api}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${login}` },
    body: JSON.stringify({
      query: `mutation ($input: CreateLimitedAccessTokenInput!) {
        createLimitedAccessToken(input: $input) { limitedAccessToken { tokenHeader } } }`,
      variables: {
        input: {
          name: 'hangar',
          organizationId: 'op3rat0r5ecur1ty',
          profile: 'deploy_organization',
          ...order,
        },
      },
    }),
  });
  const body = (await response.json()) as {
    data: { createLimitedAccessToken: { limitedAccessToken: { tokenHeader: string } } };
  };
  seen.length = 0;
  return body.data.createLimitedAccessToken.limitedAccessToken.tokenHeader;
}

async function keep(token: string): Promise<UpstreamCredential> {
  const log = { warn: (fields: object) => warnings.push(fields) } as never;
  const credential = await keepUpstreamCredential({
    token: Secret.of(token),
    urls,
    outgoing,
    now: simulator.clock.now,
    log,
  });
  machines = createMachinesClient({ baseUrl: urls.machines, token: () => credential.current() });
  return credential;
}

/** One request of the gateway: nothing, or the refusal for want of a discharge. */
async function refusal(): Promise<HangarError | undefined> {
  const answer = await machines!.listApps('operator');
  if (answer.ok) return undefined;
  const { reason } = answer;
  if (reason.tag !== 'unreachable' || !reason.noCredential) throw new Error(JSON.stringify(reason));
  return reason.noCredential;
}

/** 200, or the code of the refusal. */
const request = async (): Promise<number | string> => (await refusal())?.code ?? 200;

const down = (kind: 'status' | 'drop', seconds: number) => {
  const untilMs = simulator.clock.nowMs() + seconds * 1000;
  return switchOn(simulator, { door: 'discharges', kind, status: 503, untilMs });
};

describe('TOK-11: a credential whose discharges live 630 seconds', { timeout: 120_000 }, () => {
  test('carries eight hours of requests although the discharge service is down eight minutes of each, and ends when it stays down', async () => {
    const credential = await keep(`${await minted()},${login}`);
    const step = 8;
    const failures: unknown[] = [];
    // Irregular, so that each outage meets a discharge at another moment of its life.
    const outages = [600, 736, 1000, 688, 1304, 936, 808, 1600];
    const mishaps: SwitchedOn[] = [];
    for (let second = 0; second < 8 * hour; second += step) {
      const nth = Math.floor(second / hour);
      if (second % hour === outages[nth]) mishaps.push(down(nth < 4 ? 'status' : 'drop', 480));
      const answer = await request();
      if (answer !== 200) failures.push([second, answer]);
      simulator.clock.advance(step * 1000);
    }
    expect(failures).toEqual([]);
    expect(mishaps).toHaveLength(outages.length);
    for (const mishap of mishaps) mishap.expectStruck();
    const asked = seen.filter((one) => one.path === '/aaa/v1/.well-known/macfly/3p');
    expect(asked.length).toBeGreaterThan((8 * hour) / 630);
    expect(asked.length).toBeLessThan(900);
    expect(new Set(asked.map((one) => one.authorization))).toEqual(new Set([`Bearer ${login}`]));

    // Renewed just now; then nobody answers for fifteen minutes.
    simulator.faults.clear();
    simulator.clock.advance(120_000);
    expect(await request()).toBe(200);
    await expect.poll(() => request()).toBe(200);
    const credentialSent = (await credential.current()).reveal();
    const before = simulator.clock.nowMs();
    down('status', 900);
    const refusals: { second: number; refused: HangarError }[] = [];
    for (let second = 0; second < 900;) {
      const refused = await refusal();
      if (refused) refusals.push({ second, refused });
      // By the second where it ends.
      const pause = second >= 450 && second < 640 ? 1 : 10;
      second += pause;
      simulator.clock.advance(pause * 1000);
    }
    const [first] = refusals;
    const discharges = parseBundle(credentialSent, LOCATIONS.permission);
    const end = discharges.ok ? Number(effectiveExpiry(discharges.value.discharges)) : 0;
    // Two seconds are kept for the way there; the first refusal is within one of that.
    expect(before / 1000 + (first?.second ?? 0) - (end - 2)).toBeGreaterThan(0);
    expect(before / 1000 + (first?.second ?? 0) - (end - 2)).toBeLessThanOrEqual(1);
    expect(first?.refused).toMatchObject({ code: 'discharge_expired', status: 503, retryAfterSeconds: 10 });
    expect(first?.refused.extra).toEqual({ location: LOCATIONS.authentication });
    expect(first?.refused.sentence).toContain(LOCATIONS.authentication);
    expect(first?.refused.sentence).not.toMatch(/fm2_|fo1_/);

    simulator.clock.advance(11_000);
    expect(await request()).toBe(200);
  });
});

describe('a login beside the tokens', () => {
  test('goes to both of Fly.io’s own third parties, and to no other that a caveat names', async () => {
    const foreign: string[] = [];
    const server = createServer((incoming, answer) => {
      foreign.push(`${incoming.method} ${incoming.url} ${incoming.headers.authorization ?? ''}`);
      answer.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const token = await minted({ optInThirdParties: [LOCATIONS.newAuthentication] });
      const bundle = parseBundle(token, LOCATIONS.permission);
      const [permission] = bundle.ok ? bundle.value.permission : [];
      const places = [
        location,
        'https://api.fly.io.evil.example',
        'https://api.fly.io:8443/aaa/v1',
        'http://api.fly.io/aaa/v1',
        'https://user@api.fly.io/aaa/v1',
        'https://api.fly.io/aaa/v1/',
      ];
      const asking = places.reduce(
        (macaroon, place) =>
          addThirdParty(macaroon, { location: place, sharedKey: simulator.world.secrets.get('ticket')! }),
        permission!,
      );
      simulator.clock.advance(700_000);
      await keep(`FlyV1 ${encodeToken(asking)},${login}`);
      expect(seen.map((one) => one.path).toSorted()).toEqual([
        '/.well-known/macfly/3p',
        '/aaa/v1/.well-known/macfly/3p',
      ]);
      expect(new Set(seen.map((one) => one.authorization))).toEqual(new Set([`Bearer ${login}`]));
      expect(foreign).toEqual([]);
      expect(await request()).toBe('discharge_required');
      expect(warnings).toMatchObject([{ code: 'discharge_required', location }]);
      expect(JSON.stringify(warnings)).not.toMatch(/fm2_|fo1_/);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('is needed: without one a discharge that ends is not renewed, and Fly.io is not bothered with a dead token', async () => {
    await keep(await minted());
    expect(await request()).toBe(200);
    simulator.clock.advance(631_000);
    expect(seen).toEqual([]);
    const refused = await refusal();
    expect(refused?.code).toBe('discharge_expired');
    expect(refused?.sentence).toMatch(/wants a person to sign in/);
    expect(seen.map((one) => one.authorization)).toEqual([null]);
  });

  test('is sent to the Machines API only when it is all there is', async () => {
    await keep(login);
    expect(await request()).toBe(200);
    expect(seen).toEqual([]);
    const credential = await keep(await minted({ optOutThirdParties: [LOCATIONS.authentication] }));
    expect(credential.tasks).toEqual([]);
    expect(await request()).toBe(200);
  });

  test('does not save a token that was cut off: the start is refused, in words', async () => {
    const token = await minted();
    for (const text of [token.slice(0, 60), token.slice(0, -3), 'fm2_', `${token},fm2_AAAA`]) {
      const refused = await keep(text).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(HangarError);
      expect(refused).toMatchObject({ code: 'config_invalid' });
      expect((refused as HangarError).sentence).toMatch(/FLY_API_TOKEN cannot be read/);
    }
  });
});
