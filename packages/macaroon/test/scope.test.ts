import { describe, expect, test } from 'vitest';
import {
  Action,
  appScope,
  appsAllowing,
  clusterScope,
  effectiveExpiry,
  organizationScope,
  userForLogs,
  type Caveat,
} from '@hangar/macaroon';
import { discharge, guarded, now, org, start, token, window } from './fixture.ts';

const apps = (...ids: bigint[]): Caveat => ({
  type: 'Apps',
  apps: new Map(ids.map((id) => [id, Action.all])),
});
const clusters = (...names: string[]): Caveat => ({
  type: 'Clusters',
  clusters: new Map(names.map((name) => [name, Action.all])),
});
const organization = (id: bigint): Caveat => ({ type: 'Organization', id, mask: Action.all });
const inside = (...ifs: Caveat[]): Caveat => ({ type: 'IfPresent', ifs, else: Action.none });

describe('the organization of a token', () => {
  test.each<[Caveat[], unknown]>([
    [[org], { ok: true, value: 4721n }],
    [[inside(org)], { ok: true, value: 4721n }],
    [[org, organization(4721n)], { ok: true, value: 4721n }],
    [[organization(0n), org], { ok: false, reason: { tag: 'contradiction' } }],
    [[org, organization(0n)], { ok: true, value: 4721n }],
    [[org, organization(1n)], { ok: false, reason: { tag: 'contradiction' } }],
    [[window], { ok: false, reason: { tag: 'no_organization' } }],
  ])('%#', (caveats, expected) => {
    expect(organizationScope(caveats)).toEqual(expected);
  });
});

describe('the apps of a token', () => {
  test.each<[string, Caveat[], readonly bigint[] | undefined]>([
    ['all when none is named', [org], undefined],
    ['all when the list says all', [apps(0n)], undefined],
    ['those named, in order', [apps(300n, 9n, 10n)], [9n, 10n, 300n]],
    ['those that every list names', [apps(1n, 2n), apps(2n, 3n)], [2n]],
    ['none when the lists have nothing in common', [apps(1n), apps(2n)], []],
    ['none when the list is empty', [apps()], []],
    ['those in IfPresent too', [inside(apps(5n))], [5n]],
    ['the named ones of two lists of which one says all', [apps(0n), apps(5n)], [5n]],
    ['none when the list contradicts itself', [apps(0n, 5n)], []],
  ])('are %s', (_what, caveats, expected) => {
    expect(appScope(caveats)).toEqual(expected);
  });
});

test('the clusters of a token', () => {
  expect(clusterScope([org])).toBeUndefined();
  expect(clusterScope([clusters('b', 'a')])).toEqual(['a', 'b']);
  expect(clusterScope([clusters('')])).toBeUndefined();
});

describe('the apps on which a token allows an action', () => {
  const allowing = (action: number, ...caveats: Caveat[]) => appsAllowing([org, ...caveats], action, now);
  test.each<[string, ReturnType<typeof allowing>, unknown]>([
    ['every one', allowing(Action.write), { ok: true, value: undefined }],
    [
      'none, for a token that may only read',
      allowing(Action.write, { type: 'Action', mask: 1 }),
      { ok: false, reason: { tag: 'no_apps' } },
    ],
    ['those in scope', allowing(Action.write, apps(2n, 1n)), { ok: true, value: [1n, 2n] }],
    [
      'those whose mask suffices',
      allowing(Action.write, {
        type: 'Apps',
        apps: new Map([
          [1n, 1],
          [2n, 3],
        ]),
      }),
      { ok: true, value: [2n] },
    ],
    [
      'none after its time',
      appsAllowing([org, window], Action.read, new Date((start + 700) * 1000)),
      { ok: false, reason: { tag: 'no_apps' } },
    ],
    [
      'none without an organization',
      appsAllowing([apps(1n)], Action.read, now),
      { ok: false, reason: { tag: 'no_organization' } },
    ],
  ])('%s', (_what, found, expected) => {
    expect(found).toEqual(expected);
  });
});

describe('when a token ends', () => {
  const until = (notAfter: number): Caveat => ({ type: 'ValidityWindow', notBefore: 0, notAfter });
  test('is the earliest end of it and its discharges, IfPresent opened', () => {
    expect(effectiveExpiry([token([org])])).toBeUndefined();
    expect(effectiveExpiry([token([org, until(500), inside(until(400))])])).toBe(400);
    expect(effectiveExpiry([token([org, until(start + 9999)]), discharge(guarded().ticket)])).toBe(
      start + 630,
    );
  });
});

test('a user for the log is named only without contradiction', () => {
  const user: Caveat = { type: 'IsUser', id: 7n };
  expect(userForLogs([org])).toBeUndefined();
  expect(userForLogs([user])).toBe(7n);
  expect(userForLogs([inside(user), { type: 'FlyioUserID', id: 7n }])).toBe(7n);
  expect(userForLogs([user, { type: 'FlyioUserID', id: 8n }])).toBeUndefined();
});
