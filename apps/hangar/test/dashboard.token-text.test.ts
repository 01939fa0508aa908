import {
  type EnvCreate,
  envCreateCaveat,
  envLabelsCaveat,
  execLimitCaveat,
  hangarCaveats,
  rateCaveat,
  sourceCaveat,
  spendCaveat,
} from '@hangar/authority';
import { READABLE_CAVEATS } from '@hangar/authority/offline';
import {
  Action,
  addThirdParty,
  attenuate,
  createDischarge,
  encodeToken,
  explainCaveat,
  LOCATIONS,
  type Macaroon,
  mint,
  missingTickets,
  privateCaveat,
} from '@hangar/macaroon';
import { describe, expect, it } from 'vitest';
import { readPasted } from '../../dashboard/src/tokens/paste.ts';

/** What the form of the token page does with a text, without the form. */

const key = new Uint8Array(32).fill(7);
const START = 1_790_000_000;

/** A permission token with a login caveat, and its discharge: what flyctl keeps, some 700 characters. */
function bundle(): { permission: string; whole: string } {
  const base = mint({
    key,
    keyId: new TextEncoder().encode('key-1'),
    location: LOCATIONS.permission,
    caveats: [
      { type: 'Organization', id: 4721n, mask: 0xffff },
      {
        type: 'IfPresent',
        ifs: [
          { type: 'Apps', apps: new Map([[123n, Action.all]]) },
          { type: 'FeatureSet', features: new Map([['wg', Action.all]]) },
        ],
        else: Action.read,
      },
      {
        type: 'IfPresent',
        ifs: [
          { type: 'Commands', commands: [{ args: ['bin/rails', 'db:migrate', '--trace'], exact: true }] },
          {
            type: 'Machines',
            machines: new Map(['148e21f2a7d089', '148e21f2a7d090', '148e21f2a7d091'].map((id) => [id, 16])),
          },
        ],
        else: Action.read,
      },
      { type: 'ValidityWindow', notBefore: START, notAfter: START + 86_400 },
    ],
  });
  const permission = addThirdParty(base, {
    location: LOCATIONS.newAuthentication,
    sharedKey: key,
    ticketCaveats: [{ type: 'ConfineUser', id: 77n }],
  });
  const [ticket] = missingTickets({ permission: [permission], discharges: [] });
  const discharge: Macaroon = createDischarge({
    ticket: ticket?.ticket ?? new Uint8Array(),
    sharedKey: key,
    location: LOCATIONS.newAuthentication,
    caveats: [{ type: 'ValidityWindow', notBefore: START, notAfter: START + 600 }],
  });
  return {
    permission: encodeToken(permission),
    whole: [permission, discharge].map(encodeToken).join(','),
  };
}

const codeOf = (text: string): string => {
  const read = readPasted(text);
  if (!read.ok) return read.reason.code;
  return read.value.missing.length > 0 ? 'token_incomplete' : 'whole';
};

describe('a text that was cut off (TOK-13)', () => {
  it.each([
    ['as it is', ''],
    ['with its scheme', 'FlyV1 '],
    ['with both schemes', 'Bearer FlyV1 '],
  ])('is called cut off or incomplete at every length, %s', (_, scheme) => {
    const { permission, whole } = bundle();
    const text = scheme + whole;
    expect(whole.length).toBeGreaterThan(690);
    expect(codeOf(text)).toBe('whole');
    const answers = new Map<string, number[]>();
    for (let length = 1; length < text.length; length += 1) {
      const code = codeOf(text.slice(0, length));
      answers.set(code, [...(answers.get(code) ?? []), length]);
    }
    expect([...answers.keys()].sort()).toEqual(['token_incomplete', 'token_truncated']);
    // Only where the discharge is missing as a whole.
    expect(answers.get('token_incomplete')).toEqual([scheme.length + permission.length]);
    expect(answers.get('token_truncated')).toHaveLength(text.length - 2);
  });

  it('is still cut off inside quotes or behind a variable', () => {
    const { whole } = bundle();
    for (const around of [(text: string) => `"${text}"`, (text: string) => `FLY_API_TOKEN="${text}`]) {
      for (const length of [5, 100, 301, whole.length - 1])
        expect(codeOf(around(whole.slice(0, length)))).toBe('token_truncated');
    }
  });
});

describe('a text that was copied with something around it', () => {
  it.each([
    ['a line end', (token: string) => `${token}\n`],
    ['quotes', (token: string) => `"${token}"`],
    ['the name of a variable', (token: string) => `export FLY_API_TOKEN='FlyV1 ${token}'`],
    ['the line breaks of a terminal', (token: string) => token.replaceAll(/(.{80})/g, '$1\r\n')],
    ['a header', (token: string) => `Bearer FlyV1 ${token}`],
  ])('is read: %s', (_, around) => {
    expect(codeOf(around(bundle().whole))).toBe('whole');
  });

  it.each([
    ['', 'token_missing'],
    [' \n', 'token_missing'],
    ['hello', 'token_malformed'],
    ['fo1_abcdefgh', 'token_malformed'],
    ['fm2_!!!!', 'token_malformed'],
    [`fm2_${'A'.repeat(200_000)}`, 'token_malformed'],
  ])('%j is refused as %s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});

describe("Hangar's own caveats", () => {
  it('are said by the page in the very words of the authority', () => {
    const environment: EnvCreate = {
      keyPrefix: 'pr-',
      namePrefix: 'preview-',
      classes: ['small', 'large'],
      maxLive: 3,
      maxTtlSeconds: 86_400,
      labels: new Map([['team', 'search']]),
    };
    const meters = { take: () => true };
    const caveats = [
      privateCaveat(envCreateCaveat(meters), environment),
      privateCaveat(envLabelsCaveat, {
        labels: new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      }),
      privateCaveat(execLimitCaveat(meters), { timeoutSeconds: 30, maxOutputBytes: 4096, perMinute: 6 }),
      privateCaveat(sourceCaveat, { cidrs: ['203.0.113.0/24', '2001:db8::/32'] }),
      privateCaveat(rateCaveat(meters), { perMinute: 600 }),
      ...(['day', 'month', 'total'] as const).map((period) =>
        privateCaveat(spendCaveat(meters), { amount: 1250, currency: 'EUR', period }),
      ),
    ];
    expect(READABLE_CAVEATS.size).toBe(hangarCaveats().size);
    for (const caveat of caveats) {
      const authority = explainCaveat(caveat, hangarCaveats());
      expect(authority).not.toContain('not known');
      expect(explainCaveat(caveat, READABLE_CAVEATS)).toBe(authority);
    }
  });

  it('never leave the page behind: a token that carries one is still read and still judged', () => {
    const token = attenuate(
      mint({
        key,
        keyId: new Uint8Array([1]),
        location: LOCATIONS.permission,
        caveats: [{ type: 'Organization', id: 1n, mask: 31 }],
      }),
      [privateCaveat(rateCaveat({ take: () => true }), { perMinute: 5 })],
    );
    expect(codeOf(encodeToken(token))).toBe('whole');
  });
});
