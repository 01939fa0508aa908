import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import { createFlowStore, createIssuerStore } from '@hangar/store';
import { createIssuer, type Authority } from '@hangar/authority';
import { decodeToken } from '@hangar/macaroon';
import { call, openWorld, OTHER_WORKSPACE, WORKSPACE, type World, type WorldOptions } from './world.ts';

const DAY = 86_400;
const CHAIN = 300;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const mint = (authority: Authority, o: { seconds?: number; workspace?: bigint } = {}) =>
  authority.tokens.mint({
    workspace: o.workspace ?? WORKSPACE,
    preset: 'org',
    name: 'token',
    creator: 'milo',
    expiresInSeconds: o.seconds,
  });

const rowsIn = async (table: 'tokens' | 'lineage' | 'token_parts'): Promise<number> => {
  const answer = (await world.db.db.execute(
    sql`select count(*)::int as n from ${sql.identifier(`authority_${table}`)}`,
  )) as unknown as { rows: { n: number }[] };
  return answer.rows[0]!.n;
};

/** Mints with the token just minted, as often as it is allowed. */
async function chain(authority: Authority, length: number) {
  const texts = [(await mint(authority)).token];
  for (let n = 1; n < length; n += 1) {
    const answer = await call(authority, 'POST', '/hangar/v1/tokens', {
      token: texts.at(-1)!,
      body: { name: `n${n}`, preset: 'org' },
    });
    if (answer.status !== 201) return { texts, refusal: answer };
    texts.push(String(answer.body['token']));
  }
  return { texts, refusal: undefined };
}

describe('a chain of mints', () => {
  it(`asked to go ${CHAIN} deep ends at 32, with rows that grow with the depth and no faster`, async () => {
    const { texts, refusal } = await chain(world.authority, CHAIN);
    expect(texts).toHaveLength(32);
    expect(refusal).toMatchObject({
      status: 403,
      body: { code: 'policy_denied', rule: 'token_depth', limit: 32 },
    });
    expect(String(refusal?.body['error'])).toContain('Narrow it instead');
    // The asking token, and the one text of it that can be revoked.
    expect(await rowsIn('lineage')).toBe(2 * 31);
    expect(await rowsIn('tokens')).toBe(32);
    // One step ends them all.
    const { reached } = await world.authority.tokens.revokeText({ text: texts[0]!, by: 'x' });
    expect(reached).toHaveLength(32);
    expect(await world.authority.verifier.verify(texts.at(-1)!)).toMatchObject({
      reason: { code: 'token_revoked' },
    });
  });

  it('is as deep as the operator says', async () => {
    const shallow = world.replica({ limits: { depth: 2 } });
    expect((await chain(shallow, 5)).texts).toHaveLength(2);
    expect(() => world.replica({ limits: { depth: 0 } })).toThrow('limits.depth is a whole number from 1');
  });
});

describe('the tokens of one workspace', () => {
  it('are bounded by those that work: what is over or revoked makes room', async () => {
    const few = world.replica({ limits: { liveTokens: 2 } });
    const first = await mint(few);
    await mint(few, { seconds: 60 });
    await expect(mint(few)).rejects.toMatchObject({
      code: 'policy_denied',
      extra: { rule: 'live_tokens', limit: 2 },
    });
    await mint(few, { workspace: OTHER_WORKSPACE });
    await few.tokens.revoke({ workspace: WORKSPACE, target: { token: first.id }, by: 'x' });
    await mint(few);
    await expect(mint(few)).rejects.toMatchObject({ code: 'policy_denied' });
    world.clock.advance(61);
    await mint(few);
  });

  it('are bounded in all, however often they are minted and revoked in turns', async () => {
    const few = world.replica({ limits: { liveTokens: 1 } });
    const turn = async (seconds: number) => {
      const { id } = await mint(few, { seconds });
      await few.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'x' });
    };
    await turn(60);
    for (let n = 1; n < 10; n += 1) await turn(DAY);
    await expect(mint(few)).rejects.toMatchObject({ extra: { rule: 'recorded_tokens', limit: 10 } });
    // What is over is remembered for lists only, and goes first.
    world.clock.advance(61);
    await mint(few);
    expect(await rowsIn('tokens')).toBe(10);
  });

  it('never exceed the bound when a hundred are asked for at once, through two stores', async () => {
    const other = await world.db.another();
    const limits = { liveTokens: 20 };
    const store: WorldOptions['store'] = { ...createIssuerStore(other.db), ...createFlowStore(other.db) };
    const processes = [world.replica({ limits }), world.replica({ limits, store })];
    // The first mint makes the key; it is no part of the race.
    await mint(processes[0]!);
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, (_, n) => mint(processes[n % 2]!)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(81);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'policy_denied' });
    expect(await rowsIn('tokens')).toBe(20);
    await other.close();
  });
});

describe('the pruning of tokens', () => {
  const prune = async () => {
    const task = world.authority.tasks.find(({ name }) => name === 'authority.prune-tokens');
    await task?.run(new AbortController().signal);
  };

  it('removes those that are over with all that hangs on them, and nothing of the others', async () => {
    const parent = await mint(world.authority, { seconds: 60 });
    const living = await mint(world.authority, { seconds: 30 * DAY });
    for (const asking of [parent.token, living.token])
      await call(world.authority, 'POST', '/hangar/v1/tokens', {
        token: asking,
        body: { name: 'child', preset: 'org', expires_in: 20 * DAY },
      });
    await prune();
    expect(await rowsIn('tokens')).toBe(4);
    world.clock.advance(3 * DAY);
    await prune();
    expect([await rowsIn('tokens'), await rowsIn('token_parts'), await rowsIn('lineage')]).toEqual([2, 2, 2]);
    const reached = await world.authority.tokens.revoke({
      workspace: WORKSPACE,
      target: { token: living.id },
      by: 'x',
    });
    expect(reached).toHaveLength(2);
  });

  it('never forgets a token before its last copy is over, whatever its windows say inside a condition', async () => {
    const { token, id } = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      name: 'conditional',
      creator: 'milo',
      caveats: [
        {
          type: 'IfPresent',
          ifs: [{ type: 'ValidityWindow', notBefore: 0, notAfter: Math.floor(world.clock.at / 1000) + 60 }],
          else: 31,
        },
      ],
      expiresInSeconds: 30 * DAY,
    });
    await world.authority.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'x' });
    world.clock.advance(4 * DAY);
    for (const task of world.authority.tasks) await task.run(new AbortController().signal);
    expect(await world.authority.tokens.get(WORKSPACE, id)).toMatchObject({ id });
    expect(await world.replica().verifier.verify(token)).toMatchObject({
      ok: false,
      reason: { code: 'token_revoked' },
    });
  });

  it('removes keys that nothing living was signed with, and keeps a closed workspace closed', async () => {
    const first = await mint(world.authority);
    await world.authority.tokens.rotateKey(WORKSPACE);
    await world.authority.tokens.revokeWorkspace(WORKSPACE);
    world.clock.advance(369 * DAY);
    for (const task of world.authority.tasks) await task.run(new AbortController().signal);
    expect(await world.options.store.key(first.row.keyNumber)).toBeUndefined();
    await expect(mint(world.authority)).rejects.toMatchObject({ code: 'token_revoked' });
  });
});

describe('a mint', () => {
  it('is refused when the asking token ends between the verdict and the signature', async () => {
    const asking = await mint(world.authority, { seconds: 60 });
    const verified = await world.authority.verifier.verify(asking.token);
    expect(verified.ok).toBe(true);
    world.clock.advance(61);
    const token = decodeToken(asking.token);
    if (!token.ok) throw new Error('not a token');
    const parent = { token: token.value, discharges: [] };
    const wish = { workspace: WORKSPACE, preset: 'org', name: 'late', creator: 'milo', parent } as const;
    await expect(createIssuer(world.options).mint(wish)).rejects.toMatchObject({ code: 'token_expired' });
  });
});
