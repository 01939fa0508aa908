/** What the README says about differences from the reference: each row of its table has its vector here. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  appsAllowing,
  attenuate,
  caveatsFromJson,
  caveatsToJson,
  clear,
  clearTicket,
  clusterScope,
  decodeCaveats,
  decodeToken,
  effectiveExpiry,
  encodeCaveats,
  encodeToken,
  explainCaveat,
  explainVerifyReason,
  formatHeader,
  missingTickets,
  openBundle,
  parseBundle,
  trimBlanks,
  verify,
  Writer,
  type Access,
  type Caveat,
} from '@hangar/macaroon';
import {
  access,
  discharge,
  foreign,
  fromHex,
  guarded,
  key,
  login,
  now,
  org,
  permission,
  token,
  trusted,
  verified,
  window,
} from './fixture.ts';

const one = encodeToken(token([org, window]));
const asking = guarded();
const ticketed = asking.token.caveats.find(({ type }) => type === '3P')!;
const until = (notBefore: number | bigint, notAfter: number | bigint): Caveat => ({
  type: 'ValidityWindow',
  notBefore,
  notAfter,
});
const tagOf = (caveats: readonly Caveat[], change: Partial<Access> = {}): string => {
  const verdict = clear(verified(foreign([org, ...caveats])), access(change));
  return verdict.ok ? 'allowed' : verdict.reason.tag;
};
/** Signed with another key: not one of them is the one. */
const wrong = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const paper = discharge(asking.ticket, [{ type: 'IsUser', id: BigInt(index) }]);
    const bytes = paper.bytes.slice();
    bytes[bytes.length - 1]! ^= 1;
    const read = decodeToken(`fm2_${Buffer.from(bytes).toString('base64')}`);
    if (!read.ok) throw new Error(read.reason.tag);
    return read.value;
  });

const ROWS: Readonly<Record<string, () => void>> = {
  '`f`, `fm`, `fm1`, `fm2`, `fm1r`, `fm1a` in a header': () => {
    const text = `d,e,f,fm1r,${one},a,b,c`;
    expect(parseBundle(text, permission)).toMatchObject({ reason: { tag: 'truncated', position: 2 } });
    const opened = openBundle(text, permission);
    expect(opened.ok && opened.value.bundle.toString()).toBe(text);
    expect(opened.ok && opened.value.problems.map(({ position }) => position)).toEqual([2, 3]);
  },
  '`x_y`, `FM2_AAAA`, `_` in a header': () => {
    const parsed = parseBundle(`x_y,FM2_AAAA,_,${one}`, permission);
    expect(parsed.ok && parsed.value.other).toEqual(['x_y', 'FM2_AAAA', '_']);
  },
  'An empty bundle': () => {
    const opened = openBundle('', permission);
    expect(opened.ok && [opened.value.bundle.header(), opened.value.bundle.toString()]).toEqual(['', '']);
    expect(formatHeader([])).toBe('');
    expect(opened.ok && opened.value.bundle.add(one)).toMatchObject({ ok: true });
    expect(parseBundle(' ', permission)).toMatchObject({ reason: { tag: 'empty' } });
  },
  'Blanks around tokens': () => {
    for (const blank of ['\u0085', '\u00A0', '\u2003', '\t', '\r\n'])
      expect(parseBundle(`${blank}${one}${blank}`, permission).ok).toBe(true);
    expect(parseBundle(`\uFEFF${one}`, permission)).toMatchObject({ reason: { tag: 'no_macaroon' } });
    expect(trimBlanks('\uFEFF x \u0085')).toBe('\uFEFF x');
  },
  'Odd bodies of unknown caveats': () => {
    for (const body of ['c0', 'd40100', '819001']) {
      const read = decodeCaveats(fromHex(`924d${body}`));
      expect(read).toMatchObject({ ok: true, value: [{ type: 'Unknown', number: 77n }] });
      if (read.ok) expect(tagOf(read.value)).toBe('bad_caveat');
    }
  },
  'A third party more than 16 in a token': () => {
    const many = new Writer().array(34);
    for (let index = 0; index < 17; index++) many.raw(encodeCaveats([ticketed]).subarray(1));
    expect(decodeCaveats(many.finish())).toMatchObject({ reason: { tag: 'limit' } });
  },
  'Eight wrong discharges before the right one': () => {
    const right = discharge(asking.ticket);
    expect(verify(asking.token, { key, trusted, discharges: [...wrong(7), right] }).ok).toBe(true);
    const refused = verify(asking.token, { key, trusted, discharges: [...wrong(8), right] });
    expect(refused).toMatchObject({ reason: { tag: 'too_many_discharges', location: login, tried: 8 } });
    expect(!refused.ok && explainVerifyReason(refused.reason)).toMatch(
      /first 8 discharges .*: remove old ones\.$/,
    );
  },
  'A discharge with a binding of less than 16 bytes': () => {
    const short = discharge(asking.ticket, [
      window,
      { type: 'BindToParentToken', prefix: new Uint8Array(15) },
    ]);
    expect(verify(asking.token, { key, trusted, discharges: [short] }).ok).toBe(false);
    expect(verify(asking.token, { key, trusted, discharges: [short, discharge(asking.ticket)] }).ok).toBe(
      true,
    );
  },
  'A window that ends after 9223371974719179007': () => {
    expect(tagOf([until(0, 8_640_000_000_001)])).toBe('allowed');
    expect(tagOf([until(-(2n ** 63n), 9_223_371_974_719_179_007n)])).toBe('allowed');
    expect(tagOf([until(0, 9_223_371_974_719_179_008n)])).toBe('expired');
    expect(tagOf([until(0, 2n ** 63n - 1n)])).toBe('expired');
  },
  'A window that begins after that': () => {
    expect(tagOf([until(2n ** 63n - 1n, 9_223_371_974_719_179_007n)])).toBe('not_yet_valid');
  },
  '`effectiveExpiry` above 2^53': () => {
    const late = until(0, 2n ** 53n + 1n);
    expect(effectiveExpiry([token([org, late])])).toBe(2 ** 53);
    expect(explainCaveat(late)).toContain('second 9007199254740993');
  },
  '`clusterScope` of `{"": r}`': () => {
    expect(clusterScope([{ type: 'Clusters', clusters: new Map([['', 1]]) }])).toBeUndefined();
  },
  'The order of `clusterScope`': () => {
    const clusters = new Map([
      ['\uFFEE', 1],
      ['\u{1F600}', 1],
    ]);
    expect(clusterScope([{ type: 'Clusters', clusters }])).toEqual(['\u{1F600}', '\uFFEE']);
  },
  '`appsAllowing` without an app': () => {
    const none = { ok: false, reason: { tag: 'no_apps' } };
    expect(appsAllowing([org, { type: 'Action', mask: 1 }], 2, now)).toEqual(none);
    expect(appsAllowing([org, { type: 'Apps', apps: new Map() }], 1, now)).toEqual(none);
  },
  '`FlySrc`, `FromMachineSource` that refuse': () => {
    const from: Caveat = { type: 'FlySrc', organization: 'o', app: 'a', instance: 'i' };
    expect(tagOf([from])).toBe('invalid_access');
    expect(tagOf([from], { sourceOrganization: 'x' })).toBe('not_for_resource');
    expect(tagOf([from], { sourceOrganization: 'o' })).toBe('invalid_access');
    expect(tagOf([{ type: 'FromMachineSource', machine: 'm' }])).toBe('invalid_access');
    expect(tagOf([{ type: 'FromMachineSource', machine: 'm' }], { sourceMachine: 'n' })).toBe(
      'not_for_resource',
    );
  },
  'A ticket with an attestation, or with an empty `FlySrc`': () => {
    const request = { now, expiry: new Date(now.getTime() + 1000) };
    expect(clearTicket([{ type: 'FlyioUserID', id: 7n }], request).ok).toBe(false);
    expect(clearTicket([{ type: 'FlySrc', organization: '', app: '', instance: '' }], request).ok).toBe(
      false,
    );
  },
  '`missingTickets`: tickets inside IfPresent': () => {
    const hidden = foreign([org, { type: 'IfPresent', ifs: [ticketed], else: 31 }]);
    expect(missingTickets({ permission: [hidden], discharges: [] })).toEqual([]);
  },
  '`missingTickets`: the same ticket twice': () => {
    const twice = [asking.token, attenuate(asking.token, [window])];
    expect(missingTickets({ permission: twice, discharges: [] })).toHaveLength(1);
  },
  '`TokenBundle.attenuate` with nothing new': () => {
    const old = one.replace('fm2_', 'fm1r_');
    const opened = openBundle(old, permission);
    expect(opened.ok && opened.value.bundle.attenuate([window]).toString()).toBe(old);
  },
  'Caveats that never clear': () => {
    const every: Caveat = {
      type: 'Apps',
      apps: new Map([
        [0n, 31],
        [5n, 31],
      ]),
    };
    expect(() => attenuate(token(), [every])).toThrow(expect.objectContaining({ code: 'never_clears' }));
    expect(explainCaveat(every)).toMatch(/^Allows nothing: /);
  },
};

describe('where it differs from the reference', () => {
  test.each(Object.entries(ROWS))('%s', (_row, vector) => vector());

  test('the README lists exactly these', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const table = readme.slice(readme.indexOf('| Matter | The reference'));
    const rows = table.slice(0, table.indexOf('\n\n')).split('\n').slice(2);
    expect(rows.map((row) => row.split(' | ')[0]!.replace(/^\| /, ''))).toEqual(Object.keys(ROWS));
  });
});

describe('what is written as JSON is read again', () => {
  const empty: readonly Caveat[] = [
    { type: 'Apps', apps: null },
    { type: 'Volumes', volumes: null },
    { type: 'Machines', machines: null },
    { type: 'Clusters', clusters: null },
    { type: 'FeatureSet', features: null },
    { type: 'AppFeatureSet', features: null },
    { type: 'MachineFeatureSet', features: null },
    { type: 'StorageObjects', prefixes: null },
    { type: 'Mutations', mutations: null },
    { type: 'Commands', commands: null },
    { type: 'Commands', commands: [{ args: null, exact: false }] },
    { type: 'BindToParentToken', prefix: null },
    { type: 'BindToParentToken', prefix: new Uint8Array(16) },
  ];
  test.each(empty)('%o', (caveat) => {
    expect(caveatsFromJson(caveatsToJson([caveat]))).toEqual({ ok: true, value: [caveat] });
  });

  test('null stands for nothing else', () => {
    for (const type of ['IsMember', 'ConfineUser', 'Action', 'IfPresent', 'Organization'])
      expect(caveatsFromJson(`[{"type":"${type}","body":null}]`)).toMatchObject({
        reason: { tag: 'bad_value' },
      });
  });
});

describe('what a terminal or an editor did to a token is called by its name', () => {
  test.each([' ', '\n', '\r\n    ', '\t', '\u00A0'])('%j inside it', (blank) => {
    const broken = `${one.slice(0, 60)}${blank}${one.slice(60)}`;
    for (const text of [broken, `FlyV1 ${broken}`, `${one},${broken}`])
      expect(parseBundle(text, permission)).toMatchObject({
        reason: { tag: 'malformed', detail: 'there is a line break or space inside the token' },
      });
    expect(parseBundle(`${blank}${one}${blank}`, permission).ok).toBe(true);
  });

  test('url-safe base64', () => {
    const safe = encodeToken(foreign([org, { type: 'ConfineGoogleHD', domain: '\u{FFFFF}~~~???>>>' }]));
    const changed = safe.replaceAll('+', '-').replaceAll('/', '_');
    expect(changed).not.toBe(safe);
    expect(decodeToken(changed)).toMatchObject({
      reason: { tag: 'malformed', detail: expect.stringMatching(/^url-safe base64/) },
    });
  });
});
