import { describe, expect, test } from 'vitest';
import {
  Action,
  clear,
  explainCaveat,
  explainRefusal,
  explainToken,
  explainVerifyReason,
  verify,
  type Access,
  type Caveat,
  type VerifyReason,
} from '@hangar/macaroon';
import { access, discharge, guarded, key, org, otherKey, start, token, window } from './fixture.ts';

const app: Caveat = { type: 'Apps', apps: new Map([[90017n, Action.read | Action.control]]) };

describe('a caveat in words', () => {
  test.each<[Caveat, string]>([
    [org, 'May do anything in organization 4721.'],
    [{ type: 'Organization', id: 0n, mask: 0 }, 'May do nothing in any organization.'],
    [app, 'May do read and control on app 90017, and nothing on any other.'],
    [{ type: 'Apps', apps: new Map() }, 'Not for any app, and for nothing else.'],
    [
      {
        type: 'Machines',
        machines: new Map([
          ['a', 1],
          ['b', 1],
          ['c', 31],
        ]),
      },
      'May do read on machines "a" and "b" and anything on machine "c", and nothing on any other.',
    ],
    [window, 'Valid from 2023-11-14T22:13:20Z until 2023-11-14T22:23:50Z.'],
    [
      { type: 'ValidityWindow', notBefore: 0, notAfter: 2n ** 62n },
      'Valid from 1970-01-01T00:00:00Z until second 4611686018427387904.',
    ],
    [{ type: 'Action', mask: 3 }, 'May do read and write.'],
    [{ type: 'Mutations', mutations: ['a', 'b'] }, 'Only for the mutations "a" and "b".'],
    [{ type: 'Mutations', mutations: null }, 'Only for the mutations (none).'],
    [
      {
        type: 'Commands',
        commands: [
          { args: ['ls', '-l'], exact: true },
          { args: ['echo'], exact: false },
          { args: null, exact: false },
        ],
      },
      'Only for running exactly "ls -l", "echo" with anything after it or any command.',
    ],
    [
      { type: 'Commands', commands: [{ args: ['ls', '-l'], exact: true }] },
      'Only for running exactly "ls -l", without standard input or a container of its own.',
    ],
    [{ type: 'Commands', commands: [] }, 'Only for running no command at all.'],
    [{ type: 'FlySrc', organization: '', app: 'web', instance: '' }, 'Works only from inside app "web".'],
    [{ type: 'FlySrc', organization: '', app: '', instance: '' }, 'Works from anywhere.'],
    [{ type: 'FromMachineSource', machine: 'm' }, 'Works only from inside machine "m".'],
    [{ type: 'AllowedRoles', roles: 3 }, 'May do what these roles may: billing_manager+member.'],
    [{ type: 'MaxValidity', seconds: 600 }, 'A discharge may live for 10 minutes at most.'],
    [{ type: 'MaxValidity', seconds: 86_400 }, 'A discharge may live for 1 day at most.'],
    [{ type: 'ConfineUser', id: 7n }, 'The third party must see Fly.io user 7 sign in.'],
    [{ type: 'FlyioUserID', id: 7n }, 'States that Fly.io user 7 signed in.'],
    [
      { type: 'IfPresent', ifs: [app], else: Action.read },
      'Where it concerns one of these, it decides: [May do read and control on app 90017, and nothing on any other]. Anywhere else: may do read.',
    ],
    [{ type: 'IfPresent', ifs: [], else: Action.read }, 'May do read.'],
    [
      { type: 'Unknown', number: 77n, body: Uint8Array.of(0xc0) },
      'A condition of type 77, which is not known here: the token is good for nothing here.',
    ],
  ])('%#: %o', (caveat, words) => {
    expect(explainCaveat(caveat)).toBe(words);
  });

  test('cannot write on the terminal or run on', () => {
    const nasty: Caveat = { type: 'FromMachineSource', machine: `\u001b[2J\n${'x'.repeat(5000)}` };
    expect(explainCaveat(nasty)).toMatch(/^[ -~…]{1,160}$/);
    const long: Caveat = {
      type: 'Apps',
      apps: new Map(Array.from({ length: 1000 }, (_, id) => [BigInt(id + 1), 1])),
    };
    expect(explainCaveat(long)).toContain('and 995 more');
  });
});

test('a token in words begins with what it is', () => {
  const [first, second, third] = explainToken(guarded().token);
  expect(first).toMatch(/^A token for "https:\/\/api.fly.io\/v1", id [0-9a-f-]{36}\.$/);
  expect([second, third]).toEqual([
    'May do anything in organization 4721.',
    'Needs a discharge from "https://auth.fly.io".',
  ]);
  expect(explainToken(discharge(guarded().ticket))[0]).toContain('A signed statement for');
});

describe('a refusal in words', () => {
  const said = (caveats: Caveat[], change: Partial<Access>) => {
    const verdict = clear({ caveats: [org, ...caveats] }, access(change));
    return verdict.ok ? '' : verdict.reason.sentence;
  };
  test.each<[string, string]>([
    [
      said([app], { appId: 90017n, action: Action.delete }),
      'The token allows read and control on app 90017, and the request needs delete.',
    ],
    [said([app], { appId: 5n }), 'The token is for app 90017, not for app 5.'],
    [said([app], {}), 'The token is for certain apps, and the request names none.'],
    [said([window], { now: new Date((start + 999) * 1000) }), 'The token expired at 2023-11-14T22:23:50Z.'],
    [said([], { orgId: 1n }), 'The token is for organization 4721, not for organization 1.'],
    [
      said([{ type: 'IsMember' }], { feature: 'deletion' }),
      'The request needs an admin of the organization, and the token stands for: member.',
    ],
  ])('%s', (sentence, expected) => {
    expect(sentence).toBe(expected);
  });

  test('names the caveat', () => {
    const verdict = clear({ caveats: [org, app] }, access({ appId: 5n }));
    expect(!verdict.ok && explainRefusal(verdict.reason)).toBe(
      'The token is for app 90017, not for app 5. (Apps: May do read and control on app 90017, and nothing on any other.)',
    );
    const nothing = clear({ caveats: [] }, access());
    expect(!nothing.ok && explainRefusal(nothing.reason)).toContain('names no organization');
  });

  test('of a token that is not genuine is a sentence too', () => {
    const reasons: VerifyReason[] = [
      { tag: 'attestation_not_allowed' },
      { tag: 'wrong_binding' },
      { tag: 'too_many_discharges', location: 'https://x', tried: 8, causes: ['bad_signature'] },
      { tag: 'bad_discharge', location: 'https://x', causes: ['bad_signature'] },
    ];
    for (const options of [{ key: otherKey }, { key }]) {
      const verdict = verify(guarded().token, options);
      if (!verdict.ok) reasons.push(verdict.reason);
    }
    expect(new Set(reasons.map(({ tag }) => tag)).size).toBe(6);
    for (const reason of reasons) expect(explainVerifyReason(reason)).toMatch(/^[A-Z].*\.$/);
    expect(token().caveats).toHaveLength(1);
  });
});
