import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { addThirdParty, attenuate, createDischarge, decodeToken, encodeToken } from '@hangar/macaroon';
import { APP, dischargeKey, openWorld, START, WORKSPACE, type World } from './world.ts';

const sharedKey = new Uint8Array(Buffer.from(dischargeKey.reveal(), 'base64'));
const numRuns = process.env['HANGAR_NIGHTLY'] === '1' ? 100_000 : 3000;

/** A token with something of everything in it, and its two discharges. */
interface Held {
  readonly id: string;
  readonly token: string;
  readonly discharges: readonly [string, string];
}

let world: World;
let living: Held;
let revoked: Held;

beforeAll(async () => {
  world = await openWorld();
  living = await hold();
  revoked = await hold();
  await world.authority.tokens.revoke({ workspace: WORKSPACE, target: { token: revoked.id }, by: 'test' });
});
afterAll(() => world.close());

async function hold(): Promise<Held> {
  const wish = { workspace: WORKSPACE, preset: 'org', name: 'many names', creator: 'test' } as const;
  const { id, token } = await world.authority.tokens.mint(wish);
  const root = decodeToken(token);
  if (!root.ok) throw new Error(root.reason.tag);
  const narrowed = attenuate(root.value, [
    { type: 'Apps', apps: new Map([[APP, 17]]) },
    {
      type: 'IfPresent',
      ifs: [{ type: 'Commands', commands: [{ args: ['ls', '-l'], exact: true }] }],
      else: 1,
    },
  ]);
  const { dischargeLocation } = world.options;
  const asking = addThirdParty(narrowed, { location: dischargeLocation, sharedKey });
  // A second third party, of another location under the same key, so that there is an order to change.
  const both = addThirdParty(asking, { location: 'https://other.example', sharedKey });
  const discharges = both.caveats.flatMap((caveat) =>
    caveat.type === '3P'
      ? [
          encodeToken(
            createDischarge({
              ticket: caveat.ticket,
              sharedKey,
              location: caveat.location,
              caveats: [{ type: 'ValidityWindow', notBefore: START - 10, notAfter: START + 600 }],
            }),
          ),
        ]
      : [],
  );
  const [first = '', second = ''] = discharges;
  return { id, token: encodeToken(both), discharges: [first, second] };
}

/** A place where MessagePack says how long or how much something is, and the ways to say the same longer. */
interface Head {
  readonly at: number;
  readonly length: number;
  readonly longer: readonly Buffer[];
}

/** The heads of all values in some bytes, outermost first: enough of MessagePack to write the same thing worse. */
function headsOf(bytes: Buffer): readonly Head[] {
  const heads: Head[] = [];
  const wide = (tags: readonly [number, number][], value: number, least: number): Buffer[] =>
    tags
      .filter(([, size]) => size > least)
      .map(([tag, size]) => {
        const head = Buffer.alloc(1 + size);
        head[0] = tag;
        if (size === 8) head.writeBigUInt64BE(BigInt(value), 1);
        else head.writeUIntBE(value, 1, size);
        return head;
      });
  const UINT: [number, number][] = [
    [0xcc, 1],
    [0xcd, 2],
    [0xce, 4],
    [0xcf, 8],
  ];
  const SIGNED: [number, number][] = [
    [0xd1, 2],
    [0xd2, 4],
    [0xd3, 8],
  ];
  const STR: [number, number][] = [
    [0xd9, 1],
    [0xda, 2],
    [0xdb, 4],
  ];
  const BIN: [number, number][] = [
    [0xc4, 1],
    [0xc5, 2],
    [0xc6, 4],
  ];
  const ARRAY: [number, number][] = [
    [0xdc, 2],
    [0xdd, 4],
  ];
  const MAP: [number, number][] = [
    [0xde, 2],
    [0xdf, 4],
  ];
  const read = (at: number): number => {
    const tag = bytes[at] ?? 0;
    const sized = (tags: readonly [number, number][]) => tags.find(([known]) => known === tag)?.[1];
    const add = (size: number, longer: Buffer[]): number => {
      heads.push({ at, length: 1 + size, longer });
      return at + 1 + size;
    };
    const many = (count: number, from: number): number => {
      let next = from;
      for (let left = count; left > 0; left -= 1) next = read(next);
      return next;
    };
    if (tag <= 0x7f) return add(0, [...wide(UINT, tag, 0), ...wide(SIGNED, tag, 0)]);
    if (tag <= 0x8f) return many(2 * (tag & 15), add(0, wide(MAP, tag & 15, 0)));
    if (tag <= 0x9f) return many(tag & 15, add(0, wide(ARRAY, tag & 15, 0)));
    if (tag <= 0xbf) return add(0, [...wide(STR, tag & 31, 0), ...wide(BIN, tag & 31, 0)]) + (tag & 31);
    const number = sized(UINT);
    if (number === 8) return add(8, []);
    if (number !== undefined) {
      const value = bytes.readUIntBE(at + 1, number);
      return add(number, wide(UINT, value, number));
    }
    const bin = sized(BIN);
    const str = sized(STR);
    if (bin !== undefined || str !== undefined) {
      const size = bin ?? str ?? 0;
      const length = bytes.readUIntBE(at + 1, size);
      const same = wide(bin === undefined ? STR : BIN, length, size);
      return add(size, [...same, ...wide(bin === undefined ? BIN : STR, length, size - 1)]) + length;
    }
    const array = sized(ARRAY);
    if (array !== undefined) return many(bytes.readUIntBE(at + 1, array), add(array, []));
    return add(0, []);
  };
  read(0);
  return heads;
}

/** Another way to write the bytes of a token. */
const rewriting = fc.oneof(
  fc.record({ kind: fc.constant('wider' as const), head: fc.nat(), form: fc.nat() }),
  fc.record({ kind: fc.constant('trailing' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }) }),
);
/** Another way to write the text of a token. */
const respelling = fc.oneof(
  fc.constant({ kind: 'unpadded' as const }),
  fc.constant({ kind: 'url-safe' as const }),
  fc.constant({ kind: 'spare bits' as const }),
  fc.record({ kind: fc.constant('prefix' as const), prefix: fc.constantFrom('fm1r', 'fm1a', 'FM2', 'fm3') }),
  fc.record({
    kind: fc.constant('blank' as const),
    at: fc.nat(),
    text: fc.constantFrom(' ', '\t', '\n', '\r\n', '='),
  }),
);
/** Another way to write a header. */
const arrangement = fc.record({
  scheme: fc.constantFrom('', 'FlyV1 ', 'Bearer ', 'bearer flyv1 ', 'FlyV1 Bearer FlyV1 ', '  FlyV1  '),
  order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
  twice: fc.boolean(),
  stranger: fc.boolean(),
  comma: fc.constantFrom(',', ', ', ',,'),
});

type Given<T> = T extends fc.Arbitrary<infer V> ? V : never;

function rewritten(text: string, how: Given<typeof rewriting>): string {
  const bytes = Buffer.from(text.slice(4), 'base64');
  if (how.kind === 'trailing') return `fm2_${Buffer.concat([bytes, how.bytes]).toString('base64')}`;
  const heads = headsOf(bytes).filter((head) => head.longer.length > 0);
  const head = heads[how.head % heads.length];
  const form = head?.longer[how.form % head.longer.length];
  if (!head || !form) return text;
  const [before, after] = [bytes.subarray(0, head.at), bytes.subarray(head.at + head.length)];
  return `fm2_${Buffer.concat([before, form, after]).toString('base64')}`;
}

function respelled(text: string, how: Given<typeof respelling>): string {
  switch (how.kind) {
    case 'unpadded':
      return text.replace(/=+$/, '');
    case 'url-safe':
      return text.replace(/[+/]/g, (sign) => (sign === '+' ? '-' : '_')).replace('fm2-', 'fm2_');
    case 'spare bits':
      return text.replace(
        /([A-P])(=+)$/,
        (_, last: string, pad: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}${pad}`,
      );
    case 'prefix':
      return text.replace('fm2', how.prefix);
    case 'blank': {
      const at = how.at % text.length;
      return `${text.slice(0, at)}${how.text}${text.slice(at)}`;
    }
  }
}

describe('TOK-7: however one token is written', () => {
  it('gives a refusal or that very token, and only refusals once it is revoked', async () => {
    let taken = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.option(rewriting, { nil: undefined }),
        fc.option(respelling, { nil: undefined }),
        fc.nat({ max: 2 }),
        arrangement,
        async (bytes, spelling, which, { scheme, order, twice, stranger, comma }) => {
          const headerOf = ({ token, discharges }: Held): string => {
            const written = [token, ...discharges].map((text, index) => {
              if (index !== which) return text;
              const other = bytes === undefined ? text : rewritten(text, bytes);
              return spelling === undefined ? other : respelled(other, spelling);
            });
            const list = order.map((place) => written[place] ?? '');
            const more = [...(twice ? [written[which] ?? ''] : []), ...(stranger ? ['fo1_x'] : [])];
            return `${scheme}${[...list, ...more].join(comma)}`;
          };
          const outcome = await world.authority.verifier.verify(headerOf(living));
          if (outcome.ok) {
            taken += 1;
            expect(outcome.value.tokenId).toBe(living.id);
          } else {
            refused += 1;
          }
          expect((await world.authority.verifier.verify(headerOf(revoked))).ok).toBe(false);
        },
      ),
      { numRuns, seed: 20_261_120 },
    );
    // Both happen, or the generator makes only one kind.
    expect(taken).toBeGreaterThan(numRuns / 50);
    expect(refused).toBeGreaterThan(numRuns / 5);
  }, 600_000);
});
