import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attenuate,
  caveatsFromJson,
  caveatsToJson,
  clear,
  decodeCaveats,
  decodeMacaroon,
  decodeToken,
  encodeCaveats,
  encodeToken,
  explainToken,
  parseBundle,
  verify,
  type Access,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { addableCaveat, anyAccess, anyCaveat, jsonCaveat, nightly } from './arbitrary.ts';
import {
  discharge,
  guarded,
  hex,
  key,
  org,
  otherKey,
  permission,
  token,
  trusted,
  verified,
  window,
} from './fixture.ts';

const CHAINS = nightly ? 100_000 : 2000;
const ROUND_TRIPS = nightly ? 100_000 : 2000;
const MUTATIONS = nightly ? 1_000_000 : 10_000;
const ACCESSES_PER_CHAIN = 25;
const TIMEOUT = nightly ? 3_600_000 : 60_000;

const allows = (caveats: readonly Caveat[], access: Access) => clear({ caveats }, access).ok;

describe('attenuation', () => {
  const chain = fc.array(addableCaveat, { maxLength: 5 });
  const accesses = fc.array(anyAccess, { minLength: ACCESSES_PER_CHAIN, maxLength: ACCESSES_PER_CHAIN });

  test('TOK-2: never widens, whatever is added and wherever it stands', { timeout: TIMEOUT }, () => {
    let allowed = 0;
    fc.assert(
      fc.property(chain, addableCaveat, accesses, (caveats, added, requests) => {
        const parent = token([org, ...caveats]);
        const child = attenuate(parent, [added]);
        const before = verified(parent).caveats;
        const after = verified(child).caveats;
        for (const request of requests) {
          const permitted = allows(before, request);
          if (permitted) allowed += 1;
          if (allows(after, request)) expect(permitted).toBe(true);
          expect(allows(before.toReversed(), request)).toBe(permitted);
          expect(allows([...before, ...before], request)).toBe(permitted);
        }
      }),
      { numRuns: CHAINS },
    );
    // A property over requests that are all refused would say nothing.
    expect(allowed).toBeGreaterThan(CHAINS);
  });

  test('adding what is there already changes nothing', () => {
    fc.assert(
      fc.property(chain, (caveats) => {
        const parent = token([org, ...caveats]);
        expect(attenuate(parent, [...caveats, org])).toBe(parent);
      }),
    );
  });

  test('step by step and at once give the same token', () => {
    fc.assert(
      fc.property(chain, (caveats) => {
        const steps = caveats.reduce((made, caveat) => attenuate(made, [caveat]), token([org]));
        expect(hex(steps.bytes)).toBe(hex(attenuate(token([org]), caveats).bytes));
        expect(hex(steps.bytes)).toBe(hex(token([org, ...caveats]).bytes));
      }),
    );
  });
});

describe('encodings', () => {
  test('a caveat set reads back as it was written', () => {
    fc.assert(
      fc.property(fc.array(anyCaveat, { maxLength: 6 }), (caveats) => {
        const decoded = decodeCaveats(encodeCaveats(caveats));
        expect(decoded).toMatchObject({ ok: true });
        if (!decoded.ok) return;
        expect(hex(encodeCaveats(decoded.value))).toBe(hex(encodeCaveats(caveats)));
        expect(decoded.value.map(normal)).toEqual(caveats.map(normal));
      }),
      { numRuns: ROUND_TRIPS },
    );
  });

  test('JSON and msgpack agree', () => {
    fc.assert(
      fc.property(fc.array(jsonCaveat, { maxLength: 6 }), (caveats) => {
        const read = caveatsFromJson(caveatsToJson(caveats));
        expect(read.ok && hex(encodeCaveats(read.value))).toBe(hex(encodeCaveats(caveats)));
      }),
      { numRuns: ROUND_TRIPS },
    );
  });

  test('whatever bytes are accepted are the only bytes for their meaning', () => {
    fc.assert(
      fc.property(
        fc.array(anyCaveat, { maxLength: 4 }),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (caveats, mutations) => {
          const bytes = mutate(encodeCaveats(caveats), mutations);
          const decoded = decodeCaveats(bytes);
          if (decoded.ok) expect(hex(encodeCaveats(decoded.value))).toBe(hex(bytes));
        },
      ),
      { numRuns: ROUND_TRIPS * 2 },
    );
  });

  test('a token reads back as it was written, and can be explained', () => {
    fc.assert(
      fc.property(fc.array(addableCaveat, { maxLength: 6 }), (caveats) => {
        const made = token(caveats);
        const read = decodeToken(encodeToken(made));
        expect(read.ok && hex(read.value.bytes)).toBe(hex(made.bytes));
        expect(explainToken(made).length).toBeGreaterThan(made.caveats.length);
      }),
    );
  });
});

type Mutation = (bytes: Uint8Array) => Uint8Array;

/** One way to damage bytes; positions are fractions so that they fit any length. */
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  at((position, bytes, value) => bytes.with(position, bytes[position]! ^ (1 << (value & 7)))),
  at((position, bytes, value) => bytes.with(position, value)),
  at((position, bytes) => bytes.slice(0, position)),
  at((position, bytes) => Uint8Array.of(...bytes.slice(0, position), ...bytes.slice(position + 1))),
  at((position, bytes, value) => Uint8Array.of(...bytes.slice(0, position), value, ...bytes.slice(position))),
  at((position, bytes) => Uint8Array.of(...bytes.slice(0, position), ...bytes.slice(position >> 1))),
);

function at(
  change: (position: number, bytes: Uint8Array, value: number) => Uint8Array,
): fc.Arbitrary<Mutation> {
  return fc
    .tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 0, max: 255 }))
    .map(
      ([fraction, value]): Mutation =>
        (bytes) =>
          bytes.length === 0 ? bytes : change(Math.floor(fraction * bytes.length), bytes, value),
    );
}

function mutate(bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  return mutations.reduce((damaged, change) => change(damaged), bytes);
}

describe('TOK-1: damaged tokens', () => {
  const asking = guarded([org, window], []);
  const paper = discharge(asking.ticket, [window, { type: 'FlyioUserID', id: 7n }]);
  const issued = [token([org]), token([org, window]), asking.token, token([org], { key: otherKey })];
  const signed = new Set([...issued, paper].map(signedBytes));

  test('are never accepted and never crash', { timeout: TIMEOUT }, () => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...issued, paper),
        fc.constantFrom(...issued, paper),
        fc.array(mutation, { maxLength: 4 }),
        fc.integer({ min: 0, max: 3 }),
        (original, other, mutations, trick) => {
          const bytes = mutate(splice(original, other, trick), mutations);
          const decoded = decodeMacaroon(bytes);
          if (!decoded.ok) return;
          read += 1;
          const damaged = decoded.value;
          // The location is not signed: a token that differs in nothing else is still the token that was issued.
          if (signed.has(signedBytes(damaged))) return;
          expect(verify(damaged, { key, discharges: [paper], trusted }).ok).toBe(false);
          expect(verify(damaged, { key: otherKey, discharges: [paper] }).ok).toBe(false);
          expect(verify(asking.token, { key, discharges: [damaged], trusted }).ok).toBe(false);
        },
      ),
      { numRuns: MUTATIONS },
    );
    expect(read).toBeGreaterThan(MUTATIONS / 20);
  });

  test('texts of any kind never crash the header parser', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'fm2_',
        'FlyV1 ',
        'Bearer ',
        ',',
        'fo1_x',
        encodeToken(paper),
        encodeToken(asking.token),
      ),
      fc.string({ maxLength: 12 }),
      fc.base64String({ maxLength: 24 }).map((text) => `fm2_${text}`),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const parsed = parseBundle(pieces.join(''), permission);
        if (parsed.ok)
          expect(parsed.value.permission.length + parsed.value.discharges.length).toBeGreaterThan(0);
      }),
      { numRuns: ROUND_TRIPS },
    );
  });

  test('random bytes never crash the decoder', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeMacaroon(bytes).ok).toBe(false);
        decodeCaveats(bytes);
      }),
      { numRuns: ROUND_TRIPS },
    );
  });

  test('JSON of any kind never crashes the caveat reader', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const parsed = caveatsFromJson(text);
        if (parsed.ok) expect(caveatsFromJson(caveatsToJson(parsed.value)).ok).toBe(true);
      }),
      { numRuns: ROUND_TRIPS },
    );
  });
});

/** Splices, caveats removed, repeated or reordered, tails swapped: damage that keeps the structure whole. */
function splice(original: Macaroon, other: Macaroon, trick: number): Uint8Array {
  const head = original.pairs[0] ?? new Uint8Array();
  const start = original.bytes.length - original.tail.length;
  switch (trick) {
    case 1:
      return Uint8Array.of(...original.bytes.slice(0, start), ...other.tail);
    case 2:
      return Uint8Array.of(
        ...original.bytes.slice(0, start - 2 - head.length),
        ...head,
        ...original.bytes.slice(start - 2),
      );
    default:
      return original.bytes;
  }
}

/** The signed part of a token, by which it is recognised. */
function signedBytes(macaroon: Macaroon): string {
  return [macaroon.nonceBytes, ...macaroon.pairs, macaroon.tail].map(hex).join('.');
}

/** The same value in a shape that `toEqual` compares: maps in wire order, bytes as hex. */
function normal(caveat: Caveat): unknown {
  return JSON.parse(
    JSON.stringify(caveat, (_field, value: unknown) => {
      if (typeof value === 'bigint') return `${value}n`;
      if (value instanceof Uint8Array) return hex(value);
      if (value instanceof Map)
        return [...value].map(([name, mask]) => [String(name), mask as number]).sort();
      return value;
    }),
  );
}
