import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import { Action, LOCATIONS } from '@hangar/macaroon';
import { narrowTokens, type Authority, type MintRequest } from '@hangar/authority';
import { APP, call, openWorld, WORKSPACE, type World } from './world.ts';

let world: World;
let here: Authority;
let admin: string;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  await world.reset();
  here = world.authority;
  admin = (await mint()).token;
});
afterAll(() => world.close());

const mint = (wish: Partial<MintRequest> = {}) =>
  here.tokens.mint({ workspace: WORKSPACE, preset: 'org', name: 'leaktest', creator: 'milo', ...wish });

const narrowed = (text: string): string => {
  const copy = narrowTokens(text, [{ type: 'Action', mask: Action.read }], LOCATIONS.permission);
  if (!copy.ok) throw new Error(copy.reason.tag);
  return copy.value;
};

const verdict = async (token: string): Promise<string> => {
  const outcome = await here.verifier.verify(token);
  return outcome.ok ? 'taken' : outcome.reason.sentence;
};

interface Row {
  id: string;
  state: string;
  parts: { digest: string; state: string }[];
}
const rows = async (query = ''): Promise<Row[]> =>
  (await call(here, 'GET', `/hangar/v1/tokens${query}`, { token: admin })).body['tokens'] as Row[];
const row = async (id: string): Promise<Row> => (await rows()).find((each) => each.id === id)!;
const active = async (): Promise<string[]> => (await rows('?state=active')).map((each) => each.id);
const post = (body: unknown, token?: string) =>
  call(here, 'POST', '/hangar/v1/tokens/revoke', { body, token });

/** Each way to name the very text that was minted. */
const ways: [string, (minted: { token: string; digest: string }) => Promise<readonly unknown[]>][] = [
  ['the door, by a finder', async ({ token }) => listed(await post({ token }))],
  ['the door, by its digest', async ({ digest }) => listed(await post({ branch: digest }, admin))],
  ['the verb', async ({ token }) => (await here.tokens.revokeText({ text: token, by: 'x' })).reached],
];
const listed = ({ body }: { body: Record<string, unknown> }) => body['tokens'] as readonly unknown[];

describe('revoking the text that was minted', () => {
  it.each(ways)('through %s ends its record, in every list', async (_, revoke) => {
    const { id, token } = await mint();
    const copy = narrowed(token);
    const { digest } = (await row(id)).parts[0]!;
    expect(await revoke({ token, digest })).toEqual([id]);
    expect(await row(id)).toMatchObject({ state: 'revoked', parts: [{ state: 'revoked' }] });
    expect(await active()).not.toContain(id);
    expect(await here.tokens.get(WORKSPACE, id)).toMatchObject({ revokedAt: world.clock.now() });
    expect(await verdict(token)).toBe(`Token ${id} was revoked.`);
    expect(await verdict(copy)).toBe(`Token ${id} was revoked.`);
    // Twice is as good as once.
    expect(await revoke({ token, digest })).toEqual([id]);
    expect((await world.options.store.revokedSince(0n)).revocations).toHaveLength(1);
  });

  it('of a narrowed copy leaves the record active, and says that it was a copy', async () => {
    const { id, token } = await mint();
    const copy = narrowed(token);
    expect(listed(await post({ token: copy }))).toEqual([]);
    expect(await row(id)).toMatchObject({ state: 'active', parts: [{ state: 'active' }] });
    expect(await active()).toContain(id);
    expect(await verdict(copy)).toMatch(/^This narrowed copy of token/);
    expect(await verdict(token)).toBe('taken');
  });

  it('reaches what was minted with it, and what was minted with a copy of it', async () => {
    const { id, token } = await mint();
    const child = async (asking: string) =>
      String((await call(here, 'POST', '/hangar/v1/tokens', { token: asking, body: MINT })).body['id']);
    const below = [await child(token), await child(narrowedToMint(token))];
    expect(new Set(listed(await post({ token })))).toEqual(new Set([id, ...below]));
  });

  it('of one of several texts shows that part as revoked, and the whole when the last is', async () => {
    const { id, token } = await mint({ preset: 'ssh', appId: APP });
    const [first = '', second = ''] = token.split(',');
    expect(listed(await post({ token: first }))).toEqual([]);
    expect(await row(id)).toMatchObject({
      state: 'active',
      parts: [{ state: 'revoked' }, { state: 'active' }],
    });
    expect(await active()).toContain(id);
    expect(await verdict(narrowed(first))).toMatch(/^One of the texts that token \S+ was minted as/);
    expect(await verdict(second)).toBe('taken');
    expect(listed(await post({ token: second }))).toEqual([id]);
    expect(await row(id)).toMatchObject({ state: 'revoked' });
    expect(await verdict(first)).toBe(`Token ${id} was revoked.`);
  });

  it('of a whole list at once reaches its one token', async () => {
    const { id, token } = await mint({ preset: 'ssh', appId: APP });
    const { body } = await post({ token });
    expect(body).toMatchObject({ root_token: id, tokens: [id] });
    expect(body['all']).toHaveLength(2);
    expect(await active()).not.toContain(id);
  });

  it('recorded before its digests were kept ends the text, and leaves the record to its id', async () => {
    const { id, token } = await mint();
    await world.db.db.execute(sql`delete from authority_token_parts`);
    expect(listed(await post({ token }))).toEqual([]);
    expect(await verdict(token)).toMatch(/was revoked/);
    expect(await row(id)).toMatchObject({ state: 'active', parts: [] });
    expect(listed(await post({ id }, admin))).toEqual([id]);
    expect(await row(id)).toMatchObject({ state: 'revoked' });
  });

  it('narrowed to an end that no calendar has is revoked all the same', async () => {
    const { token } = await mint();
    for (const notAfter of [-8_640_000_000_000, -1, 8_640_000_000_000]) {
      const copy = narrowTokens(
        token,
        [{ type: 'ValidityWindow', notBefore: notAfter, notAfter }],
        LOCATIONS.permission,
      );
      if (!copy.ok) throw new Error(copy.reason.tag);
      expect((await post({ token: copy.value })).status).toBe(200);
    }
    // None of these entries is kept for longer than any token can live.
    const { revocations } = await world.options.store.revokedSince(0n);
    const latest = world.clock.at + 366 * 86_400_000;
    expect(revocations.every(({ needlessAfter }) => needlessAfter!.getTime() <= latest)).toBe(true);
  });
});

const MINT = { name: 'child', preset: 'org' };

function narrowedToMint(text: string): string {
  const copy = narrowTokens(text, [{ type: 'Action', mask: Action.all }], LOCATIONS.permission);
  if (!copy.ok) throw new Error(copy.reason.tag);
  return copy.value;
}
