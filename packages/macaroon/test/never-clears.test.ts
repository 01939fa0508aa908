/** What clears nothing is not made here, and is called what it is when it comes from elsewhere. */
import { describe, expect, test } from 'vitest';
import {
  attenuate,
  caveatsFromJson,
  caveatsToJson,
  clear,
  explainToken,
  mint,
  missingTickets,
  neverClears,
  type Access,
  type Caveat,
} from '@hangar/macaroon';
import { access, foreign, guarded, key, keyId, org, permission, token, verified } from './fixture.ts';

const names = (...keys: string[]): ReadonlyMap<string, number> => new Map(keys.map((name) => [name, 31]));
const inside = (...ifs: Caveat[]): Caveat => ({ type: 'IfPresent', ifs, else: 31 });
const ticketed = guarded().token.caveats.find(({ type }) => type === '3P')!;

/** Each kind of resource set with one entry for everything beside another, and a request about the other. */
const CONTRADICTIONS: readonly (readonly [Caveat, Partial<Access>])[] = [
  [
    {
      type: 'Apps',
      apps: new Map([
        [0n, 31],
        [5n, 31],
      ]),
    },
    { appId: 5n },
  ],
  [
    { type: 'Volumes', volumes: names('', 'v') },
    { appId: 5n, volume: 'v' },
  ],
  [
    { type: 'Machines', machines: names('', 'm') },
    { appId: 5n, machine: 'm' },
  ],
  [
    { type: 'Clusters', clusters: names('', 'c') },
    { feature: 'litefs-cloud', cluster: 'c' },
  ],
  [{ type: 'FeatureSet', features: names('', 'wg') }, { feature: 'wg' }],
  [
    { type: 'AppFeatureSet', features: names('', 'images') },
    { appId: 5n, appFeature: 'images' },
  ],
  [
    { type: 'MachineFeatureSet', features: names('', 'x') },
    { appId: 5n, machine: 'm', machineFeature: 'x' },
  ],
  [{ type: 'StorageObjects', prefixes: names('', 'https://s/') }, { storageObject: 'https://s/b' }],
];

/** What counts only at the top of a token, or nowhere in one. */
const OUT_OF_PLACE: readonly Caveat[] = [
  ticketed,
  { type: 'BindToParentToken', prefix: new Uint8Array(16) },
  { type: 'FlyioUserID', id: 7n },
  { type: 'ConfineUser', id: 7n },
  { type: 'ConfineGoogleHD', domain: 'x' },
  { type: 'MaxValidity', seconds: 1 },
];

describe.each(CONTRADICTIONS)('%o', (caveat, request) => {
  test('is not made here, by any way', () => {
    const refusal = expect.objectContaining({
      code: 'never_clears',
      message: expect.stringMatching(/every .* at once/),
    });
    for (const each of [caveat, inside(caveat), inside(inside(caveat))]) {
      expect(() => attenuate(token(), [each])).toThrow(refusal);
      expect(() => mint({ key, keyId, location: permission, caveats: [org, each] })).toThrow(refusal);
      expect(caveatsFromJson(caveatsToJson([org, each]))).toMatchObject({
        ok: false,
        reason: { tag: 'never_clears', path: '[1]', detail: expect.stringMatching(/every .* at once/) },
      });
    }
  });

  test('is explained as allowing nothing, and allows nothing', () => {
    for (const each of [caveat, inside(caveat)]) {
      const made = foreign([org, each]);
      expect(explainToken(made)[2]).toMatch(/^Allows nothing: .*at once, which means nothing\.$/);
      for (const asked of [access(request), access(), access({ ...request, action: 0 })])
        expect(clear(verified(made), asked)).toMatchObject({ ok: false, reason: { tag: 'bad_caveat' } });
    }
  });
});

describe.each(OUT_OF_PLACE)('inside IfPresent, %o', (caveat) => {
  test('is not made here', () => {
    for (const each of [inside(caveat), inside(org, inside(caveat))])
      expect(() => attenuate(token(), [each])).toThrow(expect.objectContaining({ code: 'never_clears' }));
    if (caveat.type !== '3P')
      expect(caveatsFromJson(caveatsToJson([inside(caveat)]))).toMatchObject({
        reason: { tag: 'never_clears' },
      });
  });

  test('is explained as allowing nothing, and nobody is sent for its discharge', () => {
    const made = foreign([org, inside(caveat)]);
    expect(explainToken(made)[2]).toMatch(/^Allows nothing: inside IfPresent /);
    expect(clear(verified(made), access()).ok).toBe(false);
    expect(missingTickets({ permission: [made], discharges: [] })).toEqual([]);
  });
});

test('what can clear is left alone', () => {
  for (const caveat of [
    { type: 'Apps', apps: new Map([[0n, 31]]) },
    { type: 'Apps', apps: null },
    { type: 'StorageObjects', prefixes: names('https://s/', 'https://s/b') },
    inside({ type: 'Apps', apps: new Map() }),
    ticketed,
  ] satisfies Caveat[])
    expect(neverClears(caveat)).toBeUndefined();
});
