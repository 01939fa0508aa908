/** The attempts of docs/specs/token-format.md#attempts, by their numbers there. */
import { describe, expect, test } from 'vitest';
import {
  Action,
  LIMITS,
  TokenBundle,
  addThirdParty,
  attenuate,
  attestations,
  caveatsFromJson,
  clear,
  clearTicket,
  createVerificationCache,
  decodeCaveats,
  decodeMacaroon,
  decodeToken,
  encodeCaveats,
  encodeToken,
  mint,
  openBundle,
  openTicket,
  parseBundle,
  readDischarge,
  type Access,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { PLAIN_CRYPTO, sameBytes } from '#crypto';
import { Writer } from '../src/msgpack/writer.ts';
import { writeSet } from '../src/caveats/write.ts';
import {
  access,
  discharge,
  filled,
  fromHex,
  guarded,
  hex,
  key,
  keyId,
  login,
  now,
  org,
  otherKey,
  outcome,
  permission,
  sharedKey,
  start,
  ticketOf,
  token,
  trusted,
  verified,
  window,
  foreign,
} from './fixture.ts';

const { chainTails, hmac, sha256, seal } = PLAIN_CRYPTO;

interface Parts {
  nonce: Uint8Array;
  location: string;
  pairs: readonly Uint8Array[];
  tail: Uint8Array;
}

/** Puts a token together from parts that need not fit, as somebody without a key would. */
function assemble(macaroon: Macaroon, change: Partial<Parts>): string {
  const parts = {
    nonce: macaroon.nonceBytes,
    location: macaroon.location,
    pairs: macaroon.pairs,
    tail: macaroon.tail,
    ...change,
  };
  const writer = new Writer()
    .array(4)
    .raw(parts.nonce)
    .text(parts.location)
    .array(2 * parts.pairs.length);
  for (const pair of parts.pairs) writer.raw(pair);
  return judge(writer.bin(parts.tail).finish());
}

/** What becomes of token bytes: why they are not read, or what verification says. */
function judge(bytes: Uint8Array, options: Parameters<typeof outcome>[1] = {}): string {
  const decoded = decodeMacaroon(bytes);
  return decoded.ok ? outcome(decoded.value, options) : decoded.reason.tag;
}

/** Extends a token as its holder can: with the HMAC step, and without asking this library. */
function forceAdd(macaroon: Macaroon, ...pairs: Uint8Array[]): Macaroon {
  let { tail } = macaroon;
  for (const pair of pairs) tail = hmac(tail, Uint8Array.of(0x92, ...pair));
  return raw(macaroon.nonceBytes, macaroon.location, [...macaroon.pairs, ...pairs], tail);
}

function raw(nonce: Uint8Array, location: string, pairs: readonly Uint8Array[], tail: Uint8Array): Macaroon {
  const writer = new Writer()
    .array(4)
    .raw(nonce)
    .text(location)
    .array(2 * pairs.length);
  for (const pair of pairs) writer.raw(pair);
  const decoded = decodeMacaroon(writer.bin(tail).finish());
  if (!decoded.ok) throw new Error(decoded.reason.detail);
  return decoded.value;
}

/** A discharge signed with any key and any content, finalized or not. */
function forgeDischarge(
  ticket: Uint8Array,
  dischargeKey: Uint8Array,
  caveats: readonly Caveat[],
  options: { proof?: boolean; finalize?: boolean; location?: string } = {},
): Macaroon {
  const { proof = true, finalize = proof, location = login } = options;
  const nonce = new Writer().array(3).bin(ticket).bin(new Uint8Array(16).fill(3)).bool(proof).finish();
  const pairs = caveats.map((caveat) => encodeCaveats([caveat]).subarray(1));
  const open = chainTails(dischargeKey, nonce, pairs).at(-1)!;
  const tail = finalize ? hmac(Buffer.from('proof-signature-finalization'), open) : open;
  return raw(nonce, location, pairs, tail);
}

const pairOf = (caveat: Caveat) => encodeCaveats([caveat]).subarray(1);
const base = token([org, window]);
const asking = guarded();
const dischargeKey = (() => {
  const opened = openTicket(sharedKey, asking.ticket);
  if (!opened.ok) throw new Error('ticket');
  return opened.value.dischargeKey;
})();
const user = (id: bigint): Caveat => ({ type: 'FlyioUserID', id });
const ifPresent = (...ifs: Caveat[]): Caveat => ({ type: 'IfPresent', ifs, else: Action.all });

/** `allowed`, or the tag of the refusal. */
function decision(caveats: readonly Caveat[], change: Partial<Access> = {}): string {
  const verdict = clear(verified(foreign([org, ...caveats])), access(change));
  return verdict.ok ? 'allowed' : verdict.reason.tag;
}

function withDischarges(macaroon: Macaroon, ...discharges: Macaroon[]): string {
  return outcome(macaroon, { discharges, trusted });
}

function header(text: string): string {
  const parsed = parseBundle(text, permission);
  return parsed.ok ? 'parsed' : parsed.reason.tag;
}

function caveatBytes(text: string): string {
  const decoded = decodeCaveats(fromHex(text));
  return decoded.ok ? 'read' : decoded.reason.tag;
}

function json(text: string): string {
  const parsed = caveatsFromJson(text);
  return parsed.ok ? 'read' : parsed.reason.tag;
}

/** A 3P caveat of the attacker's own making, with an attestation that the attacker signed. */
function selfMade(ticketKey: Uint8Array): { token: Macaroon; ticket: Uint8Array } {
  const made = addThirdParty(base, { location: login, sharedKey: ticketKey });
  return { token: made, ticket: ticketOf(made) };
}

type Attempt = readonly [number, string, () => unknown, unknown];

const attempts: readonly Attempt[] = [
  [
    1,
    'a changed tail',
    () => assemble(base, { tail: base.tail.map((byte, at) => (at === 31 ? byte ^ 1 : byte)) }),
    'bad_signature',
  ],
  [1, 'a shorter tail', () => assemble(base, { tail: base.tail.subarray(1) }), 'malformed'],
  [1, 'a longer tail', () => assemble(base, { tail: Uint8Array.of(...base.tail, 0) }), 'malformed'],
  [1, 'an empty tail', () => assemble(base, { tail: new Uint8Array() }), 'malformed'],
  [2, 'the last caveat removed', () => assemble(base, { pairs: base.pairs.slice(0, 1) }), 'bad_signature'],
  [2, 'all caveats removed', () => assemble(base, { pairs: [] }), 'bad_signature'],
  [3, 'caveats in another order', () => assemble(base, { pairs: base.pairs.toReversed() }), 'bad_signature'],
  [
    3,
    'a wider mask',
    () => assemble(token([{ ...org, mask: 1 } as Caveat]), { pairs: [pairOf(org)] }),
    'bad_signature',
  ],
  [
    4,
    'a caveat added without the HMAC step',
    () => assemble(base, { pairs: [...base.pairs, pairOf(window)] }),
    'bad_signature',
  ],
  [
    5,
    'a caveat added with the HMAC step',
    () => outcome(forceAdd(base, pairOf({ type: 'Action', mask: 1 }))),
    'verified',
  ],
  [
    6,
    'another key id',
    () => assemble(base, { nonce: fromHex(hex(base.nonceBytes).replace('6b6964', '6b6965')) }),
    'bad_signature',
  ],
  [
    6,
    'an unknown key id in a bundle',
    () =>
      new TokenBundle(permission, []).add(encodeToken(base)).ok &&
      opened(base).verify(() => undefined).tokens[0],
    expect.objectContaining({ state: { tag: 'failed', reason: { tag: 'unknown_key' } } }),
  ],
  [
    7,
    'other random bytes',
    () => assemble(base, { nonce: fromHex(hex(base.nonceBytes).replace('a5a5', 'a6a5')) }),
    'bad_signature',
  ],
  [
    7,
    'the proof flag set',
    () => assemble(base, { nonce: Uint8Array.of(...base.nonceBytes.subarray(0, -1), 0xc3) }),
    'bad_signature',
  ],
  [
    7,
    'the nonce written as version 0',
    () => assemble(base, { nonce: Uint8Array.of(0x92, ...base.nonceBytes.subarray(1, -1)) }),
    'bad_signature',
  ],
  [
    8,
    'a permission token with another location is not taken for one',
    () =>
      parseBundle(
        encodeToken(raw(base.nonceBytes, 'https://evil.example', base.pairs, base.tail)),
        permission,
      ),
    expect.objectContaining({ value: expect.objectContaining({ permission: [] }) }),
  ],
  [
    8,
    'a token of another service under this location',
    () => outcome(raw(base.nonceBytes, permission, base.pairs, base.tail), { key: otherKey }),
    'bad_signature',
  ],
  [
    9,
    'a discharge under the permission location',
    () => {
      const paper = discharge(asking.ticket);
      return outcome(raw(paper.nonceBytes, permission, paper.pairs, paper.tail));
    },
    'bad_signature',
  ],
  [
    10,
    'an attestation added to a permission token',
    () => outcome(forceAdd(base, pairOf(user(1n)))),
    'attestation_not_allowed',
  ],
  [
    10,
    'the same through this library',
    () => code(() => attenuate(base, [user(1n)])),
    'attestation_not_allowed',
  ],
  [
    11,
    'an attestation in a discharge that is no proof',
    () =>
      withDischarges(asking.token, forgeDischarge(asking.ticket, dischargeKey, [user(1n)], { proof: false })),
    'bad_discharge',
  ],
  [
    11,
    'the same without an attestation works',
    () =>
      withDischarges(asking.token, forgeDischarge(asking.ticket, dischargeKey, [window], { proof: false })),
    'verified',
  ],
  [
    12,
    'an own third party attesting to somebody else proves nothing',
    () => {
      const own = selfMade(otherKey);
      const opened = openTicket(otherKey, own.ticket);
      if (!opened.ok) return opened;
      const paper = forgeDischarge(own.ticket, opened.value.dischargeKey, [window, user(1n)]);
      return attestations(verified(own.token, { discharges: [paper], trusted }));
    },
    [],
  ],
  [
    13,
    'a genuine ticket with an own key, location trusted',
    () => withDischarges(stolenTicket(), forgeDischarge(asking.ticket, otherKey, [user(1n)])),
    'bad_discharge',
  ],
  [
    13,
    'a genuine ticket with an own key, location not trusted: the attestation is dropped',
    () =>
      attestations(
        verified(stolenTicket(), { discharges: [forgeDischarge(asking.ticket, otherKey, [user(1n)])] }),
      ),
    [],
  ],
  [
    14,
    'a genuine discharge under an untrusted location',
    () =>
      attestations(
        verified(asking.token, {
          discharges: [
            forgeDischarge(asking.ticket, dischargeKey, [user(1n)], { location: 'https://evil.example' }),
          ],
          trusted,
        }),
      ),
    [],
  ],
  [
    14,
    'a self-made discharge under a trusted location',
    () => {
      const own = selfMade(otherKey);
      const opened = openTicket(otherKey, own.ticket);
      if (!opened.ok) return opened;
      return attestations(
        verified(own.token, {
          discharges: [
            forgeDischarge(own.ticket, opened.value.dischargeKey, [user(1n)], { location: login }),
          ],
          trusted,
        }),
      );
    },
    [],
  ],
  [15, 'an attestation hidden in IfPresent', () => decision([ifPresent(user(1n))]), 'bad_caveat'],
  [
    15,
    'a binding hidden in IfPresent',
    () => decision([ifPresent({ type: 'BindToParentToken', prefix: new Uint8Array(16) })]),
    'bad_caveat',
  ],
  [
    15,
    'a third party hidden in IfPresent',
    () => decision([ifPresent(asking.token.caveats[1]!)]),
    'bad_caveat',
  ],
  [16, 'IsUser proves nobody', () => attestations(verified(token([org, { type: 'IsUser', id: 1n }]))), []],
  [17, 'no discharge', () => withDischarges(asking.token), 'missing_discharge'],
  [
    17,
    'a discharge for another ticket',
    () => withDischarges(asking.token, discharge(guarded().ticket)),
    'missing_discharge',
  ],
  [
    18,
    'a discharge signed with a wrong key',
    () => withDischarges(asking.token, forgeDischarge(asking.ticket, otherKey, [window])),
    'bad_discharge',
  ],
  [
    18,
    'the right one after a wrong one',
    () =>
      withDischarges(
        asking.token,
        forgeDischarge(asking.ticket, otherKey, [window]),
        discharge(asking.ticket),
      ),
    'verified',
  ],
  [
    19,
    'the same discharge many times',
    () =>
      withDischarges(
        asking.token,
        ...Array.from({ length: 100 }, () => discharge(asking.ticket)).fill(discharge(asking.ticket)),
      ),
    'verified',
  ],
  [
    19,
    'more wrong discharges than are tried',
    () =>
      withDischarges(
        asking.token,
        ...Array.from({ length: LIMITS.candidates + 1 }, (_, mask) =>
          forgeDischarge(asking.ticket, otherKey, [{ type: 'Action', mask }]),
        ),
      ),
    'too_many_discharges',
  ],
  [
    19,
    'the right one beyond those that are tried',
    () =>
      withDischarges(
        asking.token,
        ...Array.from({ length: LIMITS.candidates }, (_, mask) =>
          forgeDischarge(asking.ticket, otherKey, [{ type: 'Action', mask }]),
        ),
        discharge(asking.ticket),
      ),
    'too_many_discharges',
  ],
  [
    20,
    'an unbound discharge with a less narrow parent',
    () => withDischarges(asking.token, discharge(asking.ticket)),
    'verified',
  ],
  [
    20,
    'the same where binding is required',
    () => outcome(asking.token, { discharges: [discharge(asking.ticket)], requireBinding: true }),
    'bad_discharge',
  ],
  [
    20,
    'a bound one where binding is required',
    () => outcome(asking.token, { discharges: [boundTo(asking.token)], requireBinding: true }),
    'verified',
  ],
  [
    21,
    'a discharge bound to another token',
    () => withDischarges(asking.token, boundTo(base)),
    'bad_discharge',
  ],
  [
    21,
    'a discharge bound to a narrower version',
    () => withDischarges(asking.token, boundTo(attenuate(asking.token, [window]))),
    'bad_discharge',
  ],
  [
    22,
    'a binding of no bytes',
    () => withDischarges(asking.token, boundTo(asking.token, 0)),
    'bad_discharge',
  ],
  [
    22,
    'a binding of one byte',
    () => withDischarges(asking.token, boundTo(asking.token, 1)),
    'bad_discharge',
  ],
  [
    22,
    'a binding of 15 bytes',
    () => withDischarges(asking.token, boundTo(asking.token, 15)),
    'bad_discharge',
  ],
  [22, 'a binding of 32 bytes', () => withDischarges(asking.token, boundTo(asking.token, 32)), 'verified'],
  [
    23,
    'a binding in a permission token',
    () => outcome(attenuate(base, [{ type: 'BindToParentToken', prefix: sha256(base.tail) }])),
    'wrong_binding',
  ],
  [
    24,
    'a discharge that asks a third party itself',
    () =>
      withDischarges(asking.token, forgeDischarge(asking.ticket, dischargeKey, [asking.token.caveats[1]!])),
    'bad_discharge',
  ],
  [
    25,
    'a finalized discharge extended by this library',
    () => code(() => attenuate(discharge(asking.ticket), [window])),
    'finalized',
  ],
  [
    25,
    'a finalized discharge extended by hand',
    () =>
      withDischarges(asking.token, forceAdd(discharge(asking.ticket), pairOf({ type: 'Action', mask: 31 }))),
    'bad_discharge',
  ],
  [
    26,
    'a proof with its tail not finalized',
    () =>
      withDischarges(
        asking.token,
        forgeDischarge(asking.ticket, dischargeKey, [window], { finalize: false }),
      ),
    'bad_discharge',
  ],
  [27, 'an unknown caveat verifies', () => outcome(token([org, unknown])), 'verified'],
  [27, 'an unknown caveat never clears', () => decision([unknown]), 'bad_caveat'],
  [28, 'an unknown caveat in IfPresent never clears', () => decision([ifPresent(unknown)]), 'bad_caveat'],
  [29, 'IfPresent without a list', () => caveatBytes('920d92c001'), 'malformed'],
  [30, 'IfPresent nested nine deep', () => caveatBytes(nested(9)), 'limit'],
  [30, 'IfPresent nested eight deep', () => caveatBytes(nested(8)), 'read'],
  [30, 'IfPresent nested a thousand deep', () => caveatBytes(nested(1000)), 'limit'],
  [31, 'an array said to have four thousand million elements', () => caveatBytes('ddffffffff'), 'limit'],
  [31, 'a map said to have four thousand million entries', () => caveatBytes('920391dfffffffff'), 'limit'],
  [31, 'bytes said to be four gigabytes', () => caveatBytes('920cc6ffffffff'), 'limit'],
  [31, 'an unknown array said to be huge', () => caveatBytes('92cd1000ddffffffff'), 'truncated'],
  [32, 'a map with an array for a key inside an unknown body', () => caveatBytes('92cd1000819001'), 'read'],
  [33, 'a wide integer', () => caveatBytes('920092cf000000000000127100'), 'malformed'],
  [33, 'text where bytes belong', () => caveatBytes('920ca3010203'), 'malformed'],
  [33, 'bytes where text belongs', () => caveatBytes('9213c403010203'), 'malformed'],
  [33, 'a struct as a map', () => caveatBytes('920881a2494401'), 'malformed'],
  [33, 'nil for a field', () => caveatBytes('920092c01f'), 'malformed'],
  [33, 'bytes after the value', () => caveatBytes('921a0100'), 'malformed'],
  [33, 'bytes after a token', () => judge(Uint8Array.of(...base.bytes, 0)), 'malformed'],
  [33, 'a Google id with a leading zero', () => caveatBytes('9219c4020001'), 'malformed'],
  [33, 'a Google id of zero bytes only', () => caveatBytes('9219c40100'), 'malformed'],
  [33, 'a long array header', () => caveatBytes('dc00021a01'), 'malformed'],
  [34, 'a map key twice', () => caveatBytes('920391820101011f'), 'malformed'],
  [34, 'a name twice', () => caveatBytes('92029182a16101a16101'), 'malformed'],
  [34, 'names out of order', () => caveatBytes('92029182a16201a16101'), 'malformed'],
  [34, 'map keys out of order', () => caveatBytes('9203918202010101'), 'malformed'],
  [
    35,
    'a machine called __proto__ is just a name',
    () => [
      decision([machines('__proto__')], inMachine('__proto__')),
      decision([machines('__proto__')], inMachine('constructor')),
    ],
    ['allowed', 'not_for_resource'],
  ],
  [36, 'text that is not UTF-8', () => caveatBytes('9213a2c328'), 'malformed'],
  [
    36,
    'a byte order mark stays part of a name',
    () => {
      const decoded = decodeCaveats(fromHex('9213a4efbbbf61'));
      return decoded.ok && decoded.value[0];
    },
    { type: 'ConfineGoogleHD', domain: '\uFEFFa' },
  ],
  [37, 'a negative id', () => caveatBytes('920891ff'), 'malformed'],
  [37, 'a fraction for an id', () => caveatBytes('920891cb3ff0000000000000'), 'malformed'],
  [
    38,
    'ids that differ only above 2^53',
    () => [
      decision([appsOf(2n ** 53n + 1n)], { appId: 2n ** 53n + 1n }),
      decision([appsOf(2n ** 53n + 1n)], { appId: 2n ** 53n }),
    ],
    ['allowed', 'not_for_resource'],
  ],
  [
    39,
    'mask bits above the five are kept and allow nothing more',
    () => [
      hex(encodeCaveats([{ type: 'Action', mask: 33 }])),
      decision([{ type: 'Action', mask: 33 }]),
      decision([{ type: 'Action', mask: 33 }], { action: Action.write }),
    ],
    ['921a21', 'allowed', 'not_for_action'],
  ],
  [40, 'a mask above 16 bits', () => caveatBytes('921ace00010000'), 'malformed'],
  [40, 'roles above 32 bits', () => caveatBytes('921ecf0000000100000000'), 'malformed'],
  [
    41,
    'every app and one app at once',
    () =>
      decision(
        [
          {
            type: 'Apps',
            apps: new Map([
              [0n, 31],
              [5n, 31],
            ]),
          },
        ],
        { appId: 5n },
      ),
    'bad_caveat',
  ],
  [42, 'an expired window', () => decision([window], { now: new Date((start + 631) * 1000) }), 'expired'],
  [
    42,
    'a window not open yet',
    () => decision([window], { now: new Date((start - 1) * 1000) }),
    'not_yet_valid',
  ],
  [
    42,
    'an inverted window',
    () => decision([{ type: 'ValidityWindow', notBefore: start + 1, notAfter: start - 1 }]),
    'not_yet_valid',
  ],
  [
    43,
    'an end at the edge of 64 bits',
    () => decision([{ type: 'ValidityWindow', notBefore: start, notAfter: 2n ** 63n - 1n }]),
    'expired',
  ],
  [
    43,
    'a beginning at the edge of 64 bits',
    () => decision([{ type: 'ValidityWindow', notBefore: -(2n ** 63n), notAfter: start }]),
    'allowed',
  ],
  [
    44,
    'one millisecond too late',
    () => decision([window], { now: new Date((start + 630) * 1000 + 1) }),
    'expired',
  ],
  [44, 'the last millisecond', () => decision([window], { now: new Date((start + 630) * 1000) }), 'allowed'],
  [
    44,
    'one millisecond too early',
    () => decision([window], { now: new Date(start * 1000 - 1) }),
    'not_yet_valid',
  ],
  [44, 'a clock that is no time', () => decision([window], { now: new Date(Number.NaN) }), 'not_yet_valid'],
  [
    45,
    'two organizations',
    () => [4721n, 4722n].map((orgId) => decision([{ type: 'Organization', id: 4722n, mask: 31 }], { orgId })),
    ['not_for_resource', 'not_for_resource'],
  ],
  [
    47,
    'an app and a feature in one request',
    () => decision([], { appId: 1n, feature: 'wg' }),
    'mutually_exclusive',
  ],
  [48, 'a request for nothing at all', () => code(() => clear(verified(base), [])), 'no_accesses'],
  [
    49,
    'a permission token without any caveat',
    () => {
      const verdict = clear(verified(token([])), access());
      return !verdict.ok && verdict.reason.tag;
    },
    'no_organization',
  ],
  [50, 'URL-safe base64', () => header('fm2_lJPE-_A='), 'malformed'],
  [
    50,
    'a line break inside a token',
    () => header(encodeToken(base).replace(/(.{40})/, '$1\n')),
    'malformed',
  ],
  [
    50,
    'unused bits that are not zero',
    () =>
      header(token1.replace(/.=+$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}${end.slice(1)}`)),
    'malformed',
  ],
  [50, 'junk between the characters', () => header(encodeToken(base).replace(/(.{40})/, '$1*')), 'malformed'],
  [
    51,
    'thousands of tokens',
    () => header(Array.from({ length: 1000 }, () => 'fm2_aaaa').join(',')),
    'too_large',
  ],
  [51, 'a header of a megabyte', () => header(`fm2_${'a'.repeat(1_000_000)}`), 'too_large'],
  [
    52,
    'two tokens that would do together',
    () => {
      const both = opened(
        token([org, { type: 'Action', mask: 1 }]),
        token([org, { type: 'Action', mask: 2 }]),
      ).verify(() => ({ key }));
      return [
        both.clear(access({ action: 3 })).ok,
        both.clear([access({ action: 1 }), access({ action: 2 })]).ok,
        both.clear(access({ action: 2 })).ok,
      ];
    },
    [false, false, true],
  ],
  [
    53,
    'one token under many locations fills the cache once',
    () => {
      const cache = createVerificationCache({ now: () => now });
      for (let index = 0; index < 50; index++)
        cache.verify(raw(base.nonceBytes, `https://${index}.example`, base.pairs, base.tail), { key });
      return cache.size;
    },
    1,
  ],
  [
    53,
    'surplus discharges do not fill the cache',
    () => {
      const cache = createVerificationCache({ now: () => now });
      for (let mask = 0; mask < 50; mask++)
        cache.verify(asking.token, {
          key,
          discharges: [
            discharge(asking.ticket),
            forgeDischarge(asking.ticket, otherKey, [{ type: 'Action', mask }]),
          ],
        });
      return cache.size;
    },
    0,
  ],
  [
    54,
    'a token revoked while cached can be purged',
    () => {
      const cache = createVerificationCache({ now: () => now });
      cache.verify(base, { key });
      cache.purge('another');
      const before = cache.size;
      cache.purge('e094c9d4-db99-5a7b-9b07-7d1b18dfab44');
      return [before, cache.size];
    },
    [1, 0],
  ],
  [
    56,
    'a third party that answers with a foreign token',
    () => readDischarge(encodeToken(base), asking.ticket),
    { ok: false, reason: { tag: 'wrong_ticket' } },
  ],
  [
    56,
    'a third party that answers with two tokens',
    () => readDischarge(`${encodeToken(discharge(asking.ticket))},${encodeToken(base)}`, asking.ticket).ok,
    false,
  ],
  [
    59,
    'a third-party caveat from JSON',
    () => json('[{"type":"3P","body":{"Location":"https://x","VerifierKey":"","Ticket":""}}]'),
    'not_from_json',
  ],
  [
    59,
    'a third-party caveat given to attenuate',
    () => code(() => attenuate(base, [asking.token.caveats[1]!])),
    'third_party_not_allowed',
  ],
  [
    60,
    'a misspelt field',
    () => json('[{"type":"FlySrc","body":{"organisation":"o","app":"a","instance":"i"}}]'),
    'unknown_field',
  ],
  [
    60,
    'a field in the wrong case',
    () => json('[{"type":"Organization","body":{"ID":1,"mask":"r"}}]'),
    'unknown_field',
  ],
  [60, 'a missing field', () => json('[{"type":"Organization","body":{"id":1}}]'), 'missing_field'],
  [60, 'a misspelt mask', () => json('[{"type":"Action","body":"rX"}]'), 'bad_value'],
  [60, 'a body of null', () => json('[{"type":"Action","body":null}]'), 'bad_value'],
  [60, 'a field twice', () => json('[{"type":"Action","body":"r","body":"rw"}]'), 'syntax'],
  [61, 'a ticket with a short discharge key', () => ticketWithKey(8), 'malformed'],
  [61, 'a ticket with an empty discharge key', () => ticketWithKey(0), 'malformed'],
  [61, 'a ticket with bytes after it', () => ticketWithKey(32, 1), 'malformed'],
  [61, 'a good ticket', () => ticketWithKey(32), 'opened'],
  [
    63,
    'a ticket caveat that the third party does not know',
    () => {
      const verdict = clearTicket([unknown], { now, expiry: now });
      return !verdict.ok && verdict.reason.tag;
    },
    'bad_caveat',
  ],
  [
    63,
    'a ticket caveat meant for first parties',
    () => {
      const verdict = clearTicket([org], { now, expiry: now });
      return !verdict.ok && verdict.reason.tag;
    },
    'invalid_access',
  ],
  [
    64,
    'a storage prefix without a boundary matches its siblings, as in the reference',
    () =>
      decision([{ type: 'StorageObjects', prefixes: new Map([['https://s/b', 31]]) }], {
        storageObject: 'https://s/bucket',
      }),
    'allowed',
  ],
  [
    66,
    'the comparison of tails takes equal lengths only',
    () => [sameBytes(base.tail, base.tail.slice()), sameBytes(base.tail, base.tail.subarray(1))],
    [true, false],
  ],
];

/** Attempts that no token library can stop, and what does. */
const elsewhere = new Map([
  [46, 'the caller resolves app to organization before it builds the access; the gateway does'],
  [55, 'the client that fetches discharges: authority'],
  [57, 'the client that fetches discharges: authority'],
  [58, 'the client that fetches discharges: authority'],
  [62, 'the discharge service: authority'],
  [65, 'redaction: security'],
  [67, 'the discharge service: authority'],
]);

const unknown: Caveat = { type: 'Unknown', number: 4096n, body: Uint8Array.of(0x90) };
const machines = (name: string): Caveat => ({ type: 'Machines', machines: new Map([[name, 31]]) });
const inMachine = (machine: string): Partial<Access> => ({ appId: 1n, machine });
const appsOf = (id: bigint): Caveat => ({ type: 'Apps', apps: new Map([[id, 31]]) });
/** A token whose base64 ends in padding, so that it has unused bits. */
const token1 = [org, window]
  .map((caveat) => encodeToken(token([caveat])))
  .concat(encodeToken(token([])))
  .find((text) => text.endsWith('='))!;

function opened(...tokens: Macaroon[]): TokenBundle {
  const result = openBundle(tokens.map(encodeToken).join(','), permission);
  if (!result.ok) throw new Error(result.reason.tag);
  return result.value.bundle;
}

function code(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'no error';
}

function nested(depth: number): string {
  return `${'920d92'.repeat(depth)}90${'01'.repeat(depth)}`;
}

function boundTo(parent: Macaroon, length = 16): Macaroon {
  return discharge(asking.ticket, [
    window,
    { type: 'BindToParentToken', prefix: sha256(parent.tail).slice(0, length) },
  ]);
}

/** A token to which the attacker added a 3P caveat with somebody's genuine ticket and a key of the attacker's own. */
function stolenTicket(): Macaroon {
  const verifierKey = seal(base.tail, new Uint8Array(12), otherKey);
  return forceAdd(base, pairOf({ type: '3P', location: login, verifierKey, ticket: asking.ticket }));
}

function ticketWithKey(length: number, surplus = 0): string {
  const writer = new Writer().array(2).bin(new Uint8Array(length).fill(1));
  writeSet(writer, []);
  writer.raw(new Uint8Array(surplus));
  const result = openTicket(sharedKey, seal(sharedKey, new Uint8Array(12), writer.finish()));
  return result.ok ? 'opened' : result.reason.tag;
}

describe('what an attacker tries', () => {
  test.each(attempts)('%i: %s', (_number, _what, attempt, expected) => {
    expect(attempt()).toEqual(expected);
  });

  test('every attempt of the specification is tried here or stopped elsewhere', () => {
    const covered = new Set([...attempts.map(([number]) => number), ...elsewhere.keys()]);
    expect([...covered].sort((a, b) => a - b)).toEqual(Array.from({ length: 67 }, (_, index) => index + 1));
  });

  test('a discharge takes only its own text', () => {
    const paper = discharge(asking.ticket);
    expect(readDischarge(` ${encodeToken(paper)}\n`, asking.ticket)).toMatchObject({ ok: true });
    expect(decodeToken(encodeToken(paper))).toMatchObject({ ok: true });
    expect(
      mint({ key, keyId, location: permission, caveats: [user(1n)], proof: true, random: filled(1) }).nonce
        .proof,
    ).toBe(true);
  });
});
