import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOCATIONS } from '@hangar/macaroon';
import { narrowTokens, type Authority, type Revocation } from '@hangar/authority';
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
    ...(from === undefined ? {} : { from }),
  });
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
