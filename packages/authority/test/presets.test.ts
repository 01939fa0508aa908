import type { AuthenticatedCaller } from '@hangar/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Action, type Access } from '@hangar/macaroon';
import {
  presetCaveats,
  presets,
  type MintRequest,
  type PresetName,
  type RevocationTarget,
} from '@hangar/authority';
import { APP, openWorld, OTHER_APP, OTHER_WORKSPACE, WORKSPACE, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

type Resource = Omit<Access<never>, 'action' | 'orgId' | 'now'>;

const FEATURES = [
  'wg',
  'domain',
  'site',
  'builder',
  'addon',
  'checks',
  'membership',
  'billing',
  'deletion',
  'document_signing',
  'authentication',
  'tomorrow',
];

/** Every kind of thing that an access can be about (docs/specs/token-format.md#access), valid as an access. */
function resources(): Resource[] {
  const all: Resource[] = [
    {},
    { storageObject: 'https://storage.fly/b/x' },
    { mutation: 'addWireGuardPeer' },
  ];
  for (const feature of FEATURES) all.push({ feature }, { feature, mutation: 'addWireGuardPeer' });
  all.push({ feature: 'litefs-cloud' }, { feature: 'litefs-cloud', cluster: 'c1' });
  for (const appId of [APP, OTHER_APP, 0n]) {
    all.push(
      { appId },
      { appId, appFeature: 'images' },
      { appId, volume: 'vol_1' },
      { appId, machine: '148e21' },
      { appId, machine: '148e21', machineFeature: 'metadata' },
      { appId, machine: '148e21', command: ['ls', '-l'] },
      { appId, machine: '148e21', command: [] },
      { appId, mutation: 'issueCertificate' },
      { appId, mutation: 'somethingElse' },
    );
  }
  return all;
}

function* cells(): Generator<Access<never>> {
  for (const orgId of [WORKSPACE, OTHER_WORKSPACE]) {
    for (const resource of resources()) {
      for (const sourceApp of [undefined, 'hf-u8123', 'intruder']) {
        for (let action = 0; action <= Action.all; action += 1) {
          yield { action, orgId, now: world.clock.now(), ...resource, ...(sourceApp ? { sourceApp } : {}) };
        }
      }
    }
  }
}

const within = (action: number, mask: number) => (action & ~mask) === 0;

async function callerWith(
  request: Omit<MintRequest, 'workspace' | 'name' | 'creator'>,
): Promise<AuthenticatedCaller> {
  const { token } = await world.authority.tokens.mint({
    workspace: WORKSPACE,
    name: 't',
    creator: 't',
    ...request,
  });
  const outcome = await world.authority.verifier.verify(token);
  if (!outcome.ok) throw new Error(outcome.reason.code);
  return outcome.value;
}

/** Holds the token against every cell; answers what differs from what was meant. */
function differences(caller: AuthenticatedCaller, meant: (access: Access<never>) => boolean) {
  const wrong = { allowedTooMuch: [] as string[], refusedTooMuch: [] as string[] };
  let allowed = 0;
  let count = 0;
  for (const access of cells()) {
    count += 1;
    const { ok } = caller.clear(access);
    if (ok) allowed += 1;
    if (ok === meant(access)) continue;
    (ok ? wrong.allowedTooMuch : wrong.refusedTooMuch).push(
      JSON.stringify(access, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    );
  }
  return { ...wrong, allowed, count };
}

const own = (access: Access<never>) => access.orgId === WORKSPACE;
const deploy = (access: Access<never>) =>
  own(access) &&
  (access.appId !== undefined
    ? access.appId === APP
    : access.feature !== undefined
      ? access.feature === 'wg'
      : within(access.action, Action.read));

const meant: Record<PresetName, (access: Access<never>) => boolean> = {
  org: own,
  readonly: (access) => own(access) && within(access.action, Action.read),
  deploy,
  'machine-exec': (access) =>
    deploy(access) && (access.command !== undefined || within(access.action, Action.read)),
  ssh: (access) =>
    deploy(access) &&
    (within(access.action, Action.read) ||
      ['issueCertificate', 'addWireGuardPeer'].includes(access.mutation ?? '')),
  wireguard: (access) =>
    own(access) &&
    access.appId === undefined &&
    (access.feature !== undefined ? access.feature === 'wg' : within(access.action, Action.read)),
  'app-control': (access) =>
    own(access) && access.appId === APP && within(access.action, Action.read | Action.control),
};

describe('every preset allows exactly what it says', () => {
  for (const preset of Object.keys(meant) as PresetName[]) {
    it(`${preset}: ${presets[preset].purpose}`, async () => {
      const caller = await callerWith({ preset, ...(presets[preset].needsApp ? { appId: APP } : {}) });
      const result = differences(caller, meant[preset]);
      expect(result).toMatchObject({ allowedTooMuch: [], refusedTooMuch: [] });
      expect(result.count).toBeGreaterThan(10_000);
      expect(result.allowed).toBeGreaterThan(0);
    });
  }
});

describe('TOK-12: the token wished for in the thread about attenuated tokens', () => {
  it('allows read and control of one app from one source for 90 days, and nothing else, with no discharge', async () => {
    const { token, thirdParty, row } = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'app-control',
      appId: APP,
      name: 'autoscaler',
      creator: 'milo',
      expiresInSeconds: 90 * 86_400,
      alsoCaveats: [{ type: 'FlySrc', organization: '', app: 'hf-u8123', instance: '' }],
    });
    expect(thirdParty).toEqual([]);
    for (const days of [0, 1, 88]) {
      world.clock.advance(days * 86_400);
      const outcome = await world.authority.verifier.verify(token);
      if (!outcome.ok) throw new Error(outcome.reason.code);
      const result = differences(
        outcome.value,
        (access) => meant['app-control'](access) && access.sourceApp === 'hf-u8123',
      );
      expect(result).toMatchObject({ allowedTooMuch: [], refusedTooMuch: [] });
      // Nothing, read, control, both: on each of the nine kinds of resource under the app.
      expect(result.allowed).toBe(4 * 9);
    }
    world.clock.advance(2 * 86_400);
    const outcome = await world.authority.verifier.verify(token);
    const late =
      outcome.ok &&
      outcome.value.clear({
        action: 1,
        orgId: WORKSPACE,
        appId: APP,
        sourceApp: 'hf-u8123',
        now: world.clock.now(),
      });
    expect(late).toMatchObject({ ok: false, reason: { code: 'token_expired' } });
    expect(row.summary.join(' ')).toContain('read and control');
  });
});

describe('machine-exec', () => {
  it('runs the listed commands and no others', async () => {
    const caller = await callerWith({
      preset: 'machine-exec',
      appId: APP,
      commands: [
        { args: ['npm', 'test'], exact: true },
        { args: ['echo'], exact: false },
      ],
    });
    const runs = (...command: string[]) =>
      caller.clear({
        action: Action.control,
        orgId: WORKSPACE,
        appId: APP,
        machine: 'm',
        command,
        now: world.clock.now(),
      }).ok;
    expect([runs('npm', 'test'), runs('npm', 'test', '--all'), runs('echo', 'hi'), runs('sh')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('ssh', () => {
  it('is two tokens with one identity, so that one revocation ends both', async () => {
    const { token, id } = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'ssh',
      appId: APP,
      name: 'shell',
      creator: 'milo',
    });
    expect(token.split(',')).toHaveLength(2);
    await world.authority.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 't' });
    for (const text of [token, ...token.split(',')]) {
      expect(await world.authority.verifier.verify(text)).toMatchObject({
        reason: { code: 'token_revoked' },
      });
    }
  });
});

describe('what plain JavaScript may call with', () => {
  it.each(['unknown', '', '__proto__', 'toString', null, 5])(
    'preset %s is refused by name',
    async (preset) => {
      const wish = { workspace: WORKSPACE, preset: preset as PresetName, name: 'n', creator: 'c' };
      await expect(world.authority.tokens.mint(wish)).rejects.toMatchObject({
        code: 'invalid',
        fields: { preset: expect.stringContaining('org, deploy') },
      });
      expect(presetCaveats(preset as PresetName, { workspace: WORKSPACE })).toEqual({
        ok: false,
        reason: { tag: 'unknown_preset' },
      });
    },
  );

  it.each([{}, { branch: 'a' }, null, 'token', { token: 'a', creator: 'b' }])(
    'a target %j ends nothing, and says so',
    async (target) => {
      const wish = { workspace: WORKSPACE, target: target as RevocationTarget, by: 'x' };
      await expect(world.authority.tokens.revoke(wish)).rejects.toMatchObject({
        code: 'invalid',
        fields: { target: expect.stringContaining('token, branches') },
      });
    },
  );
});
