import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Action,
  addThirdParty,
  attenuate,
  createDischarge,
  decodeToken,
  encodeToken,
  missingTickets,
  parseBundle,
  privateCaveat,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { rateCaveat, type Authority, type IssuerStore } from '@hangar/authority';
import {
  APP,
  dischargeKey,
  forged,
  openWorld,
  OTHER_WORKSPACE,
  START,
  WORKSPACE,
  type World,
} from './world.ts';

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

const mint = (caveats?: readonly Caveat[]) =>
  here.tokens.mint({
    workspace: WORKSPACE,
    name: 'remembered',
    creator: 'milo',
    ...(caveats === undefined ? { preset: 'org' as const } : { caveats }),
  });
const headerOf = (...tokens: string[]): string => `FlyV1 ${tokens.join(',')}`;
const read = () => ({ action: Action.read, orgId: WORKSPACE, appId: APP, now: world.clock.now() });

function macaroonOf(text: string): Macaroon {
  const decoded = decodeToken(text);
  if (!decoded.ok) throw new Error(decoded.reason.tag);
  return decoded.value;
}
const narrowed = (text: string, ...caveats: Caveat[]): string =>
  encodeToken(attenuate(macaroonOf(text), caveats));

/** Shows a header twice: what came once is not remembered. */
async function accepted(header: string, by = here): Promise<string> {
  for (let sight = 1; sight <= 2; sight += 1) {
    const outcome = await by.verifier.verify(header);
    if (!outcome.ok) throw new Error(outcome.reason.sentence);
  }
  return header;
}

/** As the tasks of a running process do it; 300 ms of the feed's clock pass. */
async function poll(authority: Authority): Promise<void> {
  world.clock.advance(0.3);
  await authority.tasks
    .find(({ name }) => name === 'authority.revocations')
    ?.run(new AbortController().signal);
}

describe('the text of an accepted header', () => {
  it('gives the same caller again, at once and without the database', async () => {
    const { token } = await mint();
    const header = headerOf(token);
    expect(here.verifier.recall(header)).toBeUndefined();
    await here.verifier.verify(header);
    expect(here.verifier.recall(header)).toBeUndefined();
    const verified = await here.verifier.verify(header);
    const recalled = here.verifier.recall(header);
    if (!verified.ok || !recalled) throw new Error('not remembered');
    const { tokenId, branch, workspace, workspaces, expiresAt } = verified.value;
    expect(recalled).toMatchObject({ tokenId, branch, workspace, workspaces, expiresAt });
    expect(recalled.appScope()).toEqual(verified.value.appScope());
    expect(recalled.clear(read())).toEqual(verified.value.clear(read()));
    expect(recalled.within(WORKSPACE)?.clear(read()).ok).toBe(true);
    expect(recalled.within(WORKSPACE + 1n)).toBeUndefined();
  });

  it('is the whole text: a copy under another scheme, or with anything beside it, is read first', async () => {
    const { token } = await mint();
    await accepted(headerOf(token));
    for (const other of [token, `Bearer ${token}`, headerOf(token, 'fo1_old'), `${headerOf(token)} `])
      expect(here.verifier.recall(other)).toBeUndefined();
  });

  it('is remembered with several tokens, each judged apart', async () => {
    const { token } = await mint();
    const reader = narrowed(token, { type: 'Action', mask: Action.read });
    const writer = narrowed(token, { type: 'Action', mask: Action.write });
    const caller = here.verifier.recall(await accepted(headerOf(reader, writer)));
    expect(caller?.clear({ ...read(), action: Action.write }).ok).toBe(true);
    expect(caller?.clear({ ...read(), action: Action.read | Action.write }).ok).toBe(false);
  });

  it('ends after five minutes', async () => {
    const header = await accepted(headerOf((await mint()).token));
    for (let seconds = 0; seconds < 300; seconds += 0.3) {
      expect(here.verifier.recall(header)).toBeDefined();
      await poll(here);
    }
    expect(here.verifier.recall(header)).toBeUndefined();
    expect(here.headers.size).toBe(0);
  });

  it('is cleared by its windows at every use', async () => {
    const { token } = await mint();
    const window: Caveat = { type: 'ValidityWindow', notBefore: START, notAfter: START + 2 };
    const header = await accepted(headerOf(narrowed(token, window)));
    expect(here.verifier.recall(header)?.clear(read()).ok).toBe(true);
    for (let round = 0; round < 8; round += 1) await poll(here);
    expect(here.verifier.recall(header)?.clear(read())).toMatchObject({
      ok: false,
      reason: { code: 'token_expired' },
    });
  });

  it('ends with its first discharge, and is then told that the discharge is over', async () => {
    const minted = await here.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'signed in',
      creator: 'milo',
      requireLogin: true,
    });
    const parsed = parseBundle(minted.token, world.options.location);
    if (!parsed.ok) throw new Error('unreadable');
    const [wanted] = missingTickets(parsed.value);
    const discharge = createDischarge({
      ticket: wanted!.ticket,
      sharedKey: Buffer.from(dischargeKey.reveal(), 'base64'),
      location: wanted!.location,
      caveats: [{ type: 'ValidityWindow', notBefore: START - 30, notAfter: START + 2 }],
    });
    const header = await accepted(headerOf(encodeToken(discharge), minted.token));
    expect(here.verifier.recall(header)?.clear(read()).ok).toBe(true);
    for (let round = 0; round < 7; round += 1) await poll(here);
    expect(here.verifier.recall(header)).toBeUndefined();
    expect(await here.verifier.verify(header)).toMatchObject({
      ok: false,
      reason: { code: 'discharge_expired' },
    });
  });
});

describe('revocations', () => {
  const targets = {
    'the token': ({ id }: { id: string }) => ({ token: id }),
    'a branch that it was narrowed from': ({ branch }: { branch: string }) => ({
      branches: [{ digest: branch }],
    }),
    'the key': ({ key }: { key: bigint }) => ({ key }),
  };

  it.each(Object.entries(targets))(
    'of %s by another process end it with the next poll',
    async (_, target) => {
      const minted = await mint();
      const header = await accepted(headerOf(narrowed(minted.token, { type: 'Action', mask: Action.read })));
      const bystander = await accepted(headerOf((await mint()).token));
      await poll(here);
      expect(here.verifier.recall(header)).toBeDefined();

      const parent = await here.verifier.verify(headerOf(minted.token));
      if (!parent.ok) throw new Error('refused');
      await world.replica().tokens.revoke({
        workspace: WORKSPACE,
        target: target({ id: minted.id, branch: parent.value.branch, key: minted.row.keyNumber }),
        by: 'owner',
      });
      await poll(here);
      expect(here.verifier.recall(header)).toBeUndefined();
      const isKey = 'key' in target({ id: '', branch: '', key: 1n });
      expect(here.verifier.recall(bystander) === undefined).toBe(isKey);
    },
  );

  it('of one token of a header end the text as a whole, and the other is judged anew', async () => {
    const [one, two] = [await mint(), await mint()];
    const header = await accepted(headerOf(one.token, two.token));
    await here.tokens.revoke({ workspace: WORKSPACE, target: { token: one.id }, by: 'owner' });
    expect(here.verifier.recall(header)).toBeUndefined();
    expect(await here.verifier.verify(header)).toMatchObject({ ok: true, value: { tokenId: two.id } });
    expect(here.verifier.recall(header)).toBeUndefined();
  });
});

describe('a feed that is not read', () => {
  it('leaves nothing to answer from after 750 ms, and nothing of before when it is back', async () => {
    const header = await accepted(headerOf((await mint()).token));
    world.clock.advance(0.75);
    expect(here.verifier.recall(header)).toBeDefined();
    world.clock.advance(0.001);
    expect(here.verifier.recall(header)).toBeUndefined();
    await poll(here);
    expect(here.verifier.recall(header)).toBeUndefined();
    expect(here.headers).toMatchObject({ size: 0, bytes: 0 });
    expect(here.verifier.recall(await accepted(header))).toBeDefined();
  });

  it('was lost while a token was judged: the verdict is not remembered', async () => {
    const { store } = world.options;
    let judging: (() => void) | undefined;
    let goOn: (() => void) | undefined;
    const slow: IssuerStore = {
      ...store,
      key: async (number) => {
        judging?.();
        await new Promise<void>((resolve) => (goOn = resolve));
        return await store.key(number);
      },
    };
    const replica = world.replica({ store: { ...store, ...slow } });
    const header = headerOf((await mint()).token);
    const asked = new Promise<void>((resolve) => (judging = resolve));
    const verdict = replica.verifier.verify(header);
    await asked;
    world.clock.advance(1);
    await poll(replica);
    goOn?.();
    expect((await verdict).ok).toBe(true);
    expect(replica.verifier.recall(header)).toBeUndefined();
  });

  it('may have been of another database: a restored one leaves nothing of before', async () => {
    const header = await accepted(headerOf((await mint()).token));
    await here.tokens.revoke({ workspace: WORKSPACE, target: { token: (await mint()).id }, by: 'owner' });
    expect(here.verifier.recall(header)).toBeDefined();
    await world.db.db.execute('delete from authority_revocations');
    await world.db.db.execute("update authority_counters set value = 0 where name = 'revocation'");
    await poll(here);
    expect(here.verifier.recall(header)).toBeUndefined();
    expect(here.headers.size).toBe(0);
  });
});

describe('a token with private caveats', () => {
  it('is charged for each request, and once for one', async () => {
    const { token } = await mint();
    const header = headerOf(
      narrowed(token, privateCaveat(rateCaveat({ take: () => true }), { perMinute: 3 })),
    );
    const first = await here.verifier.verify(await accepted(header));
    if (!first.ok) throw new Error('refused');
    expect(first.value.clear(read()).ok).toBe(true);
    for (let request = 0; request < 2; request += 1) {
      const caller = here.verifier.recall(header);
      expect(caller?.clear(read()).ok).toBe(true);
      expect(caller?.clear(read()).ok).toBe(true);
    }
    expect(here.verifier.recall(header)?.clear(read()).ok).toBe(false);
  });

  it('inside IfPresent is charged as well', async () => {
    const { token } = await mint();
    const rate = privateCaveat(rateCaveat({ take: () => true }), { perMinute: 1 });
    const nested: Caveat = { type: 'IfPresent', ifs: [rate], else: Action.none };
    const header = await accepted(headerOf(narrowed(token, nested)));
    expect(here.verifier.recall(header)).not.toBe(here.verifier.recall(header));
  });

  it('keeps limits for the request that asked', async () => {
    const plain = await accepted(headerOf((await mint()).token));
    expect(here.verifier.recall(plain)).toBe(here.verifier.recall(plain));
  });
});

describe('copies that come once', () => {
  it('leave nothing behind, however many there are; one that comes again does', async () => {
    const { token } = await mint();
    const copies = Array.from({ length: 100 }, (_, index) =>
      headerOf(narrowed(token, { type: 'ValidityWindow', notBefore: 0, notAfter: START + 1000 + index })),
    );
    for (const copy of copies) expect((await here.verifier.verify(copy)).ok).toBe(true);
    expect(here.headers).toMatchObject({ size: 0, bytes: 0 });
    expect(here.cache.size).toBe(0);
    await here.verifier.verify(copies[0]!);
    expect(here.verifier.recall(copies[0]!)).toBeDefined();
    expect([here.headers.size, here.cache.size]).toEqual([1, 1]);
  });
});

describe('a header of which one token waits for its key', () => {
  it('is judged by what is known of revocations when the wait is over', async () => {
    const { store } = world.options;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let looks = 0;
    const key: IssuerStore['key'] = async (number) => {
      const row = await store.key(number);
      looks += 1;
      if (looks === 2) await released;
      return row;
    };
    const slow = world.replica({ store: { ...store, key } });
    const one = await mint();
    const other = { workspace: OTHER_WORKSPACE, name: 'other', creator: 'milo', preset: 'org' as const };
    const two = await here.tokens.mint(other);
    await accepted(headerOf(one.token), slow);
    const verdict = slow.verifier.verify(headerOf(one.token, two.token));
    await expect.poll(() => looks).toBe(2);
    await slow.tokens.revoke({ workspace: WORKSPACE, target: { token: one.id }, by: 'owner' });
    release();
    expect(await verdict).toMatchObject({ ok: true, value: { tokenId: two.id, workspace: OTHER_WORKSPACE } });
  });
});

describe('what is not accepted', () => {
  it('leaves nothing behind, however often it comes', async () => {
    const { token } = await mint();
    for (let bit = 0; bit < 200; bit += 1) {
      const bytes = Buffer.from(token.slice('fm2_'.length), 'base64');
      bytes[bit % bytes.length]! ^= 1 << (bit % 8);
      expect((await here.verifier.verify(headerOf(`fm2_${bytes.toString('base64')}`))).ok).toBe(false);
    }
    for (const text of ['', 'FlyV1 ', 'FlyV1 fo1_old', headerOf(token.slice(0, -8)), headerOf(forged(token))])
      expect((await here.verifier.verify(text)).ok).toBe(false);
    expect(here.headers).toMatchObject({ size: 0, bytes: 0 });
  });

  it('beside a token that is, has the header judged anew each time', async () => {
    const { token } = await mint();
    const needy = encodeToken(
      addThirdParty(macaroonOf(token), { location: 'https://other.example', sharedKey: new Uint8Array(32) }),
    );
    const header = headerOf(token, needy);
    await accepted(header);
    expect(here.verifier.recall(header)).toBeUndefined();
    expect(here.headers.size).toBe(0);
  });

  it('includes a text so long that it would be found by its length alone', async () => {
    const { token } = await mint();
    const header = headerOf(token, 'x'.repeat(16_384 - headerOf(token).length - 1));
    expect(header).toHaveLength(16_384);
    await accepted(header);
    expect(here.headers.size).toBe(0);
    expect(here.verifier.recall(await accepted(header.slice(0, -1)))).toBeDefined();
  });
});
