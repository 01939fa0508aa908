import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  addThirdParty,
  attenuate,
  createDischarge,
  decodeToken,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { APP, dischargeKey, openWorld, OTHER_WORKSPACE, START, WORKSPACE, type World } from './world.ts';

let world: World;
/** Decoded tokens that we issued, or that anybody may make from one: the only ones that may be taken. */
const genuine = new Set<string>();
let permission: Buffer[];
let discharge: Buffer;

const sharedKey = new Uint8Array(Buffer.from(dischargeKey.reveal(), 'base64'));

function macaroonOf(text: string): Macaroon {
  const decoded = decodeToken(text);
  if (!decoded.ok) throw new Error(decoded.reason.tag);
  return decoded.value;
}

beforeAll(async () => {
  world = await openWorld();
  const mint = async (workspace: bigint) =>
    macaroonOf(
      (await world.authority.tokens.mint({ workspace, preset: 'org', name: 't', creator: 't' })).token,
    );
  const root = await mint(WORKSPACE);
  const narrowed = attenuate(root, [
    { type: 'Apps', apps: new Map([[APP, 17]]) },
    { type: 'IfPresent', ifs: [{ type: 'Commands', commands: [{ args: ['ls'], exact: true }] }], else: 1 },
  ]);
  const location = world.options.dischargeLocation;
  const asking = addThirdParty(narrowed, { location, sharedKey });
  const caveat = asking.caveats.at(-1);
  if (caveat?.type !== '3P') throw new Error('no ticket');
  const window: Caveat = { type: 'ValidityWindow', notBefore: START - 10, notAfter: START + 600 };
  discharge = Buffer.from(
    createDischarge({ ticket: caveat.ticket, sharedKey, location, caveats: [window] }).bytes,
  );
  permission = [root, narrowed, asking, await mint(OTHER_WORKSPACE)].map((each) => Buffer.from(each.bytes));
  for (const each of permission) genuine.add(each.toString('hex'));
});
afterAll(() => world.close());

const textOf = (bytes: Uint8Array) => `fm2_${Buffer.from(bytes).toString('base64')}`;

/** Damages bytes in the ways that damage and malice do. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('splice' as const), at: fc.nat(), from: fc.nat(), other: fc.nat() }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.nat(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }),
  }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.nat(), length: fc.integer({ min: 1, max: 80 }) }),
  fc.record({ kind: fc.constant('tail' as const), other: fc.nat() }),
);

function damaged(bytes: Buffer, how: typeof damage extends fc.Arbitrary<infer T> ? T : never): Buffer {
  const at = 'at' in how ? how.at % bytes.length : 0;
  const other = permission[('other' in how ? how.other : 0) % permission.length] ?? bytes;
  switch (how.kind) {
    case 'flip': {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ how.xor;
      return copy;
    }
    case 'cut':
      return bytes.subarray(0, at);
    case 'splice':
      return Buffer.concat([bytes.subarray(0, at), other.subarray(how.from % other.length)]);
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), how.bytes, bytes.subarray(at)]);
    case 'remove':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + how.length)]);
    case 'tail':
      return Buffer.concat([bytes.subarray(0, -32), other.subarray(-32)]);
  }
}

describe('TOK-1: a damaged token', () => {
  it('is never taken, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (which, hows, withDischarge) => {
          let bytes = permission[which % permission.length] ?? Buffer.alloc(0);
          for (const how of hows) if (bytes.length > 0) bytes = damaged(bytes, how);
          fc.pre(!genuine.has(bytes.toString('hex')));
          const header = withDischarge ? `${textOf(bytes)},${textOf(discharge)}` : textOf(bytes);
          const outcome = await world.authority.verifier.verify(header);
          // Only the location is not signed; a token that differs there alone is the same token.
          expect(outcome.ok).toBe(false);
        },
      ),
      { numRuns: 4000, seed: 20_260_921 },
    );
  });

  it('nor is anything made with a damaged discharge', async () => {
    const [, , asking] = permission;
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (hows) => {
        let bytes = discharge;
        for (const how of hows) if (bytes.length > 0) bytes = damaged(bytes, how);
        // The location of a discharge is not signed either, and is not asked here.
        const location = Buffer.from(world.options.dischargeLocation);
        fc.pre(!bytes.includes(discharge.subarray(-32)) || bytes.includes(location));
        fc.pre(!bytes.equals(discharge));
        const outcome = await world.authority.verifier.verify(`${textOf(asking ?? bytes)},${textOf(bytes)}`);
        expect(outcome.ok).toBe(false);
      }),
      { numRuns: 2000, seed: 20_260_922 },
    );
  });
});

describe('TOK-7: one token, one identity', () => {
  it('a changed location is the same token where it is taken, and no token where it is not', async () => {
    const { token } = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'l',
      creator: 't',
    });
    const bytes = Buffer.from(token.slice(4), 'base64');
    const at = bytes.indexOf('api.fly.io');
    const moved = Buffer.concat([bytes.subarray(0, at), Buffer.from('api.fly.iq'), bytes.subarray(at + 10)]);
    expect(await world.authority.verifier.verify(textOf(moved))).toMatchObject({
      reason: { code: 'token_wrong_location' },
    });
  });
});

describe('too much', () => {
  it('is refused before it costs anything', async () => {
    const many = Array.from({ length: 300 }, () => textOf(permission[0] ?? Buffer.alloc(0))).join(',');
    expect(await world.authority.verifier.verify(many)).toMatchObject({
      reason: { code: 'header_too_large' },
    });
    expect(await world.authority.verifier.verify(`fm2_${'A'.repeat(70_000)}`)).toMatchObject({
      reason: { code: 'header_too_large' },
    });
    const bomb = Buffer.from([0x94, 0x93, 0xc4, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0xdd, 0xff, 0xff, 0xff, 0xff]);
    expect((await world.authority.verifier.verify(textOf(bomb))).ok).toBe(false);
  });

  it('of unknown keys does not reach the database each time', async () => {
    const asked: bigint[] = [];
    const { store } = world.options;
    const replica = world.replica({
      store: {
        ...store,
        key: async (number) => {
          asked.push(number);
          return await store.key(number);
        },
      },
    });
    const [root] = permission;
    for (let number = 1000; number < 1200; number += 1) {
      const foreign = Buffer.from(root ?? []);
      foreign.writeUInt32BE(number, 8);
      expect(await replica.verifier.verify(textOf(foreign))).toMatchObject({
        reason: { code: 'token_unknown_key' },
      });
    }
    expect(asked).toEqual([]);
  });
});
