import type { HangarFacts } from '@hangar/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Action,
  decodeToken,
  encodeToken,
  LOCATIONS,
  mint as mintMacaroon,
  type Access,
  type Caveat,
} from '@hangar/macaroon';
import { inspectTokens, narrowingCaveats, narrowTokens } from '@hangar/authority';
import { APP, call, forged, openWorld, OTHER_APP, START, WORKSPACE, type World } from './world.ts';

let world: World;
let root: string;
beforeAll(async () => {
  world = await openWorld({
    routeAccess: async ({ method, path, workspace }): Promise<Access<HangarFacts> | undefined> => {
      const match = /^\/v1\/apps\/hf-u8123\/machines\/([^/]+)(\/start)?$/.exec(path);
      if (!match?.[1]) return undefined;
      const action = match[2] ? Action.control : method === 'DELETE' ? Action.delete : Action.read;
      return { action, orgId: workspace, appId: APP, machine: match[1], now: new Date(0) };
    },
  });
});
beforeEach(async () => {
  await world.reset();
  root = (await world.authority.tokens.mint({ workspace: WORKSPACE, preset: 'org', name: 'r', creator: 'r' }))
    .token;
});
afterAll(() => world.close());

const post = (path: string, body: unknown, o: { from?: string } = {}) =>
  call(world.authority, 'POST', `/hangar/v1/tokens${path}`, { body, ...o });

describe('a text that no database would take', () => {
  it.each([
    ['/revoke', { token: 'fm2_x', reason: 'a\u0000b' }],
    ['/revoke', { creator: '\u0000' }],
    ['', { name: 'x', preset: 'deploy', app: 'a\u0000' }],
    ['/inspect', { token: 'fm2_\ud800' }],
  ])('is refused at %s with the field, never a 500', async (path, body) => {
    expect((await post(path, body)).status).toBe(400);
  });

  it('is refused in a path and in a query', async () => {
    for (const target of ['?creator=%00', '/%00', '?app=%E0%A4']) {
      expect((await call(world.authority, 'GET', `/hangar/v1/tokens${target}`, {})).status).toBe(400);
    }
  });
});

describe('inspecting a token', () => {
  it('says in words what it allows, until when, and whether it is ours', async () => {
    const { status, body } = await post('/inspect', { token: `Bearer ${root}` });
    expect(status).toBe(200);
    const [token] = body['tokens'] as Record<string, unknown>[];
    expect(token).toMatchObject({ kind: 'permission', location: LOCATIONS.permission, verified: true });
    expect(String(token?.['sentences'])).toContain(`organization ${WORKSPACE}`);
    expect(body['effective_expiry']).toBe(new Date((START + 24 * 3600) * 1000).toISOString());
    expect(JSON.stringify(body)).not.toContain(root.slice(4));
  });

  it('says what is wrong with each one that is not', async () => {
    const { body } = await post('/inspect', { token: forged(root) });
    expect(body['tokens']).toMatchObject([{ verified: false, problem: { code: 'token_bad_signature' } }]);
    const cut = await post('/inspect', { token: root.slice(0, 50) });
    expect(cut.body).toMatchObject({
      tokens: [{ kind: 'unreadable' }],
      problem: { code: 'token_truncated' },
    });
    await world.authority.tokens.revokeWorkspace(WORKSPACE);
    const revoked = await post('/inspect', { token: root });
    expect(revoked.body['tokens']).toMatchObject([{ verified: false, problem: { code: 'token_revoked' } }]);
  });

  it('shows caveats of unknown types by their bytes', async () => {
    const { attenuate, encodeToken } = await import('@hangar/macaroon');
    const decoded = decodeToken(root);
    if (!decoded.ok) throw new Error('unreadable');
    const strange = attenuate(decoded.value, [
      { type: 'Unknown', number: 2n ** 50n, body: Uint8Array.of(0x91, 0x07) },
    ]);
    const { text } = await post('/inspect', { token: encodeToken(strange) });
    expect(text).toContain('"raw":"9107"');
  });

  it('is slowed down for one address', async () => {
    const statuses = new Set<number>();
    for (let round = 0; round < 80; round += 1) {
      statuses.add((await post('/inspect', { token: 'fm2_x' }, { from: '198.51.100.1' })).status);
    }
    expect(statuses).toEqual(new Set([200, 429]));
    expect((await post('/inspect', { token: 'fm2_x' }, { from: '198.51.100.2' })).status).toBe(200);
  });
});

describe('narrowing over HTTP', () => {
  it('adds caveats and shows the new end', async () => {
    const { status, body } = await post('/attenuate', {
      token: root,
      caveats: [
        { type: 'Apps', body: { apps: { [String(APP)]: 'rC' } } },
        { type: 'ValidityWindow', body: { not_before: START, not_after: START + 60 } },
      ],
    });
    expect([status, body['effective_expiry']]).toEqual([200, new Date((START + 60) * 1000).toISOString()]);
    const outcome = await world.authority.verifier.verify(String(body['token']));
    expect(outcome.ok && outcome.value.appScope()).toEqual([APP]);
  });

  it('makes a token ask for a sign-in, which nobody else can', async () => {
    const { body } = await post('/attenuate', { token: root, require_login: true });
    expect(body['missing_discharges']).toEqual([world.options.dischargeLocation]);
    expect(await world.authority.verifier.verify(String(body['token']))).toMatchObject({
      reason: { code: 'discharge_required', location: world.options.dischargeLocation },
    });
    const twice = await post('/attenuate', { token: String(body['token']), require_login: true });
    expect(twice.status).toBe(400);
  });

  it('refuses what is no token, or no caveat', async () => {
    expect((await post('/attenuate', { token: 'fo1_x', caveats: [] })).body).toMatchObject({
      code: 'token_malformed',
    });
    expect((await post('/attenuate', { token: root.slice(0, 80), caveats: [] })).body).toMatchObject({
      code: 'token_truncated',
    });
    expect(
      (await post('/attenuate', { token: root, caveats: [{ type: 'Apps', body: { app: {} } }] })).status,
    ).toBe(400);
    expect(
      (await post('/attenuate', { token: root, caveats: [{ type: 'FlyioUserID', body: 1 }] })).status,
    ).toBe(400);
  });
});

describe('asking what a token would allow', () => {
  const check = (token: string, method: string, path: string) => post('/check', { token, method, path });

  it('answers yes, or the caveat that says no', async () => {
    const narrowed = narrowTokens(
      root,
      [{ type: 'Apps', apps: new Map([[APP, Action.read | Action.control]]) }],
      LOCATIONS.permission,
    );
    if (!narrowed.ok) throw new Error('not narrowed');
    const path = '/v1/apps/hf-u8123/machines/148e21';
    expect((await check(narrowed.value, 'POST', `${path}/start`)).body).toMatchObject({ allowed: true });
    const no = await check(narrowed.value, 'DELETE', path);
    expect(no).toMatchObject({ status: 200, body: { allowed: false, code: 'caveat_denied' } });
    expect(no.body['caveat']).toContain(`app ${APP}`);
    expect(no.body['sentence']).toContain('delete machine 148e21');
    expect((await check(narrowed.value, 'GET', '/v1/nowhere')).status).toBe(404);
  });

  it('answers for tokens that are not taken at all', async () => {
    expect((await check(root.slice(0, 60), 'GET', '/v1/apps/x')).body).toMatchObject({
      allowed: false,
      code: 'token_truncated',
    });
  });

  it('takes the time of the question, not the one of the route', async () => {
    world.clock.advance(25 * 3600);
    expect((await check(root, 'GET', '/v1/apps/hf-u8123/machines/1')).body).toMatchObject({
      allowed: false,
      code: 'token_expired',
    });
  });

  it('uses up nobody’s rate', async () => {
    const { body } = await post('/attenuate', {
      token: root,
      caveats: [{ type: 'Rate', body: { per_minute: 1 } }],
    });
    const token = String(body['token']);
    for (let round = 0; round < 3; round += 1) {
      expect((await check(token, 'GET', '/v1/apps/hf-u8123/machines/1')).body).toMatchObject({
        allowed: true,
      });
    }
    const outcome = await world.authority.verifier.verify(token);
    expect(
      outcome.ok && outcome.value.clear({ action: 1, orgId: WORKSPACE, now: world.clock.now() }).ok,
    ).toBe(true);
  });
});

describe('narrowing offline', () => {
  const now = new Date(START * 1000);

  it('turns words into caveats, with no key and no server', () => {
    const caveats = narrowingCaveats(
      { apps: [APP, OTHER_APP], actions: 'rC', validForSeconds: 3600, fromApp: 'hf-u8123' },
      now,
    );
    expect(caveats).toEqual({
      ok: true,
      value: [
        {
          type: 'Apps',
          apps: new Map([
            [APP, 17],
            [OTHER_APP, 17],
          ]),
        },
        { type: 'FlySrc', organization: '', app: 'hf-u8123', instance: '' },
        { type: 'ValidityWindow', notBefore: START - 30, notAfter: START + 3600 },
      ],
    });
  });

  it('refuses what it does not know, and the wildcard', () => {
    const reason = (narrowing: Parameters<typeof narrowingCaveats>[0]) => {
      const outcome = narrowingCaveats(narrowing, now);
      return outcome.ok ? 'taken' : outcome.reason.tag;
    };
    expect(reason({ apps: [APP, 0n] })).toBe('no_app');
    expect(reason({ apps: [APP], actions: 'rx' })).toBe('unknown_action');
    expect(reason({})).toBe('empty');
  });

  it('lets an app or a feature through where both are named', () => {
    const wg: Caveat = { type: 'FeatureSet', features: new Map([['wg', 1]]) };
    const apps: Caveat = { type: 'Apps', apps: new Map([[APP, 1]]) };
    const both = { type: 'IfPresent', ifs: [apps, wg], else: 0 };
    expect(narrowingCaveats({ features: ['wg'], actions: 'r' }, now)).toEqual({ ok: true, value: [wg] });
    expect(narrowingCaveats({ apps: [APP], features: ['wg'], actions: 'r' }, now)).toEqual({
      ok: true,
      value: [both],
    });
  });

  it('limits machines, commands and networks', () => {
    const caveats = narrowingCaveats(
      {
        machines: ['148e21'],
        actions: 'rC',
        commands: [{ args: ['ls'], exact: true }],
        source: ['10.0.0.0/8'],
      },
      now,
    );
    expect(caveats.ok && caveats.value.map((caveat) => caveat.type)).toEqual([
      'Machines',
      'IfPresent',
      'Unknown',
    ]);
  });

  it('leaves discharges as they are and puts them in front', () => {
    expect(inspectTokens(root, 'https://elsewhere.example')).toMatchObject({
      ok: true,
      value: { tokens: [{ kind: 'discharge' }] },
    });
    const discharge = encodeToken(
      mintMacaroon({ key: new Uint8Array(32), keyId: Uint8Array.of(1), location: 'https://b', caveats: [] }),
    );
    const list = narrowTokens(`${root},${discharge}`, [], LOCATIONS.permission);
    expect(list).toEqual({ ok: true, value: `${discharge},${root}` });
    const narrowed = narrowTokens(root, [], 'https://elsewhere.example');
    expect(narrowed).toMatchObject({ ok: false, reason: { tag: 'no_macaroon' } });
  });
});
