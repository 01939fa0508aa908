import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import type { Authority } from '@hangar/authority';
import { Action, attenuate, decodeToken, encodeToken } from '@hangar/macaroon';
import { createFlowStore, createIssuerStore, type Store } from '@hangar/store';
import { APP, call, forged, openWorld, OTHER_APP, OTHER_WORKSPACE, WORKSPACE, type World } from './world.ts';

let world: World;
let here: Authority;
let there: Authority;
let elsewhere: Store;
beforeAll(async () => {
  world = await openWorld();
  elsewhere = await world.db.another();
});
beforeEach(async () => {
  await world.reset();
  here = world.authority;
  there = world.replica({ store: { ...createIssuerStore(elsewhere.db), ...createFlowStore(elsewhere.db) } });
});
afterAll(async () => {
  await elsewhere.close();
  await world.close();
});

const mint = (o: { name?: string; creator?: string; appId?: bigint; workspace?: bigint } = {}) =>
  here.tokens.mint({
    workspace: o.workspace ?? WORKSPACE,
    preset: o.appId === undefined ? 'org' : 'app-control',
    name: o.name ?? 'token',
    creator: o.creator ?? 'gabriella',
    appId: o.appId,
  });

async function verdict(authority: Authority, token: string): Promise<string> {
  const outcome = await authority.verifier.verify(token);
  return outcome.ok ? 'taken' : outcome.reason.code;
}

function narrow(text: string, mask: number): string {
  const decoded = decodeToken(text);
  if (!decoded.ok) throw new Error('not a token');
  return encodeToken(attenuate(decoded.value, [{ type: 'Action', mask }]));
}

describe('revoking a token', () => {
  it('kills it and everything narrowed from it, here at once and elsewhere within a second', async () => {
    const { token, id } = await mint();
    const child = narrow(token, Action.read);
    for (const each of [here, there]) expect(await verdict(each, child)).toBe('taken');
    await here.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'test' });
    expect([await verdict(here, token), await verdict(here, child)]).toEqual([
      'token_revoked',
      'token_revoked',
    ]);
    world.clock.advance(1);
    expect([await verdict(there, token), await verdict(there, child)]).toEqual([
      'token_revoked',
      'token_revoked',
    ]);
  });

  it('reaches another process by its poll, long before knowledge would be stale', async () => {
    const { token, id } = await mint();
    expect(await verdict(there, token)).toBe('taken');
    await here.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'test' });
    world.clock.advance(0.25);
    expect(await verdict(there, token)).toBe('taken');
    const poll = there.tasks.find((task) => task.name === 'authority.revocations');
    expect(poll?.everySeconds).toBeLessThanOrEqual(0.25);
    await poll?.run(new AbortController().signal);
    expect(await verdict(there, token)).toBe('token_revoked');
  });

  it('twice leaves one record and answers the same', async () => {
    const { id } = await mint();
    const first = await here.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'a' });
    const again = await here.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'b' });
    expect([first, again]).toEqual([[id], [id]]);
    expect((await world.options.store.revokedSince(0n)).revocations).toHaveLength(1);
    expect(await here.tokens.get(WORKSPACE, id)).toMatchObject({ revokedBy: 'a' });
  });

  it('of another workspace does nothing', async () => {
    const { id, token } = await mint({ workspace: OTHER_WORKSPACE });
    expect(await here.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 'x' })).toEqual([]);
    expect(await verdict(here, token)).toBe('taken');
    const { revocations } = await world.options.store.revokedSince(0n);
    expect(revocations.filter(({ workspace }) => workspace !== WORKSPACE)).toEqual([]);
  });

  it('whose record is gone ends it all the same: by its text and by the verb', async () => {
    const [byText, byVerb] = [await mint(), await mint()];
    const admin = await mint();
    await world.db.db.execute(sql`delete from authority_tokens where id <> ${admin.id}`);
    expect(await verdict(here, byText.token)).toBe('taken');
    const { status, body } = await call(here, 'POST', '/hangar/v1/tokens/revoke', {
      token: admin.token,
      body: { token: byText.token, scope: 'token' },
    });
    expect({ status, reached: body['tokens'] }).toEqual({ status: 200, reached: [] });
    await here.tokens.revoke({ workspace: WORKSPACE, target: { token: byVerb.id }, by: 'x' });
    for (const { token } of [byText, byVerb]) expect(await verdict(here, token)).toBe('token_revoked');
    // The door that takes an id alone knows nobody of that id.
    const strange = { id: '00000000-0000-4000-8000-000000000000' };
    expect(
      await call(here, 'POST', '/hangar/v1/tokens/revoke', { token: admin.token, body: strange }),
    ).toMatchObject({ status: 404 });
    expect((await world.options.store.revokedSince(0n)).revocations).toHaveLength(2);
  });

  it('reaches tokens that were minted with it, and those minted with them', async () => {
    const mintWith = async (token: string) => {
      const { status, body } = await call(here, 'POST', '/hangar/v1/tokens', {
        token,
        body: { name: 'child', preset: 'org' },
      });
      expect(status).toBe(201);
      return { id: String(body['id']), token: String(body['token']) };
    };
    const root = await mint();
    const child = await mintWith(root.token);
    const grandchild = await mintWith(child.token);
    const bystander = await mint();
    const reached = await here.tokens.revoke({
      workspace: WORKSPACE,
      target: { token: root.id },
      by: 'test',
    });
    expect(reached.toSorted()).toEqual([root.id, child.id, grandchild.id].toSorted());
    expect(await verdict(here, grandchild.token)).toBe('token_revoked');
    expect(await verdict(here, bystander.token)).toBe('taken');
  });
});

describe('revoking a branch', () => {
  it('kills one offline child and its descendants; parent and brothers live on', async () => {
    const { token } = await mint();
    const child = narrow(token, Action.read | Action.control);
    const grandchild = narrow(child, Action.read);
    const brother = narrow(token, Action.read);
    const { status, body } = await call(here, 'POST', '/hangar/v1/tokens/revoke', { body: { token: child } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ revoked: 'branch', tokens: [] });
    expect(String(body['digest'])).toMatch(/^sha256:[0-9a-f]{64}$/);
    world.clock.advance(1);
    for (const authority of [here, there]) {
      expect(await verdict(authority, child)).toBe('token_revoked');
      expect(await verdict(authority, grandchild)).toBe('token_revoked');
      expect(await verdict(authority, token)).toBe('taken');
      expect(await verdict(authority, brother)).toBe('taken');
    }
  });

  it('reaches what was minted with that branch, and not what its parent minted', async () => {
    const { token } = await mint();
    const branch = narrow(token, Action.all);
    const byBranch = await call(here, 'POST', '/hangar/v1/tokens', {
      token: branch,
      body: { name: 'a', preset: 'org' },
    });
    const byParent = await call(here, 'POST', '/hangar/v1/tokens', {
      token,
      body: { name: 'b', preset: 'org' },
    });
    const { body } = await call(here, 'POST', '/hangar/v1/tokens/revoke', { body: { token: branch } });
    expect(body['tokens']).toEqual([byBranch.body['id']]);
    expect(await verdict(here, String(byBranch.body['token']))).toBe('token_revoked');
    expect(await verdict(here, String(byParent.body['token']))).toBe('taken');
  });

  it('needs the text, or a token that may delete; a digest alone from another workspace does nothing', async () => {
    const { token } = await mint();
    const outcome = await here.verifier.verify(token);
    if (!outcome.ok) throw new Error('refused');
    const digest = outcome.value.branch;
    const stranger = (await mint({ workspace: OTHER_WORKSPACE })).token;
    const anonymous = await call(here, 'POST', '/hangar/v1/tokens/revoke', { body: { branch: digest } });
    expect(anonymous.status).toBe(401);
    await call(here, 'POST', '/hangar/v1/tokens/revoke', { token: stranger, body: { branch: digest } });
    expect(await verdict(here, token)).toBe('taken');
    const reader = narrow(token, Action.read);
    const narrowed = await call(here, 'POST', '/hangar/v1/tokens/revoke', {
      token: reader,
      body: { branch: digest },
    });
    expect(narrowed.status).toBe(403);
    await call(here, 'POST', '/hangar/v1/tokens/revoke', { token, body: { branch: `sha256:${digest}` } });
    expect(await verdict(here, token)).toBe('token_revoked');
  });

  it('never ends more than the branch on the strength of the text alone', async () => {
    const { token, id } = await mint();
    const child = narrow(token, Action.read);
    const whole = (by: string | undefined, text = child) =>
      call(here, 'POST', '/hangar/v1/tokens/revoke', {
        token: by,
        body: { token: text, scope: 'token' },
      });
    const stranger = (await mint({ workspace: OTHER_WORKSPACE })).token;
    expect([
      (await whole(undefined)).status,
      (await whole(child)).status,
      (await whole(stranger)).status,
    ]).toEqual([401, 403, 404]);
    expect([await verdict(here, token), await verdict(here, child)]).toEqual(['taken', 'taken']);
    expect((await whole(token)).body).toMatchObject({ revoked: 'token', root_token: id, tokens: [id] });
    expect(await verdict(here, narrow(token, Action.all))).toBe('token_revoked');
  });

  it('does not let a forged text revoke anything', async () => {
    const { token } = await mint();
    const { status } = await call(here, 'POST', '/hangar/v1/tokens/revoke', {
      body: { token: forged(token) },
    });
    expect(status).toBe(404);
    expect((await world.options.store.revokedSince(0n)).revocations).toHaveLength(0);
  });
});

describe('revoking more at once', () => {
  it('by creator, by app, by key', async () => {
    const ours = await mint({ creator: 'milo' });
    const app = await mint({ creator: 'gabriella', appId: APP });
    const otherApp = await mint({ creator: 'gabriella', appId: OTHER_APP });
    expect(await here.tokens.revoke({ workspace: WORKSPACE, target: { creator: 'milo' }, by: 't' })).toEqual([
      ours.id,
    ]);
    expect(await here.tokens.revoke({ workspace: WORKSPACE, target: { app: APP }, by: 't' })).toEqual([
      app.id,
    ]);
    expect(await verdict(here, otherApp.token)).toBe('taken');
    const key = otherApp.row.keyNumber;
    await here.tokens.revoke({ workspace: WORKSPACE, target: { key }, by: 't' });
    expect(await verdict(here, otherApp.token)).toBe('token_revoked');
    const after = await mint();
    expect(after.row.keyNumber).not.toBe(key);
    expect(await verdict(here, after.token)).toBe('taken');
  });

  it('a whole workspace: nothing works, recorded or not, and nothing can be minted any more', async () => {
    const { token } = await mint();
    const neighbour = await mint({ workspace: OTHER_WORKSPACE });
    const child = narrow(token, Action.read);
    await here.tokens.revokeWorkspace(WORKSPACE);
    world.clock.advance(1);
    expect([await verdict(there, token), await verdict(there, child)]).toEqual([
      'token_revoked',
      'token_revoked',
    ]);
    await expect(mint()).rejects.toMatchObject({ code: 'token_revoked' });
    expect(await verdict(there, neighbour.token)).toBe('taken');
  });
});

describe('rotating the signing key', () => {
  it('lets older tokens go on, and signs new ones with the new key', async () => {
    const before = await mint();
    expect(await verdict(there, before.token)).toBe('taken');
    const { number, retired } = await here.tokens.rotateKey(WORKSPACE);
    const after = await mint();
    expect([retired, after.row.keyNumber]).toEqual([before.row.keyNumber, number]);
    // The other process has fresh knowledge without the new key, and looks again when it meets it.
    world.clock.advance(0.1);
    expect(await verdict(there, after.token)).toBe('taken');
    expect(await verdict(there, before.token)).toBe('taken');
  });
});

describe('when revocations cannot be read', () => {
  it('nothing is accepted on old knowledge, the cache is dropped, and it heals by itself', async () => {
    const { token } = await mint();
    const store = world.options.store;
    let broken = false;
    const flaky = world.replica({
      store: {
        ...store,
        revokedSince: async (number) => {
          if (broken) throw new Error('connection lost');
          return await store.revokedSince(number);
        },
      },
    });
    expect(await verdict(flaky, token)).toBe('taken');
    expect(flaky.cache.size).toBe(0);
    expect(await verdict(flaky, token)).toBe('taken');
    expect(flaky.cache.size).toBe(1);
    broken = true;
    world.clock.advance(0.7);
    expect(await verdict(flaky, token)).toBe('taken');
    world.clock.advance(0.1);
    await expect(flaky.verifier.verify(token)).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    expect(flaky.cache.size).toBe(0);
    broken = false;
    expect(await verdict(flaky, token)).toBe('taken');
  });

  it('a slow database does not stretch the promise: what it answers is as old as the question', async () => {
    const { token, id } = await mint();
    const store = world.options.store;
    const slow = world.replica({
      store: {
        ...store,
        revokedSince: async (number) => {
          const page = await store.revokedSince(number);
          world.clock.advance(0.6);
          return page;
        },
      },
    });
    expect(await verdict(slow, token)).toBe('taken');
    await store.revoke({
      workspace: WORKSPACE,
      target: { token: id },
      by: 't',
      reason: '',
      at: world.clock.now(),
      neededFrom: new Date(0),
      latestEnd: world.clock.now(),
      maxCopies: 0,
    });
    world.clock.advance(0.2);
    expect(await verdict(slow, token)).toBe('token_revoked');
  });
});

describe('a feed in many pages', () => {
  const revokeSome = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1)
      await here.tokens.revoke({ workspace: WORKSPACE, target: { token: (await mint()).id }, by: 't' });
  };
  const inPagesOf = (size: number, asked: bigint[]): Authority => {
    const { store } = world.options;
    return world.replica({
      store: {
        ...store,
        revokedSince: async (number) => {
          asked.push(number);
          // A whole reading takes longer than knowledge lives; one question does not.
          world.clock.advance(0.5);
          return await store.revokedSince(number, size);
        },
      },
    });
  };

  it('is read to its end by a process that starts, which is fresh as of its last question', async () => {
    await revokeSome(5);
    const last = await mint();
    await here.tokens.revoke({ workspace: WORKSPACE, target: { token: last.id }, by: 't' });
    const { token } = await mint();
    const asked: bigint[] = [];
    const late = inPagesOf(2, asked);
    expect(await verdict(late, last.token)).toBe('token_revoked');
    expect(asked).toEqual([0n, 2n, 4n]);
    expect(await verdict(late, token)).toBe('taken');
    expect(asked).toHaveLength(3);
    await late.tasks.find((task) => task.name === 'authority.revocations')?.run(new AbortController().signal);
    expect(asked).toEqual([0n, 2n, 4n, 6n]);
  });

  it('counts as it was until all of a restored one is read', async () => {
    const { token, id } = await mint();
    await revokeSome(3);
    await here.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 't' });
    const { store } = world.options;
    let isRestored = false;
    let between: string | undefined;
    const process: Authority = world.replica({
      store: {
        ...store,
        revokedSince: async (number) => {
          if (!isRestored) return await store.revokedSince(number, 2);
          if (number === 2n) between = await verdict(process, token);
          const page = await store.revokedSince(number, 2);
          return { ...page, newest: 3n, more: number === 0n };
        },
      },
    });
    expect(await verdict(process, token)).toBe('token_revoked');
    isRestored = true;
    await process.tasks
      .find((task) => task.name === 'authority.revocations')
      ?.run(new AbortController().signal);
    expect(between).toBe('token_revoked');
  });
});

describe('a revocation while the feed is being read', () => {
  it('is known when revoking has returned, although the reading began before it', async () => {
    const { token, id } = await mint();
    const store = world.options.store;
    let release: (() => void) | undefined;
    let slow = false;
    const process = world.replica({
      store: {
        ...store,
        revokedSince: async (number) => {
          const page = await store.revokedSince(number);
          if (slow) await new Promise<void>((resolve) => (release = resolve));
          return page;
        },
      },
    });
    expect(await verdict(process, token)).toBe('taken');
    slow = true;
    const poll = process.tasks.find((task) => task.name === 'authority.revocations');
    const reading = poll?.run(new AbortController().signal);
    await expect.poll(() => release !== undefined).toBe(true);
    slow = false;
    const revoking = process.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 't' });
    await expect.poll(async () => (await store.revokedSince(0n)).revocations.length).toBe(1);
    release?.();
    await Promise.all([reading, revoking]);
    expect(await verdict(process, token)).toBe('token_revoked');
  });
});

describe('a revocation and a mint at the same moment', () => {
  it('leave no living token below a dead one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const root = await mint();
      const outcome = await here.verifier.verify(root.token);
      if (!outcome.ok) throw new Error('refused');
      const [minted] = await Promise.all([
        call(here, 'POST', '/hangar/v1/tokens', { token: root.token, body: { name: 'race', preset: 'org' } }),
        here.tokens.revoke({ workspace: WORKSPACE, target: { token: root.id }, by: 'test' }),
      ]);
      world.clock.advance(1);
      if (minted.status === 201)
        expect(await verdict(there, String(minted.body['token']))).toBe('token_revoked');
      else expect(minted.body['code']).toBe('token_revoked');
    }
  });
});

describe('the feed', () => {
  it('forgets entries only long after the last token they concern', async () => {
    const { id, token } = await mint();
    await here.tokens.revoke({ workspace: WORKSPACE, target: { token: id }, by: 't' });
    const prune = here.tasks.find((task) => task.name === 'authority.prune-revocations');
    world.clock.advance(24 * 3600 + 3600);
    await prune?.run(new AbortController().signal);
    expect((await world.options.store.revokedSince(0n)).revocations).toHaveLength(1);
    // A clock that is set back finds the token revoked, not alive.
    world.clock.advance(-2 * 3600);
    expect(await verdict(world.replica(), token)).toBe('token_revoked');
    world.clock.advance(3 * 24 * 3600);
    await prune?.run(new AbortController().signal);
    expect((await world.options.store.revokedSince(0n)).revocations).toHaveLength(0);
  });
});
