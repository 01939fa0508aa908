import { describe, expect, test } from 'vitest';
import {
  Action,
  Reader,
  Writer,
  addThirdParty,
  attenuate,
  caveatsFromJson,
  caveatsToJson,
  createDischarge,
  decodeMacaroon,
  encodeCaveats,
  encodeToken,
  formatHeader,
  mint,
  openTicket,
  tokenId,
  verify,
  type Caveat,
} from '@hangar/macaroon';
import { PLAIN_CRYPTO } from '#crypto';
import {
  filled,
  fromHex,
  hex,
  key,
  keyId,
  login,
  org,
  outcome,
  permission,
  scripted,
  sharedKey,
  token,
} from './fixture.ts';

const { chainTails, sha256 } = PLAIN_CRYPTO;

const e1 = token([]);
const e2 = attenuate(e1, [org]);
const e4 = addThirdParty(e2, {
  location: login,
  sharedKey,
  ticketCaveats: [
    { type: 'ConfineOrganization', id: 4721n },
    { type: 'MaxValidity', seconds: 600 },
  ],
  random: scripted(
    new Uint8Array(32).fill(7),
    Uint8Array.from({ length: 12 }, (_, index) => index),
    Uint8Array.from({ length: 12 }, (_, index) => 0x10 + index),
  ),
});
const ticket = fromHex(
  '000102030405060708090a0b768474419d3e745b6e56dac9c63d3cb5219f975bfed1e4eb5a7326899ba104cddb5747e58966d400dd664160901aa4fd843506eaa2747e9c3d35916263',
);
const window: Caveat = { type: 'ValidityWindow', notBefore: 1_700_000_000, notAfter: 1_700_000_630 };

function dischargeWith(...caveats: Caveat[]) {
  return createDischarge({ ticket, sharedKey, location: login, caveats, random: filled(0x5a) });
}

const pair = (caveat: Caveat) => hex(encodeCaveats([caveat])).slice(2);

describe('the worked examples come out byte for byte', () => {
  test('an empty token', () => {
    expect(hex(e1.nonceBytes)).toBe('93c40b6578616d706c652d6b6964c410a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5c2');
    expect(hex(e1.tail)).toBe('51fa66ec43e46022140c041e89655fc44335b6b41ed837eb7e4515b5961cdb60');
    expect(hex(e1.bytes)).toBe(
      '9493c40b6578616d706c652d6b6964c410a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5c2b568747470733a2f2f6170692e666c792e696f2f763190c42051fa66ec43e46022140c041e89655fc44335b6b41ed837eb7e4515b5961cdb60',
    );
    expect(formatHeader([e1])).toBe(
      'FlyV1 fm2_lJPEC2V4YW1wbGUta2lkxBClpaWlpaWlpaWlpaWlpaWlwrVodHRwczovL2FwaS5mbHkuaW8vdjGQxCBR+mbsQ+RgIhQMBB6JZV/EQzW2tB7YN+t+RRW1lhzbYA==',
    );
    expect(tokenId(e1)).toBe('e094c9d4-db99-5a7b-9b07-7d1b18dfab44');
  });

  test('one caveat, and what may and may not be done to it', () => {
    expect(pair(org)).toBe('0092cd12711f');
    expect(hex(e2.pairs[0]!)).toBe('0092cd12711f');
    expect(hex(e2.tail)).toBe('204d1fae292e121107c8210d02f3f094d4ae7acc2b35a1a52d4241fc60ea2e86');
    expect(hex(e2.bytes)).toBe(
      '9493c40b6578616d706c652d6b6964c410a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5c2b568747470733a2f2f6170692e666c792e696f2f7631920092cd12711fc420204d1fae292e121107c8210d02f3f094d4ae7acc2b35a1a52d4241fc60ea2e86',
    );
    expect(outcome(e2)).toBe('verified');
    const edited = (from: string, to: string) => decodeMacaroon(fromHex(hex(e2.bytes).replace(from, to)));
    const without = edited('920092cd12711f', '90');
    expect(without.ok && outcome(without.value)).toBe('bad_signature');
    const relabelled = edited(
      `b5${hex(Buffer.from(permission))}`,
      `b4${hex(Buffer.from('https://evil.example'))}`,
    );
    expect(relabelled.ok && outcome(relabelled.value)).toBe('verified');
    expect(edited('cd1271', 'cf0000000000001271')).toMatchObject({ ok: false, reason: { tag: 'malformed' } });
  });

  test('a token like those for deploying', () => {
    const lifetime: Caveat = { type: 'ValidityWindow', notBefore: 1_700_000_000, notAfter: 1_700_086_400 };
    const ifPresent: Caveat = {
      type: 'IfPresent',
      ifs: [
        { type: 'Apps', apps: new Map([[900123n, Action.all]]) },
        { type: 'FeatureSet', features: new Map([['wg', Action.all]]) },
      ],
      else: Action.read,
    };
    expect(pair(lifetime)).toBe('0492ce6553f100ce65554280');
    expect(pair(ifPresent)).toBe('0d9294039181ce000dbc1b1f059181a277671f01');
    const step = attenuate(e2, [lifetime]);
    expect(hex(step.tail)).toBe('4f98f47bdea6d86a52a1a95cbab6afb038e067483841deea3dfac59381c83084');
    const e3 = attenuate(step, [ifPresent]);
    expect(hex(e3.tail)).toBe('1e4973c1995d20890149acd9bbfa01c38d8b03b20314d859ac2ac4bb09e40e9e');
    expect(hex(e3.bytes)).toContain(`7631960092`);
    expect(
      hex(
        mint({ key, keyId, location: permission, caveats: [org, lifetime, ifPresent], random: filled(0xa5) })
          .bytes,
      ),
    ).toBe(hex(e3.bytes));
  });

  test('a third party', () => {
    const caveat = e4.caveats[1]!;
    if (caveat.type !== '3P') throw new Error('expected a 3P caveat');
    expect(hex(caveat.ticket)).toBe(hex(ticket));
    expect(hex(caveat.verifierKey!)).toBe(
      '101112131415161718191a1ba4eebc78b5073de5ae753daa1bbfd29348caf66cbe01fe01eade1c96546fd2afbad6b7f10be3d4ba902ba70a0b2fb746',
    );
    expect(hex(e4.pairs[1]!)).toBe(
      `0b93b368747470733a2f2f617574682e666c792e696fc43c${hex(caveat.verifierKey!)}c449${hex(ticket)}`,
    );
    expect(hex(e4.tail)).toBe('269f82e3dd2187c4a299006e23b236c5eeb13376229f78e0ea78adcf53ec1fc6');
    expect(outcome(e4)).toBe('missing_discharge');
    const opened = openTicket(sharedKey, ticket);
    expect(opened.ok && hex(opened.value.dischargeKey)).toBe('07'.repeat(32));
    expect(opened.ok && hex(encodeCaveats(opened.value.caveats))).toBe('940991cd127115cd0258');
  });

  test('its discharge, whose attestation counts only for a trusted third party', () => {
    const e5 = dischargeWith(window, { type: 'FlyioUserID', id: 77n });
    expect(hex(e5.nonceBytes)).toBe(`93c449${hex(ticket)}c410${'5a'.repeat(16)}c3`);
    expect(e5.pairs.map(hex)).toEqual(['0492ce6553f100ce6553f376', '174d']);
    const open = chainTails(new Uint8Array(32).fill(7), e5.nonceBytes, e5.pairs).at(-1)!;
    expect(hex(open)).toBe('385bec23c65ea2a31c80fc38c6524960fbcf3d11ded5e25dbedf29826f7dc4ce');
    expect(hex(e5.tail)).toBe('60d81ee3abf9f96c99b75de9880c80d96545c2b5e2eba48e180055a9332b6ec4');
    const names = (trusted?: Map<string, Uint8Array[]>) => {
      const verdict = verify(e4, { key, discharges: [e5], trusted });
      return verdict.ok ? verdict.value.caveats.map(({ type }) => type) : verdict.reason.tag;
    };
    expect(names()).toEqual(['Organization', 'ValidityWindow']);
    expect(names(new Map([[login, [sharedKey]]]))).toEqual(['Organization', 'ValidityWindow', 'FlyioUserID']);
  });

  test('a discharge bound to its parent', () => {
    const prefix = sha256(e4.tail).slice(0, 16);
    expect(hex(prefix)).toBe('afef25aeb23b1c51a66ecfddd4f9a23b');
    const binding: Caveat = { type: 'BindToParentToken', prefix };
    expect(pair(binding)).toBe('0cc410afef25aeb23b1c51a66ecfddd4f9a23b');
    const bound = dischargeWith(window, binding);
    expect(hex(bound.tail)).toBe('42825980b288eb5a05e5073e8c09093a0aa83e3256a1bb90567462ce082e04a0');
    const discharges = [bound];
    expect(outcome(e4, { discharges })).toBe('verified');
    expect(outcome(attenuate(e4, [window]), { discharges })).toBe('verified');
    const elsewhere = dischargeWith(window, { type: 'BindToParentToken', prefix: new Uint8Array(16) });
    expect(outcome(e4, { discharges: [elsewhere] })).toBe('bad_discharge');
  });

  test('the order of maps', () => {
    const apps: Caveat = {
      type: 'Apps',
      apps: new Map([
        [300n, Action.control],
        [10n, Action.read],
        [9n, Action.write],
      ]),
    };
    expect(hex(encodeCaveats([apps]))).toBe('9203918309020a01cd012c10');
    expect(caveatsToJson([apps])).toBe('[{"type":"Apps","body":{"apps":{"10":"r","300":"C","9":"w"}}}]');
    const names = ['\u{1F600}', '\uFFEE', 'b', 'aa', 'B'];
    const volumes: Caveat = { type: 'Volumes', volumes: new Map(names.map((name) => [name, Action.read])) };
    expect(hex(encodeCaveats([volumes]))).toBe('92029185a14201a2616101a16201a3efbfae01a4f09f988001');
  });

  test('eight caveats', () => {
    const eight = attenuate(
      e1,
      Array.from({ length: 8 }, (_, mask): Caveat => ({ type: 'Action', mask })),
    );
    expect(hex(eight.bytes)).toContain('dc00101a001a011a02');
    expect(hex(eight.tail)).toBe('ae01490ef2747ed57285c1b8b6ab1c341dda694d3938f54c27ea7324cd603f19');
    expect(outcome(eight)).toBe('verified');
  });

  test.each([
    'd0e0',
    'd001',
    'd1ff80',
    'd10001',
    'd2ffff8000',
    'd200000001',
    'd3ffffffff80000000',
    'd30000000000000001',
    'cc7f',
    'cd00ff',
    'ce0000ffff',
    'cf00000000ffffffff',
  ])('an integer written as %s is refused', (bytes) => {
    expect(() => new Reader(fromHex(bytes)).signed64()).toThrow(
      expect.objectContaining({ fault: 'malformed' }),
    );
  });

  test.each([-9007199254740993n, -(2n ** 63n), 2n ** 63n - 1n, -9007199254740991, 9007199254740991])(
    'the integer %s comes back exactly',
    (value) => {
      expect(new Reader(new Writer().signed(value).finish()).signed64()).toBe(value);
    },
  );

  test.each([
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65536, 'ce00010000'],
    [4294967296, 'cf0000000100000000'],
    [9007199254740993n, 'cf0020000000000001'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-128, 'd080'],
    [-129, 'd1ff7f'],
    [-32769, 'd2ffff7fff'],
    [-2147483649, 'd3ffffffff7fffffff'],
  ])('the integer %s', (value, bytes) => {
    expect(hex(new Writer().signed(value).finish())).toBe(bytes);
    expect(new Reader(fromHex(bytes)).signed64()).toBe(value);
  });

  test.each([
    [
      'machine-exec, exact ls -l and prefix echo',
      '[{"type":"IfPresent","body":{"ifs":[{"type":"Commands","body":[{"args":["ls","-l"],"exact":true},{"args":["echo"]}]}],"else":"r"}}]',
      '920d92921b929292a26c73a22d6cc39291a46563686fc201',
    ],
    [
      'machine-exec, any command',
      '[{"type":"IfPresent","body":{"ifs":[{"type":"Commands","body":[{"args":[]}]}],"else":"r"}}]',
      '920d92921b919290c201',
    ],
    [
      'wireguard',
      '[{"type":"IfPresent","body":{"ifs":[{"type":"Apps","body":{"apps":{}}},{"type":"FeatureSet","body":{"features":{"wg":"rwcdC"}}}],"else":"r"}}]',
      '920d9294039180059181a277671f01',
    ],
    [
      'ssh mutations',
      '[{"type":"Mutations","body":{"mutations":["issueCertificate","addWireGuardPeer"]}}]',
      '92069192b069737375654365727469666963617465b061646457697265477561726450656572',
    ],
    ['action r', '[{"type":"Action","body":"r"}]', '921a01'],
    ['action *', '[{"type":"Action","body":"*"}]', '921acdffff'],
    ['read only', '[{"type":"Organization","body":{"id":4721,"mask":"r"}}]', '920092cd127101'],
  ])('flyctl caveats: %s', (_name, json, bytes) => {
    const caveats = caveatsFromJson(json);
    expect(caveats.ok && hex(encodeCaveats(caveats.value))).toBe(bytes);
  });

  test('the nonce UUID of a token', () => {
    const made = mint({
      key,
      keyId: Buffer.from('kid'),
      location: permission,
      caveats: [],
      random: filled(1),
    });
    expect(tokenId({ ...made, nonce: { ...made.nonce, random: Buffer.from('rnd') } })).toBe(
      'fddc76c6-c5f3-5383-9167-490fcf9755de',
    );
    expect(tokenId(attenuate(made, [org]))).toBe(tokenId(made));
    expect(encodeToken(made)).toMatch(/^fm2_lJPE/);
  });
});
