/** Whole tables of cases against an oracle that is written down separately from the library. */
import { describe, expect, test } from 'vitest';
import {
  Action,
  addThirdParty,
  attestations,
  clear,
  createDischarge,
  decodeMacaroon,
  encodeCaveats,
  openTicket,
  verify,
  Writer,
  type Access,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { PLAIN_CRYPTO } from '#crypto';
import {
  access,
  fromHex,
  guarded,
  key,
  login,
  org,
  otherKey,
  sharedKey,
  start,
  token,
  verified,
  window,
} from './fixture.ts';

const { chainTails, hmac, sha256 } = PLAIN_CRYPTO;

/** Every combination of one value from each list. */
function combinations<T extends Record<string, readonly unknown[]>>(
  lists: T,
): { [Name in keyof T]: T[Name][number] }[] {
  return Object.entries(lists).reduce<Record<string, unknown>[]>(
    (rows, [name, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  ) as { [Name in keyof T]: T[Name][number] }[];
}

describe('TOK-5: a discharge proves only what it should', () => {
  const asking = guarded([org, window]);
  const opened = openTicket(sharedKey, asking.ticket);
  if (!opened.ok) throw new Error('ticket');
  const { dischargeKey } = opened.value;
  const inner = addThirdParty(token(), { location: 'https://inner', sharedKey }).caveats[1]!;
  const user: Caveat = { type: 'FlyioUserID', id: 7n };
  const prefixes = {
    right: sha256(asking.token.tail).slice(0, 16),
    ancestor: sha256(token([org]).tail).slice(0, 16),
    wrong: new Uint8Array(16),
    short: sha256(asking.token.tail).slice(0, 15),
  };
  const finalization = new TextEncoder().encode('proof-signature-finalization');

  function sign(options: {
    ticket: Uint8Array;
    signer: Uint8Array;
    location: string;
    proof: boolean;
    finalized: boolean;
    caveats: readonly Caveat[];
  }): Macaroon {
    const nonce = new Writer()
      .array(3)
      .bin(options.ticket)
      .bin(new Uint8Array(16))
      .bool(options.proof)
      .finish();
    const pairs = options.caveats.map((caveat) => encodeCaveats([caveat]).subarray(1));
    const last = chainTails(options.signer, nonce, pairs).at(-1)!;
    const tail = options.finalized ? hmac(finalization, last) : last;
    const writer = new Writer()
      .array(4)
      .raw(nonce)
      .text(options.location)
      .array(2 * pairs.length);
    for (const pair of pairs) writer.raw(pair);
    const decoded = decodeMacaroon(writer.bin(tail).finish());
    if (!decoded.ok) throw new Error(decoded.reason.detail);
    return decoded.value;
  }

  const cases = combinations({
    ticket: ['right', 'wrong'],
    signer: ['right', 'wrong'],
    location: ['trusted', 'other'],
    binding: ['none', 'right', 'ancestor', 'wrong', 'short'],
    nested: [false, true],
    proof: [true, false],
    finalized: [true, false],
    stating: [false, true],
    trust: ['none', 'right', 'rotated', 'wrong'],
    required: [false, true],
    expired: [false, true],
  } as const);

  test(`in ${cases.length} combinations`, () => {
    const elsewhere = guarded().ticket;
    let accepted = 0;
    let believed = 0;
    for (const row of cases) {
      const lifetime: Caveat = row.expired ? { type: 'ValidityWindow', notBefore: 0, notAfter: 1 } : window;
      const caveats = [
        lifetime,
        ...(row.nested ? [inner] : []),
        ...(row.stating ? [user] : []),
        ...(row.binding === 'none'
          ? []
          : [{ type: 'BindToParentToken' as const, prefix: prefixes[row.binding] }]),
      ];
      const discharge = sign({
        ticket: row.ticket === 'right' ? asking.ticket : elsewhere,
        signer: row.signer === 'right' ? dischargeKey : otherKey,
        location: row.location === 'trusted' ? login : 'https://elsewhere',
        proof: row.proof,
        finalized: row.finalized,
        caveats,
      });
      const keys = { none: [], right: [sharedKey], rotated: [otherKey, sharedKey], wrong: [otherKey] }[
        row.trust
      ];
      const verdict = verify(asking.token, {
        key,
        discharges: [discharge],
        trusted: new Map([[login, keys]]),
        requireBinding: row.required,
      });

      const genuine =
        row.ticket === 'right' &&
        row.signer === 'right' &&
        row.proof === row.finalized &&
        !row.nested &&
        (row.proof || !row.stating) &&
        row.binding !== 'wrong' &&
        row.binding !== 'short' &&
        (!row.required || row.binding !== 'none');
      const trusted = row.location === 'trusted' && (row.trust === 'right' || row.trust === 'rotated');
      if (verdict.ok !== genuine) expect([row, verdict.ok]).toEqual([row, genuine]);
      if (!verdict.ok) continue;
      accepted += 1;
      const facts = attestations(verdict.value).length === 1;
      if (facts !== (trusted && row.stating)) expect([row, facts]).toEqual([row, trusted && row.stating]);
      if (facts) believed += 1;
      const allowed = clear(verdict.value, access()).ok;
      if (allowed === row.expired) expect([row, allowed]).toEqual([row, !row.expired]);
    }
    expect(accepted).toBeGreaterThan(100);
    expect(believed).toBeGreaterThan(10);
  });
});

test('TOK-4: a thousand unknown types deny, plain and nested, in the token and in its discharge', () => {
  const asking = guarded([org]);
  for (let index = 0; index < 1000; index++) {
    const number = index < 500 ? BigInt(32 + index) : 2n ** 32n + BigInt(index) * 7_919n ** 4n;
    const unknown: Caveat = {
      type: 'Unknown',
      number,
      body: fromHex(['c0', '90', '80', '01', 'a161'][index % 5]!),
    };
    const nested: Caveat = { type: 'IfPresent', ifs: [unknown], else: Action.all };
    const inDischarge = createDischarge({
      ticket: asking.ticket,
      sharedKey,
      location: login,
      caveats: [unknown],
    });
    const decisions = [
      clear(verified(token([org, unknown])), access()).ok,
      clear(verified(token([org, nested])), access()).ok,
      clear(verified(asking.token, { discharges: [inDischarge] }), access()).ok,
    ];
    expect([number, ...decisions]).toEqual([number, false, false, false]);
  }
});

test('the token for reading and controlling one app from one place allows that and nothing else', () => {
  const ninetyDays = 90 * 86_400;
  const wished = token([
    org,
    { type: 'Apps', apps: new Map([[90017n, Action.read | Action.control]]) },
    { type: 'FlySrc', organization: '', app: 'ci', instance: '' },
    { type: 'ValidityWindow', notBefore: start, notAfter: start + ninetyDays },
  ]);
  const resources: [boolean, Partial<Access>][] = [
    [false, {}],
    [true, { appId: 90017n }],
    [false, { appId: 90018n }],
    [false, { appId: 0n }],
    [true, { appId: 90017n, machine: 'm' }],
    [true, { appId: 90017n, volume: 'v' }],
    [true, { appId: 90017n, appFeature: 'images' }],
    [true, { appId: 90017n, machine: 'm', machineFeature: 'oidc' }],
    [true, { appId: 90017n, machine: 'm', command: ['ls'] }],
    [false, { appId: 90018n, machine: 'm', command: ['ls'] }],
    [false, { storageObject: 'https://s/' }],
    [false, { feature: 'litefs-cloud', cluster: 'c' }],
    ...['wg', 'domain', 'billing', 'deletion', 'membership', 'authentication', 'x'].map(
      (feature): [boolean, Partial<Access>] => [false, { feature }],
    ),
  ];
  const known = verified(wished);
  let cells = 0;
  for (const [mine, resource] of resources) {
    for (let action = 0; action <= Action.all; action++) {
      for (const orgId of [4721n, 4722n]) {
        for (const source of [{}, { sourceApp: 'ci' }, { sourceApp: 'other' }]) {
          for (const [inTime, seconds] of [
            [false, -1],
            [true, 0],
            [true, 86_400],
            [true, ninetyDays],
            [false, ninetyDays + 1],
          ] as const) {
            const request = access({
              action,
              orgId,
              ...resource,
              ...source,
              now: new Date((start + seconds) * 1000),
            });
            const expected =
              mine &&
              inTime &&
              orgId === 4721n &&
              'sourceApp' in source &&
              source.sourceApp === 'ci' &&
              (action & ~(Action.read | Action.control)) === 0;
            const allowed = clear(known, request).ok;
            if (allowed !== expected) expect([request, allowed]).toEqual([request, expected]);
            cells += 1;
          }
        }
      }
    }
  }
  expect(cells).toBe(resources.length * 32 * 2 * 3 * 5);
});
