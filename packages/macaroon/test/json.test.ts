import { describe, expect, test } from 'vitest';
import {
  PRIVATE_RANGE,
  caveatsFromJson,
  caveatsToDebugJson,
  caveatsToJson,
  encodeCaveats,
  macaroonToDebugJson,
  privateCaveat,
  privateCaveats,
  type Caveat,
  type PrivateCaveat,
} from '@hangar/macaroon';
import { guarded, hex, org, token } from './fixture.ts';

/** The catalogue of the specification: body in msgpack, body in JSON. */
const catalogue: [string, string, string][] = [
  ['Organization', '00927b1f', '{"id":123,"mask":"rwcdC"}'],
  ['Volumes', '029181a5766f6c5f7801', '{"volumes":{"vol_x":"r"}}'],
  ['Apps', '0391817b03', '{"apps":{"123":"rw"}}'],
  ['ValidityWindow', '04920102', '{"not_before":1,"not_after":2}'],
  ['ValidityWindow', '0492ffd38000000000000000', '{"not_before":-1,"not_after":-9223372036854775808}'],
  ['FeatureSet', '059181a277671f', '{"features":{"wg":"rwcdC"}}'],
  ['Mutations', '069191ae6164644365727469666963617465', '{"mutations":["addCertificate"]}'],
  ['Machines', '079181a631343865323110', '{"machines":{"148e21":"C"}}'],
  ['ConfineUser', '08917b', '{"id":123}'],
  ['ConfineOrganization', '0991cfffffffffffffffff', '{"id":18446744073709551615}'],
  ['IsUser', '0a917b', '{"uint64":123}'],
  ['BindToParentToken', '0cc403010203', '"AQID"'],
  ['IfPresent', '0d92921a0301', '{"ifs":[{"type":"Action","body":"rw"}],"else":"r"}'],
  ['MachineFeatureSet', '0e9181a86d6574616461746101', '{"features":{"metadata":"r"}}'],
  ['FromMachineSource', '0f91a6313438653231', '{"id":"148e21"}'],
  ['Clusters', '109181a2633101', '{"clusters":{"c1":"r"}}'],
  ['ConfineGoogleHD', '13ab6578616d706c652e636f6d', '"example.com"'],
  ['ConfineGitHubOrg', '147b', '123'],
  ['MaxValidity', '15cd0258', '600'],
  ['IsMember', '1690', '{}'],
  ['FlyioUserID', '177b', '123'],
  ['GitHubUserID', '187b', '123'],
  ['GoogleUserID', '19c409deadbeefdeadbeef7b', String(0xdeadbeefdeadbeef7bn)],
  ['GoogleUserID', '19c400', '0'],
  ['Action', '1a03', '"rw"'],
  ['Commands', '1b919292a26c73a22d6cc3', '[{"args":["ls","-l"],"exact":true}]'],
  ['Commands', '1b919291a26c73c2', '[{"args":["ls"]}]'],
  ['AppFeatureSet', '1c9181a6696d6167657303', '{"features":{"images":"rw"}}'],
  ['StorageObjects', '1d9181aa68747470733a2f2f732f03', '{"storage_objects":{"https://s/":"rw"}}'],
  ['AllowedRoles', '1eceffffffff', '4294967295'],
  ['FlySrc', '1f93a16fa161a169', '{"organization":"o","app":"a","instance":"i"}'],
  ['Apps', '0391c0', '{"apps":null}'],
  ['Mutations', '0691c0', '{"mutations":null}'],
  ['Commands', '1b9192c0c2', '[{"args":null}]'],
];

describe('a caveat in JSON', () => {
  test.each(catalogue)('%s: %s is %s', (type, pair, body) => {
    const text = `[{"type":"${type}","body":${body}}]`;
    const read = caveatsFromJson(text);
    expect(read.ok && hex(encodeCaveats(read.value))).toBe(`92${pair}`);
    expect(read.ok && caveatsToJson(read.value)).toBe(text);
  });

  test.each([
    ['DeprecatedOrganization', '{"id":1,"mask":"r"}', 'Organization'],
    ['DeprecatedApps', '{"apps":{}}', 'Apps'],
    ['NoAdminFeatures', '{}', 'IsMember'],
    ['26', '"r"', 'Action'],
  ])('may be named %s', (name, body, type) => {
    expect(caveatsFromJson(`[{"type":"${name}","body":${body}}]`)).toMatchObject({
      ok: true,
      value: [{ type }],
    });
  });

  test('set may be empty', () => {
    expect(caveatsFromJson(' [ ] ')).toEqual({ ok: true, value: [] });
  });

  test('keeps ids exact', () => {
    const read = caveatsFromJson('[{"type":"Apps","body":{"apps":{"9007199254740993":"r","007":"w"}}}]');
    expect(read.ok && read.value).toEqual([
      {
        type: 'Apps',
        apps: new Map([
          [7n, 2],
          [9007199254740993n, 1],
        ]),
      },
    ]);
  });

  test.each([
    ['', 'syntax'],
    ['null', 'bad_value'],
    ['{}', 'bad_value'],
    ['[{}]', 'missing_field'],
    ['[{"type":"Action"}]', 'missing_field'],
    ['[{"type":"Action","body":"r","extra":1}]', 'unknown_field'],
    ['[{"type":"action","body":"r"}]', 'unknown_type'],
    ['[{"type":"1","body":"r"}]', 'unknown_type'],
    ['[{"type":"999999","body":"r"}]', 'unknown_type'],
    ['[{"type":"Unknown","body":"r"}]', 'unknown_type'],
    ['[{"type":"constructor","body":"r"}]', 'unknown_type'],
    ['[{"type":26,"body":"r"}]', 'bad_value'],
    ['[{"type":"Action","body":1}]', 'bad_value'],
    ['[{"type":"ConfineUser","body":{"id":1.0}}]', 'syntax'],
    ['[{"type":"ConfineUser","body":{"id":1e3}}]', 'syntax'],
    ['[{"type":"ConfineUser","body":{"id":-0}}]', 'syntax'],
    ['[{"type":"ConfineUser","body":{"id":"1"}}]', 'bad_value'],
    ['[{"type":"ConfineUser","body":{"id":-1}}]', 'bad_value'],
    ['[{"type":"ConfineUser","body":{"id":18446744073709551616}}]', 'bad_value'],
    ['[{"type":"GoogleUserID","body":-1}]', 'bad_value'],
    ['[{"type":"AllowedRoles","body":4294967296}]', 'bad_value'],
    ['[{"type":"ValidityWindow","body":{"not_before":0,"not_after":9223372036854775808}}]', 'bad_value'],
    ['[{"type":"Apps","body":{"apps":{"-1":"r"}}}]', 'bad_value'],
    ['[{"type":"Apps","body":{"apps":{"my-app":"r"}}}]', 'bad_value'],
    ['[{"type":"Apps","body":{"apps":{"1":"r","01":"w"}}}]', 'bad_value'],
    ['[{"type":"Apps","body":{"apps":{"1":"r","1":"w"}}}]', 'syntax'],
    ['[{"type":"Apps","body":{"apps":["1"]}}]', 'bad_value'],
    ['[{"type":"IsMember","body":{"x":1}}]', 'unknown_field'],
    ['[{"type":"IfPresent","body":{"ifs":null,"else":"r"}}]', 'bad_value'],
    ['[{"type":"Commands","body":[{"exact":true}]}]', 'missing_field'],
    ['[{"type":"Commands","body":[{"args":[1]}]}]', 'bad_value'],
    ['[{"type":"Commands","body":[{"args":[],"exact":1}]}]', 'bad_value'],
    ['[{"type":"BindToParentToken","body":"AQI"}]', 'bad_value'],
    ['[{"type":"ConfineGoogleHD","body":"\\ud800"}]', 'bad_value'],
    ['[{"type":"FlySrc","body":{"app":"a"}}]', 'missing_field'],
    ['[{"type":"Action","body":"r"}] x', 'syntax'],
    ['[{"type":"Action","body":"r"},]', 'syntax'],
    ["[{'type':'Action'}]", 'syntax'],
    ['[{"type":"Action","body":"r\n"}]', 'syntax'],
    ['[{"type":"Action","body":tru}]', 'syntax'],
    ['[01]', 'syntax'],
    ['['.repeat(10_000), 'syntax'],
    [`[${'{"type":"Action","body":"r"},'.repeat(300)}{"type":"Action","body":"r"}]`, 'limit'],
    [' '.repeat(300_000), 'limit'],
    [`[${'9'.repeat(1000)}]`, 'syntax'],
  ])('%.70s is refused', (text, tag) => {
    expect(caveatsFromJson(text)).toMatchObject({ ok: false, reason: { tag } });
  });

  test('says where it is wrong', () => {
    const text =
      '[{"type":"IsMember","body":{}},{"type":"IfPresent","body":{"ifs":[{"type":"Apps","body":{"apps":{"5":"x"}}}],"else":"r"}}]';
    expect(caveatsFromJson(text)).toMatchObject({ reason: { path: '[1].body.ifs[0].body.apps["5"]' } });
  });
});

describe('a caveat without a JSON form', () => {
  const unknown: Caveat = { type: 'Unknown', number: 77n, body: Uint8Array.of(0x92, 1, 2) };
  const inside: Caveat = { type: 'IfPresent', ifs: [unknown], else: 1 };

  test('is refused, unless it is only to be looked at', () => {
    expect(() => caveatsToJson([unknown])).toThrow(expect.objectContaining({ code: 'unknown_caveat' }));
    expect(() => caveatsToJson([inside])).toThrow(expect.objectContaining({ code: 'unknown_caveat' }));
    expect(caveatsToDebugJson([unknown, { type: 'IsMember' }])).toBe(
      '[{"type":"77","body":null,"raw":"920102"},{"type":"IsMember","body":{}}]',
    );
    expect(caveatsToDebugJson([inside])).toContain('"raw":"920102"');
  });

  test('a whole token can be looked at, without what is secret in it', () => {
    const made = token([org, unknown]);
    expect(macaroonToDebugJson(made)).toBe(
      '{"location":"https://api.fly.io/v1","caveats":[{"type":"Organization","body":{"id":4721,"mask":"rwcdC"}},{"type":"77","body":null,"raw":"920102"}]}',
    );
  });

  test('third-party caveats can be written, not read', () => {
    const text = caveatsToJson([guarded().token.caveats[1]!]);
    expect(JSON.parse(text)).toMatchObject([{ type: '3P', body: { Location: 'https://auth.fly.io' } }]);
    expect(caveatsFromJson(text)).toMatchObject({ reason: { tag: 'not_from_json' } });
  });
});

describe('a private caveat', () => {
  const quota: PrivateCaveat<bigint> = {
    number: PRIVATE_RANGE.first + 5n,
    name: 'Quota',
    write: (writer, value) => void writer.array(1).unsigned(value),
    read: (reader) => {
      reader.struct(1);
      return reader.id();
    },
    clear: () => undefined,
    explain: (value) => `At most ${value}.`,
    toJson: (value) => ({ limit: value }),
    fromJson: (body) => {
      if (body === null || typeof body !== 'object' || !('limit' in body))
        throw new TypeError('expected a limit');
      return BigInt(body.limit as number | bigint);
    },
  };
  const registry = privateCaveats(quota);

  test('has the JSON its definition gives it', () => {
    const caveat = privateCaveat(quota, 2n ** 60n);
    const text = caveatsToJson([caveat], registry);
    expect(text).toBe('[{"type":"281474976710661","body":{"limit":1152921504606846976}}]');
    expect(caveatsFromJson(text, registry)).toEqual({ ok: true, value: [caveat] });
    expect(caveatsFromJson('[{"type":"Quota","body":{"limit":5}}]', registry)).toEqual({
      ok: true,
      value: [privateCaveat(quota, 5n)],
    });
    expect(caveatsFromJson('[{"type":"Quota","body":{"limits":5}}]', registry)).toMatchObject({
      reason: { tag: 'bad_value', path: '[0].body' },
    });
    expect(caveatsFromJson('[{"type":"Quota","body":{"limit":-5}}]', registry)).toMatchObject({
      reason: { tag: 'bad_value' },
    });
    const nothing = privateCaveats({ ...quota, fromJson: () => 0n });
    expect(caveatsFromJson('[{"type":"Quota","body":null}]', nothing)).toMatchObject({
      reason: { tag: 'bad_value' },
    });
    expect(caveatsFromJson(text)).toMatchObject({ reason: { tag: 'unknown_type' } });
    expect(() => caveatsToJson([caveat])).toThrow();
    expect(caveatsToDebugJson([caveat], registry)).toBe(text);
  });
});
