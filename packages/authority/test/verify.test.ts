import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { keyIdOf } from '../src/issuer/key-id.ts';
import {
  Action,
  addThirdParty,
  attenuate,
  createDischarge,
  decodeToken,
  encodeToken,
  LOCATIONS,
  mint as mintMacaroon,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import {
  APP,
  dischargeKey,
  forged,
  openWorld,
  OTHER_APP,
  OTHER_WORKSPACE,
  START,
  WORKSPACE,
  type World,
} from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

function macaroonOf(text: string): Macaroon {
  const decoded = decodeToken(text);
  if (!decoded.ok) throw new Error('not a token');
  return decoded.value;
}

async function orgToken(workspace = WORKSPACE): Promise<string> {
  const minted = await world.authority.tokens.mint({
    workspace,
    preset: 'org',
    name: 'test',
    creator: 'test',
  });
  return minted.token;
}

async function refusal(text: string | null) {
  const outcome = await world.authority.verifier.verify(text);
  if (outcome.ok) throw new Error('the token was taken');
  return outcome.reason;
}

const window = (from: number, to: number): Caveat => ({
  type: 'ValidityWindow',
  notBefore: from,
  notAfter: to,
});

describe('a token that holds', () => {
  it('gives a caller of the workspace whose key signed it', async () => {
    const token = await orgToken();
    const outcome = await world.authority.verifier.verify(`FlyV1 ${token}`);
    expect(outcome).toMatchObject({ ok: true, value: { workspace: WORKSPACE, workspaces: [WORKSPACE] } });
    if (!outcome.ok) return;
    expect(outcome.value.tokenId).toMatch(/^[0-9a-f-]{36}$/);
    expect(outcome.value.branch).toMatch(/^[0-9a-f]{64}$/);
    expect(outcome.value.expiresAt).toEqual(new Date((START + 24 * 3600) * 1000));
  });

  it('is taken with any scheme and with discharges of nobody beside it', async () => {
    const token = await orgToken();
    for (const text of [token, `Bearer ${token}`, `bearer FlyV1 ${token}`, `FlyV1 ${token},fo1_old`]) {
      expect((await world.authority.verifier.verify(text)).ok).toBe(true);
    }
  });

  it('narrowed offline names its apps and keeps its id but not its branch', async () => {
    const parent = macaroonOf(await orgToken());
    const child = attenuate(parent, [{ type: 'Apps', apps: new Map([[APP, 17]]) }]);
    const [a, b] = [
      await world.authority.verifier.verify(encodeToken(parent)),
      await world.authority.verifier.verify(encodeToken(child)),
    ];
    if (!a.ok || !b.ok) throw new Error('refused');
    expect(b.value.tokenId).toBe(a.value.tokenId);
    expect(b.value.branch).not.toBe(a.value.branch);
    expect(a.value.appScope()).toBeUndefined();
    expect(b.value.appScope()).toEqual([APP]);
  });

  it('is refused by clearing with its id, the caveat and what was asked, and never its text', async () => {
    const text = encodeToken(
      attenuate(macaroonOf(await orgToken()), [{ type: 'Apps', apps: new Map([[APP, 17]]) }]),
    );
    const outcome = await world.authority.verifier.verify(text);
    if (!outcome.ok) throw new Error('refused');
    const cleared = outcome.value.clear({
      action: Action.delete,
      orgId: WORKSPACE,
      appId: APP,
      machine: '148e21',
      now: world.clock.now(),
    });
    expect(cleared).toMatchObject({ ok: false, reason: { code: 'caveat_denied' } });
    if (cleared.ok) return;
    expect(cleared.reason.sentence).toContain(outcome.value.tokenId);
    expect(cleared.reason.sentence).toContain(`delete machine 148e21 of app ${APP}`);
    expect(cleared.reason.caveat).toContain(`app ${APP}`);
    expect(JSON.stringify(cleared.reason)).not.toContain('fm2_');
    expect(JSON.stringify(cleared.reason)).not.toContain(text.slice(20, 60));
  });
});

describe('several tokens in one header', () => {
  it('are judged apart: one that allows the whole request is enough, two halves are not', async () => {
    const base = macaroonOf(await orgToken());
    const reader = encodeToken(attenuate(base, [{ type: 'Action', mask: Action.read }]));
    const writer = encodeToken(attenuate(base, [{ type: 'Action', mask: Action.write }]));
    const outcome = await world.authority.verifier.verify(`${reader},${writer}`);
    if (!outcome.ok) throw new Error('refused');
    const ask = (action: number) =>
      outcome.value.clear({ action, orgId: WORKSPACE, now: world.clock.now() }).ok;
    expect([ask(Action.read), ask(Action.write), ask(Action.read | Action.write)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('of two workspaces speak for each of them alone', async () => {
    const outcome = await world.authority.verifier.verify(
      `${await orgToken()},${await orgToken(OTHER_WORKSPACE)}`,
    );
    if (!outcome.ok) throw new Error('refused');
    expect(outcome.value.workspaces).toEqual([WORKSPACE, OTHER_WORKSPACE]);
    const other = outcome.value.within(OTHER_WORKSPACE);
    const ask = (orgId: bigint) => other?.clear({ action: Action.read, orgId, now: world.clock.now() }).ok;
    expect([other?.workspace, ask(OTHER_WORKSPACE), ask(WORKSPACE)]).toEqual([OTHER_WORKSPACE, true, false]);
    expect(outcome.value.within(99n)).toBeUndefined();
  });

  it('still work when one of them does not verify', async () => {
    const good = await orgToken();
    expect((await world.authority.verifier.verify(`${forged(good)},${good}`)).ok).toBe(true);
  });
});

describe('a token that is not taken says why', () => {
  it('when there is none', async () => {
    for (const text of [null, '', '   '])
      expect(await refusal(text)).toMatchObject({ code: 'token_missing' });
  });

  it('when it is no macaroon', async () => {
    expect(await refusal('fo1_abcdef')).toMatchObject({ code: 'token_malformed' });
    expect(await refusal('fm2_@@@@')).toMatchObject({ code: 'token_malformed' });
  });

  it('when it is for another location', async () => {
    const stray = mintMacaroon({
      key: randomBytes(32),
      keyId: keyIdOf(1n),
      location: 'https://elsewhere.example/v1',
      caveats: [],
    });
    expect(await refusal(encodeToken(stray))).toMatchObject({
      code: 'token_wrong_location',
      location: 'https://elsewhere.example/v1',
    });
  });

  it('when its key is not known here', async () => {
    for (const keyId of [keyIdOf(999_999n), keyIdOf(0n), keyIdOf(2n ** 64n - 1n), randomBytes(3)]) {
      const stranger = mintMacaroon({
        key: randomBytes(32),
        keyId,
        location: LOCATIONS.permission,
        caveats: [{ type: 'Organization', id: WORKSPACE, mask: 31 }],
      });
      expect(await refusal(encodeToken(stranger))).toMatchObject({ code: 'token_unknown_key' });
    }
  });

  it('when its signature does not fit, whatever key id it claims', async () => {
    const real = macaroonOf(await orgToken());
    const pretended = mintMacaroon({
      key: randomBytes(32),
      keyId: real.nonce.keyId,
      location: LOCATIONS.permission,
      caveats: [{ type: 'Organization', id: WORKSPACE, mask: 31 }],
    });
    const reason = await refusal(encodeToken(pretended));
    expect(reason).toMatchObject({ code: 'token_bad_signature' });
    expect(reason.tokenId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('when a discharge is missing, foreign, or over: three different codes, each with the location', async () => {
    const location = world.options.dischargeLocation;
    const sharedKey = Buffer.from(dischargeKey.reveal(), 'base64');
    const token = addThirdParty(macaroonOf(await orgToken()), { location, sharedKey });
    const ticket = token.caveats.at(-1);
    if (ticket?.type !== '3P') throw new Error('no ticket');
    const sign = (caveats: readonly Caveat[]) =>
      encodeToken(createDischarge({ ticket: ticket.ticket, sharedKey, location, caveats }));

    expect(await refusal(encodeToken(token))).toMatchObject({ code: 'discharge_required', location });

    const foreign = mintMacaroon({
      key: randomBytes(32),
      keyId: ticket.ticket,
      location,
      caveats: [],
      proof: true,
    });
    expect(await refusal(`${encodeToken(token)},${encodeToken(foreign)}`)).toMatchObject({
      code: 'discharge_invalid',
      location,
    });

    const over = sign([window(START - 700, START - 100)]);
    expect(await refusal(`${encodeToken(token)},${over}`)).toMatchObject({
      code: 'discharge_expired',
      location,
    });

    const good = sign([window(START - 10, START + 600)]);
    expect((await world.authority.verifier.verify(`${encodeToken(token)},${over},${good}`)).ok).toBe(true);
  });

  it('when its key signed it but it names no organization', async () => {
    const keys = await world.authority.tokens.mint({
      workspace: 70_009n,
      preset: 'org',
      name: 'k',
      creator: 'k',
    });
    const row = await world.options.store.key(keys.row.keyNumber);
    if (!row) throw new Error('no key');
    const key = world.options.sealer.open(
      row.sealed,
      `authority_keys.sealed/${row.number}/workspace/${row.workspace}`,
    );
    const bare = mintMacaroon({
      key,
      keyId: keyIdOf(row.number),
      location: LOCATIONS.permission,
      caveats: [],
    });
    expect(await refusal(encodeToken(bare))).toMatchObject({ code: 'token_malformed' });
  });

  it('never with any part of the token in its words', async () => {
    const text = await orgToken();
    const cut = text.slice(0, -9);
    for (const bad of [cut, `${text}=`, text.replace('fm2_', 'fm2_A')]) {
      const words = JSON.stringify(await refusal(bad));
      for (let at = 0; at + 24 < text.length; at += 12) expect(words).not.toContain(text.slice(at, at + 24));
    }
  });
});

describe('TOK-13: a token that is cut off is called cut off', () => {
  it('at every one of its proper prefixes', async () => {
    const location = world.options.dischargeLocation;
    const sharedKey = Buffer.from(dischargeKey.reveal(), 'base64');
    const token = addThirdParty(
      attenuate(macaroonOf(await orgToken()), [
        { type: 'IfPresent', ifs: [{ type: 'Apps', apps: new Map([[APP, 31]]) }], else: 1 },
        {
          type: 'Mutations',
          mutations: ['a-long-name-that-makes-the-token-as-long-as-a-real-one', 'another'],
        },
      ]),
      { location, sharedKey },
    );
    const ticket = token.caveats.at(-1);
    if (ticket?.type !== '3P') throw new Error('no ticket');
    const discharge = createDischarge({
      ticket: ticket.ticket,
      sharedKey,
      location,
      caveats: [window(START - 10, START + 600)],
    });
    const text = [token, discharge].map(encodeToken).join(',');
    expect(text.length).toBeGreaterThanOrEqual(690);
    expect((await world.authority.verifier.verify(text)).ok).toBe(true);
    const whole = encodeToken(token).length;
    const codes = new Map<string, number>();
    for (let length = 1; length < text.length; length += 1) {
      const { code } = await refusal(text.slice(0, length));
      // The first token alone is whole; what is missing then is the discharge.
      expect([length, code]).toEqual([length, length === whole ? 'discharge_required' : 'token_truncated']);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(codes.get('token_truncated')).toBe(text.length - 2);
  });
});

describe('TOK-6: validity windows', () => {
  it('hold at both edges to the second, and fail one second outside', async () => {
    const base = macaroonOf(await orgToken());
    const token = encodeToken(attenuate(base, [window(START + 100, START + 200)]));
    const outcome = await world.authority.verifier.verify(token);
    if (!outcome.ok) throw new Error('refused');
    const at = (offset: number) => {
      const now = new Date((START + offset) * 1000);
      const cleared = outcome.value.clear({ action: Action.read, orgId: WORKSPACE, appId: OTHER_APP, now });
      return cleared.ok ? 'allowed' : cleared.reason.code;
    };
    expect([99, 100, 101, 199, 200, 201].map(at)).toEqual([
      'caveat_denied',
      'allowed',
      'allowed',
      'allowed',
      'allowed',
      'token_expired',
    ]);
  });

  it('decide the code when other caveats refuse as well: a dead token is called dead', async () => {
    const base = macaroonOf(await orgToken());
    const token = attenuate(base, [{ type: 'Action', mask: Action.read }, window(START, START + 10)]);
    const outcome = await world.authority.verifier.verify(encodeToken(token));
    const now = new Date((START + 11) * 1000);
    const cleared = outcome.ok && outcome.value.clear({ action: Action.delete, orgId: WORKSPACE, now });
    expect(cleared).toMatchObject({ ok: false, reason: { code: 'token_expired' } });
  });

  it('are asked anew for each request, so a cached token ends on time and a clock set back does not kill it', async () => {
    const local = await openWorld();
    try {
      const { token } = await local.authority.tokens.mint({
        workspace: WORKSPACE,
        preset: 'org',
        name: 'short',
        creator: 'test',
        expiresInSeconds: 60,
      });
      const ask = async () => {
        const outcome = await local.authority.verifier.verify(token);
        if (!outcome.ok) return outcome.reason.code;
        const cleared = outcome.value.clear({
          action: Action.read,
          orgId: WORKSPACE,
          now: local.clock.now(),
        });
        return cleared.ok ? 'allowed' : cleared.reason.code;
      };
      expect(await ask()).toBe('allowed');
      local.clock.advance(60);
      expect(await ask()).toBe('allowed');
      local.clock.advance(1);
      expect(await ask()).toBe('token_expired');
      local.clock.advance(-3600);
      // An hour before it was made it is not valid yet; expired tokens are not revived by a clock set back.
      expect(await ask()).toBe('caveat_denied');
      local.clock.advance(3595);
      expect(await ask()).toBe('allowed');
      expect(local.authority.cache.hits).toBeGreaterThan(0);
    } finally {
      await local.close();
    }
  });
});

describe('the fast path', () => {
  it('verifies a known token again without asking the database', async () => {
    const { store } = world.options;
    const asked: string[] = [];
    const counting = new Proxy(store, {
      get: (target, name, receiver) => {
        const member: unknown = Reflect.get(target, name, receiver);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          asked.push(String(name));
          return (member as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    const replica = world.replica({ store: counting });
    const token = await orgToken();
    expect((await replica.verifier.verify(token)).ok).toBe(true);
    expect(asked.toSorted()).toEqual(['key', 'revokedSince']);
    for (let round = 0; round < 50; round += 1) expect((await replica.verifier.verify(token)).ok).toBe(true);
    const child = encodeToken(attenuate(macaroonOf(token), [{ type: 'Action', mask: 1 }]));
    expect((await replica.verifier.verify(child)).ok).toBe(true);
    expect(asked).toHaveLength(2);
  });
});
