import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Action, LOCATIONS } from '@hangar/macaroon';
import { narrowTokens, type Authority } from '@hangar/authority';
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

const mint = (name: string) =>
  here.tokens.mint({ workspace: WORKSPACE, preset: 'org', name, creator: 'milo' });

type Minted = Awaited<ReturnType<typeof mint>>;
const changes: [string, (victim: Minted) => [method: string, path: string, body?: unknown]][] = [
  ['deletes by id', ({ id }) => ['DELETE', `/${id}`]],
  ['renames', ({ id }) => ['PATCH', `/${id}`, { name: 'stolen' }]],
  ['revokes by id', ({ id }) => ['POST', '/revoke', { id }]],
  ['revokes by creator', () => ['POST', '/revoke', { creator: 'milo' }]],
  ['revokes by digest', ({ row }) => ['POST', '/revoke', { branch: row.parts[0]?.digest }]],
  ['revokes a whole token by its text', ({ token }) => ['POST', '/revoke', { token, scope: 'token' }]],
];

/** Ways to end the asking token, or what it was narrowed from. */
const ends: [string, (thief: Minted) => Promise<unknown>][] = [
  ['its id', ({ id }) => here.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'x' })],
  ['the text it was narrowed from', ({ token }) => here.tokens.revokeText({ text: token, by: 'x' })],
];

describe('a change that waited while its asking token was revoked', () => {
  it.each(changes)('that %s does not happen', async (_, change) => {
    for (const [what, end] of ends) {
      const [thief, victim] = [await mint('thief'), await mint('victim')];
      const copy = narrowTokens(thief.token, [{ type: 'Action', mask: Action.all }], LOCATIONS.permission);
      if (!copy.ok) throw new Error(copy.reason.tag);
      const store = world.options.store;
      const waiting = world.replica({
        store: {
          ...store,
          revoke: async (wish) => {
            await end(thief);
            return await store.revoke(wish);
          },
          renameToken: async (wish) => {
            await end(thief);
            return await store.renameToken(wish);
          },
        },
      });
      const [method, path, body] = change(victim);
      const answer = await call(waiting, method, `/hangar/v1/tokens${path}`, { token: copy.value, body });
      expect(answer, what).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
      const row = await here.tokens.get(WORKSPACE, victim.id);
      expect({ name: row?.name, revoked: row?.revokedAt }, what).toEqual({
        name: 'victim',
        revoked: undefined,
      });
      expect((await here.verifier.verify(victim.token)).ok, what).toBe(true);
    }
  });

  it('ends its own token and others in one wish', async () => {
    const [asking, other] = [await mint('asking'), await mint('other')];
    const text = `${asking.token},${other.token}`;
    const answer = await call(here, 'POST', '/hangar/v1/tokens/revoke', {
      token: asking.token,
      body: { token: text, scope: 'token' },
    });
    expect(answer).toMatchObject({ status: 200, body: { tokens: [asking.id, other.id] } });
  });
});
