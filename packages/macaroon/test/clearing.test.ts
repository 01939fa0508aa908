/** What each caveat allows, case by case (docs/specs/token-format.md#caveat-catalogue). */
import { describe, expect, test } from 'vitest';
import {
  Action,
  Role,
  clear,
  clearTicket,
  formatMask,
  formatRoles,
  parseMask,
  type Access,
  type Caveat,
  type DischargeRequest,
  type NameMasks,
} from '@hangar/macaroon';
import { access, now, org, start, window } from './fixture.ts';

/** `allowed`, or why not. */
function decide(caveat: Caveat | readonly Caveat[], change: Partial<Access> = {}): string {
  const verdict = clear({ caveats: [org, caveat].flat() }, access(change));
  return verdict.ok ? 'allowed' : verdict.reason.tag;
}

const { read, write, control, all, none } = Action;
const machine = { appId: 1n, machine: 'm1' };
const apps = (...entries: [bigint, number][]): Caveat => ({ type: 'Apps', apps: new Map(entries) });
const ifPresent = (otherwise: number, ...ifs: Caveat[]): Caveat => ({
  type: 'IfPresent',
  ifs,
  else: otherwise,
});
const commands = (...list: [string[] | null, boolean][]): Caveat => ({
  type: 'Commands',
  commands: list.map(([args, exact]) => ({ args, exact })),
});

describe('Organization', () => {
  test.each<[bigint, number, Partial<Access>, string]>([
    [4721n, all, {}, 'allowed'],
    [0n, all, {}, 'allowed'],
    [4722n, all, {}, 'not_for_resource'],
    [4721n, read, { action: write }, 'not_for_action'],
    [4721n, none, { action: none }, 'allowed'],
  ])('%s with mask %i', (id, mask, change, expected) => {
    expect(decide({ type: 'Organization', id, mask }, change)).toBe(expected);
  });

  test('several must all clear', () => {
    expect(decide([{ type: 'Organization', id: 4721n, mask: read }], { action: write })).toBe(
      'not_for_action',
    );
  });
});

describe('a resource set', () => {
  test.each<[string, Caveat, Partial<Access>, string]>([
    ['a listed app', apps([5n, all]), { appId: 5n }, 'allowed'],
    ['an app that is not listed', apps([5n, all]), { appId: 6n }, 'not_for_resource'],
    ['an action beyond the mask', apps([5n, read]), { appId: 5n, action: control }, 'not_for_action'],
    ['no app named', apps([5n, all]), {}, 'resource_unspecified'],
    ['every app', apps([0n, read]), { appId: 5n }, 'allowed'],
    ['every app, and the app not known yet', apps([0n, read]), { appId: 0n }, 'allowed'],
    ['one app, and the app not known yet', apps([5n, all]), { appId: 0n }, 'not_for_resource'],
    ['every app and single ones', apps([0n, all], [5n, all]), { appId: 5n }, 'bad_caveat'],
    ['every app and single ones, none named', apps([0n, all], [5n, all]), {}, 'bad_caveat'],
    ['no apps at all', apps(), { appId: 5n }, 'not_for_resource'],
    ['an unset list', { type: 'Apps', apps: null }, { appId: 5n }, 'not_for_resource'],
    ['an unset list, none named', { type: 'Apps', apps: null }, {}, 'resource_unspecified'],
    ['no action on an unlisted app', apps([5n, all]), { appId: 6n, action: none }, 'not_for_resource'],
    ['no action within an empty mask', apps([5n, none]), { appId: 5n, action: none }, 'allowed'],
  ])('%s', (_what, caveat, change, expected) => {
    expect(decide(caveat, change)).toBe(expected);
  });

  const map: NameMasks = new Map([['x', read]]);
  test.each<[Caveat, Partial<Access>, Partial<Access>]>([
    [
      { type: 'Volumes', volumes: map },
      { appId: 1n, volume: 'x' },
      { appId: 1n, volume: 'y' },
    ],
    [
      { type: 'Machines', machines: map },
      { appId: 1n, machine: 'x' },
      { appId: 1n, machine: 'y' },
    ],
    [
      { type: 'Clusters', clusters: map },
      { feature: 'litefs-cloud', cluster: 'x' },
      { feature: 'litefs-cloud', cluster: 'y' },
    ],
    [{ type: 'FeatureSet', features: map }, { feature: 'x' }, { feature: 'y' }],
    [
      { type: 'AppFeatureSet', features: map },
      { appId: 1n, appFeature: 'x' },
      { appId: 1n, appFeature: 'y' },
    ],
    [
      { type: 'MachineFeatureSet', features: map },
      { ...machine, machineFeature: 'x' },
      { ...machine, machineFeature: 'y' },
    ],
  ])('$type looks at its own resource only', (caveat, listed, unlisted) => {
    expect(decide(caveat, listed)).toBe('allowed');
    expect(decide(caveat, unlisted)).toBe('not_for_resource');
    expect(decide(caveat, {})).toBe('resource_unspecified');
    expect(decide(caveat, { ...listed, action: write })).toBe('not_for_action');
  });

  test('of storage objects goes by prefix, and all matching prefixes must agree', () => {
    const objects: Caveat = {
      type: 'StorageObjects',
      prefixes: new Map([
        ['https://s/b/', read],
        ['https://s/b/deep/', all],
        ['https://t/', all],
      ]),
    };
    expect(decide(objects, { storageObject: 'https://s/b/1' })).toBe('allowed');
    expect(decide(objects, { storageObject: 'https://s/b/deep/1', action: write })).toBe('not_for_action');
    expect(decide(objects, { storageObject: 'https://t/1', action: write })).toBe('allowed');
    expect(decide(objects, { storageObject: 'https://s/bucket' })).toBe('not_for_resource');
    expect(decide({ type: 'StorageObjects', prefixes: new Map([['', read]]) }, { storageObject: 'x' })).toBe(
      'allowed',
    );
  });
});

describe('IfPresent', () => {
  const app = apps([5n, all]);
  const feature: Caveat = { type: 'FeatureSet', features: new Map([['wg', all]]) };
  test.each<[string, Caveat, Partial<Access>, string]>([
    ['what it is about decides', ifPresent(none, app, feature), { appId: 5n, action: all }, 'allowed'],
    ['also against', ifPresent(all, app, feature), { appId: 6n }, 'not_for_resource'],
    ['nothing it is about: the rest decides', ifPresent(read, app, feature), {}, 'allowed'],
    [
      'nothing it is about, and more than the rest',
      ifPresent(read, app, feature),
      { action: write },
      'not_for_action',
    ],
    ['an empty list', ifPresent(read), { action: write }, 'not_for_action'],
    ['a nested one always counts as concerned', ifPresent(none, ifPresent(read, app)), {}, 'allowed'],
    ['a window inside is always concerned', ifPresent(none, window), {}, 'allowed'],
    [
      'IsUser inside clears whatever is asked',
      ifPresent(none, { type: 'IsUser', id: 1n }),
      { action: all },
      'allowed',
    ],
    [
      'a contradiction inside fails though its resource is not asked for',
      ifPresent(all, apps([0n, 1], [5n, 1])),
      {},
      'bad_caveat',
    ],
    [
      'a condition for third parties inside',
      ifPresent(all, { type: 'ConfineUser', id: 1n }),
      {},
      'invalid_access',
    ],
    [
      'a missing source inside is not set aside',
      ifPresent(all, { type: 'FromMachineSource', machine: 'm' }),
      {},
      'invalid_access',
    ],
  ])('%s', (_what, caveat, change, expected) => {
    expect(decide(caveat, change)).toBe(expected);
  });
});

describe('Commands', () => {
  test.each<[Caveat, string[] | undefined, string]>([
    [commands([['ls', '-l'], true]), ['ls', '-l'], 'allowed'],
    [commands([['ls', '-l'], true]), ['ls', '-l', '/'], 'not_for_resource'],
    [commands([['ls'], false]), ['ls', '-l'], 'allowed'],
    [commands([['ls'], false]), ['lsx'], 'not_for_resource'],
    [commands([['ls', '-l'], false]), ['ls'], 'not_for_resource'],
    [commands([['a'], true], [['b'], true]), ['b'], 'allowed'],
    [commands([[], false]), ['anything'], 'allowed'],
    [commands([null, false]), ['anything'], 'allowed'],
    [commands([[], true]), ['anything'], 'not_for_resource'],
    [commands([[], true]), [], 'allowed'],
    [commands(), ['ls'], 'not_for_resource'],
    [{ type: 'Commands', commands: null }, ['ls'], 'not_for_resource'],
    [commands([['ls'], true]), undefined, 'resource_unspecified'],
  ])('%o against %o', (caveat, command, expected) => {
    expect(decide(caveat, { ...machine, command })).toBe(expected);
  });
});

describe('where a request comes from', () => {
  const flySrc = (organization: string, app: string, instance: string): Caveat => ({
    type: 'FlySrc',
    organization,
    app,
    instance,
  });
  test.each<[Caveat, Partial<Access>, string]>([
    [{ type: 'FromMachineSource', machine: 'm1' }, { sourceMachine: 'm1' }, 'allowed'],
    [{ type: 'FromMachineSource', machine: 'm1' }, { sourceMachine: 'm2' }, 'not_for_resource'],
    [{ type: 'FromMachineSource', machine: 'm1' }, {}, 'invalid_access'],
    [flySrc('o', 'a', 'i'), { sourceOrganization: 'o', sourceApp: 'a', sourceMachine: 'i' }, 'allowed'],
    [flySrc('', 'a', ''), { sourceApp: 'a' }, 'allowed'],
    [flySrc('', 'a', ''), { sourceApp: 'b' }, 'not_for_resource'],
    [flySrc('o', 'a', ''), { sourceApp: 'a' }, 'invalid_access'],
    [flySrc('', '', ''), {}, 'allowed'],
  ])('%o from %o', (caveat, change, expected) => {
    expect(decide(caveat, change)).toBe(expected);
  });
});

describe('roles', () => {
  const member: Caveat = { type: 'IsMember' };
  const roles = (mask: number): Caveat => ({ type: 'AllowedRoles', roles: mask });
  test.each<[Caveat, Partial<Access>, string]>([
    [member, { action: all }, 'allowed'],
    [member, { feature: 'wg', action: all }, 'allowed'],
    [member, { feature: 'billing', action: read }, 'allowed'],
    [member, { feature: 'billing', action: write }, 'not_for_role'],
    [member, { feature: 'deletion', action: none }, 'allowed'],
    [member, { feature: 'deletion', action: read }, 'not_for_role'],
    [member, { feature: 'unheard-of', action: none }, 'not_for_role'],
    [member, { feature: '', action: none }, 'not_for_role'],
    [member, { feature: '__proto__', action: none }, 'not_for_role'],
    [roles(Role.member), { feature: 'billing', action: write }, 'not_for_role'],
    [roles(Role.billingManager), {}, 'not_for_role'],
    [roles(Role.admin), { feature: 'billing', action: write }, 'allowed'],
    [roles(Role.admin), {}, 'allowed'],
    [roles(0), {}, 'not_for_role'],
  ])('%o asked for %o', (caveat, change, expected) => {
    expect(decide(caveat, change)).toBe(expected);
  });

  test('have names', () => {
    expect([0xffffffff, 3, 1, 0, 4, 7].map(formatRoles)).toEqual([
      'admin',
      'billing_manager+member',
      'member',
      'none',
      'invalid(4)',
      'billing_manager+member+invalid(4)',
    ]);
  });
});

describe('other caveats', () => {
  test.each<[Caveat, Partial<Access>, string]>([
    [{ type: 'Action', mask: read | control }, { action: control }, 'allowed'],
    [{ type: 'Action', mask: read }, { action: control }, 'not_for_action'],
    [{ type: 'Action', mask: all }, { action: 0xffff }, 'not_for_action'],
    [{ type: 'Mutations', mutations: ['a'] }, { mutation: 'a' }, 'allowed'],
    [{ type: 'Mutations', mutations: ['a'] }, { mutation: 'b' }, 'not_for_resource'],
    [{ type: 'Mutations', mutations: ['a'] }, {}, 'resource_unspecified'],
    [{ type: 'Mutations', mutations: null }, { mutation: 'a' }, 'not_for_resource'],
    [{ type: 'ConfineOrganization', id: 1n }, {}, 'invalid_access'],
    [{ type: 'MaxValidity', seconds: 1 }, {}, 'invalid_access'],
    [{ type: 'FlyioUserID', id: 1n }, {}, 'allowed'],
    [{ type: 'IsUser', id: 1n }, {}, 'allowed'],
  ])('%o', (caveat, change, expected) => {
    expect(decide(caveat, change)).toBe(expected);
  });
});

describe('a request', () => {
  test.each<[Partial<Access>, string]>([
    [{}, 'allowed'],
    [{ appId: 1n, feature: 'wg' }, 'mutually_exclusive'],
    [{ feature: 'wg', storageObject: 'x' }, 'mutually_exclusive'],
    [{ machine: 'm' }, 'resource_unspecified'],
    [{ volume: 'v' }, 'resource_unspecified'],
    [{ appFeature: 'images' }, 'resource_unspecified'],
    [{ appId: 1n, machine: 'm', volume: 'v' }, 'mutually_exclusive'],
    [{ cluster: 'c' }, 'resource_unspecified'],
    [{ feature: 'wg', cluster: 'c' }, 'invalid_access'],
    [{ feature: 'litefs-cloud', cluster: 'c' }, 'allowed'],
    [{ appId: 1n, command: [] }, 'resource_unspecified'],
    [{ appId: 1n, machineFeature: 'oidc' }, 'resource_unspecified'],
    [{ ...machine, command: ['ls'], machineFeature: 'oidc' }, 'mutually_exclusive'],
    [{ ...machine, command: ['ls'] }, 'allowed'],
  ])('%o', (change, expected) => {
    expect(decide([], change)).toBe(expected);
  });

  test('must name an organization', () => {
    const { orgId: _none, ...rest } = access();
    const verdict = clear({ caveats: [org] }, rest);
    expect(!verdict.ok && verdict.reason.tag).toBe('resource_unspecified');
  });

  test('of several accesses passes only if all do, and every reason is told', () => {
    const caveats = [org, apps([5n, read])];
    expect(clear({ caveats }, [access({ appId: 5n }), access({ appId: 5n, action: none })]).ok).toBe(true);
    const verdict = clear({ caveats }, [
      access({ appId: 5n }),
      access({ appId: 6n }),
      access({ appId: 5n, action: write }),
    ]);
    expect(!verdict.ok && verdict.reason.all.map(({ tag }) => tag)).toEqual([
      'not_for_resource',
      'not_for_action',
    ]);
    expect(!verdict.ok && verdict.reason.caveat).toEqual(caveats[1]);
  });

  test('is refused when the organization comes only from somewhere the token does not say', () => {
    expect(clear({ caveats: [window] }, access())).toMatchObject({ reason: { tag: 'no_organization' } });
    expect(clear({ caveats: [ifPresent(all, org)] }, access()).ok).toBe(true);
  });
});

describe('a ticket', () => {
  const request: DischargeRequest = {
    now,
    expiry: new Date((start + 600) * 1000),
    flyio: { userId: 7n, organizationIds: [70n, 71n] },
    google: { userId: 8n, hostedDomain: 'example.com' },
    github: { userId: 9n, organizationIds: [90n] },
  };
  const nobody: DischargeRequest = { now, expiry: request.expiry };
  const decideTicket = (caveat: Caveat, who = request) => {
    const verdict = clearTicket([caveat], who);
    return verdict.ok ? 'allowed' : verdict.reason.tag;
  };

  test.each<[Caveat, string, string]>([
    [{ type: 'ConfineUser', id: 7n }, 'allowed', 'must_authenticate'],
    [{ type: 'ConfineUser', id: 8n }, 'wrong_identity', 'must_authenticate'],
    [{ type: 'ConfineOrganization', id: 71n }, 'allowed', 'must_authenticate'],
    [{ type: 'ConfineOrganization', id: 72n }, 'wrong_identity', 'must_authenticate'],
    [{ type: 'ConfineGoogleHD', domain: 'example.com' }, 'allowed', 'must_authenticate'],
    [{ type: 'ConfineGoogleHD', domain: 'Example.com' }, 'wrong_identity', 'must_authenticate'],
    [{ type: 'ConfineGitHubOrg', id: 90n }, 'allowed', 'must_authenticate'],
    [{ type: 'ConfineGitHubOrg', id: 91n }, 'wrong_identity', 'must_authenticate'],
    [{ type: 'MaxValidity', seconds: 600 }, 'allowed', 'allowed'],
    [{ type: 'MaxValidity', seconds: 599 }, 'lives_too_long', 'lives_too_long'],
    [{ type: 'MaxValidity', seconds: 2n ** 64n - 1n }, 'lives_too_long', 'lives_too_long'],
    [window, 'allowed', 'allowed'],
    [{ type: 'ValidityWindow', notBefore: 0, notAfter: 1 }, 'expired', 'expired'],
    [{ type: 'Apps', apps: null }, 'invalid_access', 'invalid_access'],
    [{ type: 'Action', mask: all }, 'invalid_access', 'invalid_access'],
    [{ type: 'FlyioUserID', id: 7n }, 'bad_caveat', 'bad_caveat'],
    [{ type: 'Unknown', number: 99n, body: Uint8Array.of(0xc0) }, 'bad_caveat', 'bad_caveat'],
  ])('%o', (caveat, signedIn, anonymous) => {
    expect(decideTicket(caveat)).toBe(signedIn);
    expect(decideTicket(caveat, nobody)).toBe(anonymous);
  });

  test('without hosted domain does not pass for the empty one', () => {
    const who = { ...request, google: { userId: 8n } };
    expect(decideTicket({ type: 'ConfineGoogleHD', domain: 'example.com' }, who)).toBe('wrong_identity');
    expect(decideTicket({ type: 'ConfineGoogleHD', domain: '' }, who)).toBe('wrong_identity');
  });

  test('with an expiry that is no time is refused', () => {
    expect(
      decideTicket({ type: 'MaxValidity', seconds: 600 }, { ...request, expiry: new Date(Number.NaN) }),
    ).toBe('lives_too_long');
  });
});

describe('masks as text', () => {
  test.each([
    ['', 0],
    ['r', 1],
    ['Cdcwr', 31],
    ['rr', 1],
    ['*', 0xffff],
  ])('%j is %i', (text, mask) => {
    expect(parseMask(text)).toEqual({ ok: true, value: mask });
  });

  test('keep a fixed order and drop what has no letter', () => {
    expect([0, 17, 31, 0xffff, 32].map(formatMask)).toEqual(['', 'rC', 'rwcdC', 'rwcdC', '']);
  });

  test.each(['r*', 'R', 'rw ', 'x'])('%j is refused', (text) => {
    expect(parseMask(text)).toMatchObject({ ok: false, reason: { tag: 'unknown_letter' } });
  });
});
