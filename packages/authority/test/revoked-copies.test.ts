import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOCATIONS } from '@hangar/macaroon';
import { narrowTokens, type Authority, type Revocation } from '@hangar/authority';
import { createFlowStore, createIssuerStore } from '@hangar/store';
import { call, openWorld, WORKSPACE, type World } from './world.ts';

let world: World;
let here: Authority;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  await world.reset();
  here = world.authority;
});
afterAll(() => world.close());

const mint = () => here.tokens.mint({ workspace: WORKSPACE, preset: 'org', name: 'copied', creator: 'milo' });
const revoke = (token: string, from?: string) =>
  call(here, 'POST', '/hangar/v1/tokens/revoke', {
    body: { token },
    from,
  });
/** A process that takes three revoked copies, not ten thousand. */
function bounded(store = world.options.store): Authority {
  return world.replica({
    store: { ...store, revoke: (wish) => store.revoke({ ...wish, maxCopies: 3 }) },
  });
}
const feed = async (): Promise<readonly Revocation[]> =>
  (await world.options.store.revokedSince(0n)).revocations;

/** A copy that ends some seconds from now: another for every number. */
function copyOf(text: string, seconds: number): string {
  const notAfter = world.clock.at / 1000 + seconds;
  const copy = narrowTokens(text, [{ type: 'ValidityWindow', notBefore: 0, notAfter }], LOCATIONS.permission);
  if (!copy.ok) throw new Error(copy.reason.tag);
  return copy.value;
}
const copiesOf = (text: string, count: number): string =>
  Array.from({ length: count }, (_, n) => copyOf(text, 60 + n)).join(',');

describe('copies of an old text, made and handed in by anybody', () => {
  it('leave nothing in the feed when the token was revoked, by its id, its text or its key', async () => {
    const [byId, byText] = [await mint(), await mint()];
    await here.tokens.revoke({ workspace: WORKSPACE, target: { token: byId.id }, by: 'owner' });
    expect((await revoke(byText.token)).status).toBe(200);
    expect(await feed()).toHaveLength(2);
    for (const { token } of [byId, byText]) {
      const answer = await revoke(copiesOf(token, 100));
      expect(answer.status).toBe(200);
      expect(answer.body['all']).toHaveLength(100);
    }
    expect(await feed()).toHaveLength(2);

    const signed = await mint();
    await here.tokens.revoke({ workspace: WORKSPACE, target: { key: signed.row.keyNumber }, by: 'owner' });
    const before = await feed();
    expect((await revoke(copiesOf(signed.token, 100))).status).toBe(200);
    expect(await feed()).toEqual(before);
  });

  it('leave nothing below a copy that was revoked, nor for one that was over long ago', async () => {
    const { token } = await mint();
    const copy = copyOf(token, 3600);
    expect((await revoke(copy)).status).toBe(200);
    expect((await revoke(copiesOf(copy, 100))).status).toBe(200);
    expect((await revoke(copyOf(token, -3 * 86_400))).status).toBe(200);
    expect(await feed()).toHaveLength(1);
    // One that still works is another matter.
    expect((await revoke(copyOf(token, 7200))).status).toBe(200);
    expect(await feed()).toHaveLength(2);
    expect((await here.verifier.verify(token)).ok).toBe(true);
  });
});

describe('copies of a token that works', () => {
  it('are revoked up to a bound; beyond it the token they come from still is, in every way', async () => {
    here = bounded();
    const [first, second, third] = [await mint(), await mint(), await mint()];
    expect((await revoke(copiesOf(first.token, 3))).status).toBe(200);
    const over = copyOf(first.token, 7200);
    const answer = await revoke(over);
    expect(answer).toMatchObject({
      status: 403,
      body: { code: 'policy_denied', rule: 'revoked_copies', limit: 10_000 },
    });
    expect(answer.body['error']).toContain('Revoke the whole token instead: by its id');
    expect((await here.verifier.verify(over)).ok).toBe(true);
    // By a digest that somebody thought up, too.
    const random = { token: second.token, body: { branch: 'ab'.repeat(32) } };
    expect((await call(here, 'POST', '/hangar/v1/tokens/revoke', random)).status).toBe(403);
    expect(await feed()).toHaveLength(3);

    const whole = { token: second.token, body: { token: over, scope: 'token' } };
    expect((await call(here, 'POST', '/hangar/v1/tokens/revoke', whole)).body['tokens']).toEqual([first.id]);
    expect((await revoke(second.token)).body['tokens']).toEqual([second.id]);
    expect(
      await here.tokens.revoke({ workspace: WORKSPACE, target: { creator: 'milo' }, by: 'x' }),
    ).toContain(third.id);
  });

  it('never exceed the bound when many are handed in at once, through two stores', async () => {
    const other = await world.db.another();
    const { token } = await mint();
    const processes = [bounded(), bounded({ ...createIssuerStore(other.db), ...createFlowStore(other.db) })];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        call(processes[n % 2]!, 'POST', '/hangar/v1/tokens/revoke', {
          body: { token: copyOf(token, 60 + n) },
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(await feed()).toHaveLength(3);
    await other.close();
  });
});
