import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FlowStore, FlowRow, IssuerStore, RevocationTarget, TokenRow } from '@hangar/authority';
import { createMemoryStore } from '../../../test/harness/memory-store.ts';
import { openWorld, START, type World } from './world.ts';

const at = (seconds: number) => new Date((START + seconds) * 1000);
const uuid = (last: number) => `00000000-0000-5000-8000-${String(last).padStart(12, '0')}`;
const WS = 70001n;

function row(last: number, changes: Partial<TokenRow> = {}): TokenRow {
  return {
    id: uuid(last),
    workspace: WS,
    keyNumber: 1n,
    name: `token ${last}`,
    preset: 'org',
    creator: 'gabriella',
    depth: 1,
    parts: [{ digest: `tail-${last}` }],
    caveats: '[]',
    summary: ['Nothing.'],
    endsWith: 'x3Qd',
    createdAt: at(last),
    expiresAt: at(1000),
    ...changes,
  };
}

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const stores: [string, () => Promise<IssuerStore & FlowStore>][] = [
  ['in memory', async () => createMemoryStore()],
  [
    'in the database',
    async () => {
      await world.reset();
      return world.options.store;
    },
  ],
];

/** What every implementation of the port owes its caller. */
describe.each(stores)('a store %s', (_, open) => {
  let store: IssuerStore & FlowStore;
  beforeEach(async () => {
    store = await open();
  });
  const revoke = async (target: RevocationTarget, workspace = WS): Promise<readonly string[]> => {
    const reached = await tryToRevoke(target, { workspace });
    if (typeof reached === 'string') throw new Error(reached);
    return reached;
  };
  const tryToRevoke = (target: RevocationTarget, { workspace = WS, maxCopies = 100 } = {}) =>
    store.revoke({
      workspace,
      target,
      by: 'test',
      reason: 'why not',
      at: at(50),
      neededFrom: at(-1000),
      latestEnd: at(2000),
      maxCopies,
    });
  const add = (token: TokenRow, ancestors: readonly string[] = [], limits = { live: 100, recorded: 1000 }) =>
    store.addToken({ row: token, ancestors, keys: [token.keyNumber], limits });
  const feed = async (since = 0n) => (await store.revokedSince(since)).revocations;

  it('numbers keys upwards, keeps one current key per workspace, and seals under the number given', async () => {
    const seal = (number: bigint) => Uint8Array.of(Number(number), 7);
    const first = await store.addKey({ workspace: WS, replaces: undefined, seal, at: at(0) });
    expect(first).toMatchObject({ number: 1n, workspace: WS, sealed: Uint8Array.of(1, 7) });
    // Somebody who did not know of it gets it instead of another one.
    expect((await store.addKey({ workspace: WS, replaces: undefined, seal, at: at(1) })).number).toBe(1n);
    const second = await store.addKey({ workspace: WS, replaces: 1n, seal, at: at(2) });
    expect(second.number).toBeGreaterThan(1n);
    expect((await store.addKey({ workspace: WS, replaces: 1n, seal, at: at(3) })).number).toBe(second.number);
    const other = await store.addKey({ workspace: 70002n, replaces: undefined, seal, at: at(3) });
    expect(other.number).toBeGreaterThan(second.number);
    expect(await store.nextKeyNumber()).toBeGreaterThan(other.number);
    expect(await store.currentKey(WS)).toMatchObject({ number: second.number });
    expect(await store.key(1n)).toMatchObject({ retiredAt: at(2) });
    expect(await store.key(9999n)).toBeUndefined();
    // Handed out is enough; a reader asks only whether a number can exist.
    const numbered = await store.nextKeyNumber();
    expect((await store.revokedSince(0n)).newestKey).toBeGreaterThanOrEqual(numbered);
  });

  it('reseals a key only from the bytes it has', async () => {
    await store.addKey({ workspace: WS, replaces: undefined, seal: () => Uint8Array.of(1), at: at(0) });
    await store.resealKey(1n, Uint8Array.of(9), Uint8Array.of(2));
    expect((await store.key(1n))?.sealed).toEqual(Uint8Array.of(1));
    await store.resealKey(1n, Uint8Array.of(1), Uint8Array.of(2));
    expect((await store.key(1n))?.sealed).toEqual(Uint8Array.of(2));
  });

  it('gives back what was recorded, inside its workspace', async () => {
    const full = row(1, {
      app: 2n ** 62n,
      caveats: '[{"type":"ConfineUser","body":{"id":18446744073709551615}}]',
    });
    expect(await add(full)).toBeUndefined();
    expect(await store.token(WS, full.id)).toEqual(full);
    expect(await store.token(70002n, full.id)).toBeUndefined();
  });

  it('lists newest first, in pages that neither repeat nor skip', async () => {
    for (const last of [1, 2, 3]) await add(row(last));
    // Two of one moment are told apart by their ids.
    for (const last of [4, 5]) await add(row(last, { createdAt: at(3) }));
    const seen: string[] = [];
    let before: { createdAt: Date; id: string } | undefined;
    for (let page = 0; page < 5; page += 1) {
      const rows = await store.tokens({ workspace: WS, limit: 2, ...(before ? { before } : {}) });
      seen.push(...rows.map((each) => each.id));
      before = rows.at(-1) ?? before;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1].map(uuid));
  });

  it('lists by app, by creator, and what is active', async () => {
    await add(row(1, { app: 5n }));
    await add(row(2, { creator: 'milo' }));
    await add(row(3, { expiresAt: at(10) }));
    await add(row(4));
    await revoke({ token: uuid(4) });
    const list = async (query: object) =>
      (await store.tokens({ workspace: WS, limit: 10, ...query })).map((each) => each.id).toSorted();
    expect(await list({ apps: [5n] })).toEqual([uuid(1)]);
    expect(await list({ apps: [] })).toEqual([]);
    expect(await list({ creator: 'milo' })).toEqual([uuid(2)]);
    expect(await list({ activeAt: at(20) })).toEqual([uuid(1), uuid(2)]);
  });

  it('moves last use forward and never back', async () => {
    await add(row(1));
    const use = (seconds: number, from?: string) =>
      store.recordUses([
        { id: uuid(1), at: at(seconds), from },
        { id: uuid(99), at: at(1), from },
      ]);
    await use(20, '10.0.0.1');
    await use(10, '10.0.0.2');
    expect(await store.token(WS, uuid(1))).toMatchObject({ lastUsedAt: at(20), lastUsedFrom: '10.0.0.1' });
    await use(30);
    expect((await store.token(WS, uuid(1)))?.lastUsedFrom).toBeUndefined();
    await store.recordUses([]);
  });

  it('revokes a token with everything below it, at any depth, and nothing beside it', async () => {
    await add(row(1));
    await add(row(2), [uuid(1), 'branch-a']);
    await add(row(3), [uuid(2), 'branch-b']);
    await add(row(4), [uuid(1), 'branch-c']);
    expect((await revoke({ branches: [{ digest: 'branch-a' }] })).toSorted()).toEqual([uuid(2), uuid(3)]);
    expect((await feed()).map((entry) => `${entry.kind} ${entry.value}`).toSorted()).toEqual([
      'branch branch-a',
      `token ${uuid(2)}`,
      `token ${uuid(3)}`,
    ]);
    expect((await revoke({ token: uuid(1) })).toSorted()).toEqual([1, 2, 3, 4].map(uuid));
    expect(await feed()).toHaveLength(5);
  });

  it('numbers the feed upwards and answers from any place in it', async () => {
    for (const last of [1, 2, 3]) await add(row(last));
    await revoke({ token: uuid(1) });
    const { newest } = await store.revokedSince(0n);
    await revoke({ token: uuid(2) });
    await revoke({ token: uuid(3) });
    expect((await feed(newest)).map((entry) => entry.value)).toEqual([uuid(2), uuid(3)]);
    const numbers = (await feed()).map((entry) => entry.number);
    expect(numbers).toEqual(numbers.toSorted((a, b) => (a < b ? -1 : 1)));
    expect((await store.revokedSince(0n)).newest).toBe(numbers.at(-1));
  });

  it('answers the feed in pages, and says whether there is more', async () => {
    for (const digest of ['a', 'b', 'c']) await revoke({ branches: [{ digest }] });
    const page = async (since: bigint, limit: number) => {
      const { revocations, more, newest } = await store.revokedSince(since, limit);
      return [revocations.map(({ value }) => value).join(''), more, newest];
    };
    expect(await page(0n, 2)).toEqual(['ab', true, 3n]);
    expect(await page(2n, 2)).toEqual(['c', false, 3n]);
    expect(await page(0n, 3)).toEqual(['abc', false, 3n]);
    expect((await store.revokedSince(0n)).more).toBe(false);
  });

  it('writes no entry for a copy of what is revoked already, or for one that was over before', async () => {
    const of = { token: uuid(1), key: 1n, above: ['top'] };
    await revoke({ branches: [{ digest: 'old', of, expiresAt: at(-1000) }] });
    expect(await feed()).toEqual([]);
    // In one step too: the middle says it for the copy below.
    await revoke({
      branches: [
        { digest: 'below', of: { ...of, above: ['top', 'middle'] } },
        { digest: 'middle', of },
        { digest: 'beside', of },
      ],
    });
    expect((await feed()).map(({ value }) => value)).toEqual(['middle', 'beside']);
    await revoke({ branches: [{ digest: 'lower', of: { ...of, above: ['top', 'middle', 'below'] } }] });
    await add(row(1));
    await revoke({ token: uuid(1) });
    await revoke({ branches: [{ digest: 'another', of }] });
    expect((await feed()).map(({ value }) => value)).toEqual(['middle', 'beside', uuid(1)]);
  });

  it('takes copies up to their bound, and what a record knows always', async () => {
    await add(row(1, { parts: [{ digest: 'both-1' }, { digest: 'both-2' }] }));
    await add(row(2));
    const copies = (...digests: string[]) => ({ branches: digests.map((digest) => ({ digest })) });
    const bounded = (target: RevocationTarget, workspace = WS) =>
      tryToRevoke(target, { workspace, maxCopies: 2 });
    expect(await bounded(copies('a', 'b', 'c'))).toBe('too_many_copies');
    expect(await bounded(copies('a'))).toEqual([]);
    // All or nothing: the minted text beside them lives on.
    expect(await bounded(copies('tail-2', 'both-1', 'b', 'c'))).toBe('too_many_copies');
    expect((await store.token(WS, uuid(2)))?.revokedAt).toBeUndefined();
    expect((await store.token(WS, uuid(1)))?.parts[0]).toEqual({ digest: 'both-1' });
    expect(await bounded(copies('b'))).toEqual([]);
    expect((await feed()).map(({ value }) => value)).toEqual(['a', 'b']);

    expect(await bounded(copies('c'))).toBe('too_many_copies');
    expect(await bounded(copies('a', 'b'))).toEqual([]);
    expect(await bounded(copies('c'), 70002n)).toEqual([]);
    expect(await bounded(copies('both-1'))).toEqual([]);
    expect(await bounded(copies('tail-2'))).toEqual([uuid(2)]);
    expect(await bounded({ token: uuid(1) })).toEqual([uuid(1)]);
  });

  it('ends tokens by creator, by app and by key, with what was minted from them', async () => {
    await store.addKey({ workspace: WS, replaces: undefined, seal: () => Uint8Array.of(1), at: at(0) });
    await store.addKey({ workspace: WS, replaces: 1n, seal: () => Uint8Array.of(1), at: at(0) });
    await add(row(1, { creator: 'milo' }));
    await add(row(2, { app: 5n }));
    await add(row(3));
    await add(row(4, { keyNumber: 2n }), [uuid(3)]);
    expect(await revoke({ creator: 'milo' })).toEqual([uuid(1)]);
    expect(await revoke({ app: 5n })).toEqual([uuid(2)]);
    expect((await revoke({ key: 1n })).toSorted()).toEqual([1, 2, 3, 4].map(uuid));
    const entries = (await feed()).map((entry) => `${entry.kind} ${entry.value}`);
    // Tokens of the revoked key need no entry of their own; what they minted under a later key does.
    expect(entries).toEqual([`token ${uuid(1)}`, `token ${uuid(2)}`, 'key 1', `token ${uuid(4)}`]);
    expect(await revoke({ key: 3n })).toEqual([]);
  });

  it('stays inside the workspace of the one who revokes', async () => {
    await store.addKey({ workspace: 70002n, replaces: undefined, seal: () => Uint8Array.of(1), at: at(0) });
    await add(row(1, { workspace: 70002n, creator: 'gabriella', app: 5n }), ['branch-a']);
    for (const target of [
      { token: uuid(1) },
      { creator: 'gabriella' },
      { app: 5n },
      { key: 1n },
      { everything: true },
      { branches: [{ digest: 'branch-a' }] },
    ] as const) {
      expect(await revoke(target)).toEqual([]);
    }
    expect((await feed()).every((entry) => entry.workspace === WS && entry.kind !== 'key')).toBe(true);
    expect((await store.token(70002n, uuid(1)))?.revokedAt).toBeUndefined();
  });

  it('records nothing below a revoked ancestor, key or token', async () => {
    await store.addKey({ workspace: WS, replaces: undefined, seal: () => Uint8Array.of(1), at: at(0) });
    await add(row(1));
    await add(row(2), [uuid(1)]);
    await revoke({ branches: [{ digest: 'branch-a' }] });
    expect(await add(row(3), [uuid(9), 'branch-a'])).toBe('revoked');
    await revoke({ token: uuid(1) });
    expect(await add(row(4), [uuid(2)])).toBe('revoked');
    expect(await add(row(5))).toBeUndefined();
    await revoke({ key: 1n });
    expect(await add(row(6))).toBe('revoked');
    expect(await store.token(WS, uuid(6))).toBeUndefined();
    // Another workspace's branch of the same digest is another thing.
    expect(await add(row(7, { workspace: 70002n, keyNumber: 2n }), ['branch-a'])).toBeUndefined();
  });

  it('changes nothing for an asker that was revoked: itself, its key, or a copy above it', async () => {
    const asker = { id: uuid(9), key: 1n, branches: ['tail-9', 'copy'] };
    const wish = {
      workspace: WS,
      by: 't',
      reason: '',
      at: at(50),
      neededFrom: at(0),
      latestEnd: at(2000),
      maxCopies: 0,
    };
    await add(row(1));
    const tried = async () => [
      await store.revoke({ ...wish, target: { token: uuid(1) }, asker }),
      await store.renameToken({ workspace: WS, id: uuid(1), name: 'new', asker }),
    ];
    await revoke({ branches: [{ digest: 'copy' }] });
    expect(await tried()).toEqual(['asker_revoked', 'asker_revoked']);
    await revoke({ branches: [{ digest: 'copy' }] }, 70002n);
    expect(await store.token(WS, uuid(1))).toMatchObject({ name: 'token 1' });
    const [elsewhere, other] = [
      { ...asker, branches: ['other'] },
      { ...wish, target: { token: uuid(1) } },
    ];
    expect(await store.revoke({ ...other, asker: elsewhere })).toEqual([uuid(1)]);
  });

  it('prunes only entries that are needless by then', async () => {
    await add(row(1));
    await revoke({ token: uuid(1) });
    await revoke({ branches: [{ digest: 'narrowed' }] });
    expect(await store.pruneRevocations(at(1000))).toBe(0);
    expect(await store.pruneRevocations(at(1001))).toBe(1);
    expect((await feed()).map((entry) => entry.value)).toEqual(['narrowed']);
    expect((await store.revokedSince(0n)).newest).toBe(2n);
  });

  describe('with sign-ins under way', () => {
    const flow: FlowRow = {
      userDigest: 'user',
      pollDigest: 'poll',
      ticket: Uint8Array.of(1, 2, 3),
      state: 'waiting',
      startedFrom: '10.0.0.1',
      createdAt: at(0),
      expiresAt: at(600),
    };
    const settle = (state: 'ready' | 'refused', seconds: number) =>
      store.settleFlow({
        userDigest: 'user',
        state,
        answer: Uint8Array.of(4),
        by: 'user x',
        at: at(seconds),
      });
    beforeEach(async () => {
      await store.addFlow(flow);
    });

    it('finds one by its secret, until it is over', async () => {
      expect(await store.flow('user', at(599))).toMatchObject(flow);
      expect(await store.flow('user', at(600))).toBeUndefined();
      expect(await store.flow('poll', at(0))).toBeUndefined();
    });

    it('settles it once, and not after its end', async () => {
      expect(await settle('ready', 600)).toBe(false);
      expect([await settle('refused', 1), await settle('ready', 2)]).toEqual([true, false]);
      expect(await store.flow('user', at(3))).toMatchObject({ state: 'refused' });
    });

    it('hands it out once when it is settled, and as often as asked before', async () => {
      for (let round = 0; round < 2; round += 1) {
        expect(await store.collectFlow('poll', at(1))).toMatchObject({ state: 'waiting' });
      }
      await settle('ready', 2);
      expect(await store.collectFlow('poll', at(3))).toMatchObject({
        state: 'ready',
        answer: Uint8Array.of(4),
      });
      expect(await store.collectFlow('poll', at(3))).toBeUndefined();
      expect(await store.flow('user', at(3))).toBeUndefined();
    });

    it('forgets it after its end', async () => {
      await settle('ready', 2);
      expect(await store.collectFlow('poll', at(600))).toBeUndefined();
      expect([await store.pruneFlows(at(600)), await store.pruneFlows(at(601))]).toEqual([0, 1]);
    });
  });
});
