import type { AuthenticatedCaller, BranchLimit, HangarFacts } from '@hangar/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Action,
  attenuate,
  clear,
  caveatsFromJson,
  caveatsToJson,
  decodeToken,
  encodeCaveats,
  encodeToken,
  explainCaveat,
  type Access,
} from '@hangar/macaroon';
import { hangarCaveats, HANGAR_CAVEAT_NUMBERS } from '@hangar/authority';
import { openWorld, WORKSPACE, type World } from './world.ts';

let world: World;
let root: string;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  await world.reset();
  root = (await world.authority.tokens.mint({ workspace: WORKSPACE, preset: 'org', name: 'r', creator: 'r' }))
    .token;
});
afterAll(() => world.close());

function narrowed(text: string, ...caveats: { type: string; body: unknown }[]): string {
  const decoded = decodeToken(text);
  const parsed = caveatsFromJson(JSON.stringify(caveats), hangarCaveats());
  if (!decoded.ok || !parsed.ok) throw new Error(parsed.ok ? 'unreadable' : parsed.reason.detail);
  return encodeToken(attenuate(decoded.value, parsed.value));
}

async function callerOf(text: string): Promise<AuthenticatedCaller> {
  const outcome = await world.authority.verifier.verify(text);
  if (!outcome.ok) throw new Error(outcome.reason.code);
  return outcome.value;
}

const access = (
  action: number,
  extension: HangarFacts = {},
  more: Partial<Access<HangarFacts>> = {},
): Access<HangarFacts> => ({
  action,
  orgId: WORKSPACE,
  now: world.clock.now(),
  extension: { ...extension },
  ...more,
});

/** A fresh request, as the gateway makes one: verify, then clear. */
async function asks(text: string, ...rest: Parameters<typeof access>): Promise<boolean> {
  return (await callerOf(text)).clear(access(...rest)).ok;
}

/** The limits that a request of somebody who holds them is left with; undefined when it is refused. */
async function leftTo(
  text: string,
  action: number,
  facts: HangarFacts = {},
  more: Partial<Access<HangarFacts>> = {},
): Promise<readonly BranchLimit[] | undefined> {
  const outcome = (await callerOf(text)).clear(access(action, { ...facts, keepsLimits: true }, more));
  return outcome.ok ? outcome.value.limits : undefined;
}

const bodies: Record<string, unknown> = {
  EnvCreate: {
    key_prefix: 'gh:acme/shop#',
    name_prefix: 'pr-',
    classes: ['review'],
    max_live: 2,
    max_ttl_s: 259_200,
    labels: { repo: 'acme/shop' },
  },
  EnvLabels: { user: '8123' },
  ExecLimit: { timeout_s: 30, max_output_bytes: 1000, per_minute: 2 },
  Source: { cidrs: ['203.0.113.0/24', 'fdaa:0:47fb::/48'] },
  Rate: { per_minute: 3 },
  Spend: { amount: 500, currency: 'EUR', period: 'month' },
};

describe('each caveat of our own', () => {
  for (const [type, body] of Object.entries(bodies)) {
    it(`${type} goes through JSON, bytes and words without loss`, () => {
      const parsed = caveatsFromJson(JSON.stringify([{ type, body }]), hangarCaveats());
      if (!parsed.ok) throw new Error(parsed.reason.detail);
      const [written] = JSON.parse(caveatsToJson(parsed.value, hangarCaveats())) as {
        type: string;
        body: unknown;
      }[];
      expect(written?.body).toEqual(body);
      // Read back under its number too, which is what the JSON of a token shows.
      const again = caveatsFromJson(JSON.stringify([written]), hangarCaveats());
      expect(
        again.ok && Buffer.from(encodeCaveats(again.value)).equals(Buffer.from(encodeCaveats(parsed.value))),
      ).toBe(true);
      const [caveat] = parsed.value;
      expect(caveat && explainCaveat(caveat, hangarCaveats())).toMatch(/\.$/);
    });

    it(`${type} with a misspelt or missing field is refused`, () => {
      const wrong = [
        type === 'EnvLabels' ? { user: 8123 } : { ...(body as object), surprise: 1 },
        type === 'EnvLabels' ? [] : {},
        null,
        'text',
      ];
      for (const each of wrong) {
        expect(caveatsFromJson(JSON.stringify([{ type, body: each }]), hangarCaveats()).ok).toBe(false);
      }
    });
  }

  it('has a number of its own in the private range that never changes', () => {
    expect(HANGAR_CAVEAT_NUMBERS).toEqual({
      EnvCreate: 281_785_310_004_993n,
      EnvLabels: 281_785_310_004_994n,
      LoginOf: 281_785_310_004_999n,
      ExecLimit: 281_785_310_004_995n,
      Source: 281_785_310_004_996n,
      Rate: 281_785_310_004_997n,
      Spend: 281_785_310_004_998n,
    });
  });
});

describe('Source', () => {
  it('lets a token work from its networks only, and from nowhere when the origin is not known', async () => {
    const token = narrowed(root, { type: 'Source', body: bodies['Source'] });
    const from = (remoteAddress?: string) =>
      asks(token, Action.read, remoteAddress === undefined ? {} : { remoteAddress });
    expect(await from('203.0.113.9')).toBe(true);
    expect(await from('::ffff:203.0.113.9')).toBe(true);
    expect(await from('fdaa:0:47fb:a7b::2')).toBe(true);
    expect(await from('203.0.114.9')).toBe(false);
    expect(await from('fdaa:0:47fc::2')).toBe(false);
    expect(await from('not-an-address')).toBe(false);
    expect(await from()).toBe(false);
  });
});

describe('Rate', () => {
  it('counts a child apart from its brother and together with its parent', async () => {
    const parent = narrowed(root, { type: 'Rate', body: { per_minute: 3 } });
    const child = narrowed(parent, { type: 'Action', body: 'r' });
    expect([
      await asks(child, 1),
      await asks(parent, 1),
      await asks(child, 1),
      await asks(parent, 1),
    ]).toEqual([true, true, true, false]);
    const brother = narrowed(root, { type: 'Action', body: 'r' }, { type: 'Rate', body: { per_minute: 3 } });
    expect(await asks(brother, 1)).toBe(true);
    world.clock.advance(20);
    expect([await asks(child, 1), await asks(child, 1)]).toEqual([true, false]);
  });

  it('is asked with facts of known names only', async () => {
    const caller = await callerOf(root);
    // @ts-expect-error a fact that no caveat looks at is a mistake, and one of another name too
    expect(caller.clear(access(1, { remote: '203.0.113.7' })).ok).toBe(true);
    // @ts-expect-error what the registry is told is what its caveats read
    expect(clear({ caveats: [] }, { ...access(1), extension: { cost: true } }, hangarCaveats()).ok).toBe(
      false,
    );
  });

  it('charges one request once, however often it is cleared on its way', async () => {
    const token = narrowed(root, { type: 'Rate', body: { per_minute: 1 } });
    const caller = await callerOf(token);
    expect([caller.clear(access(1)).ok, caller.clear(access(1)).ok]).toEqual([true, true]);
    expect(await asks(token, 1)).toBe(false);
  });
});

describe('ExecLimit', () => {
  const token = () => narrowed(root, { type: 'ExecLimit', body: bodies['ExecLimit'] });
  const machine = { appId: 1n, machine: 'm', command: ['ls'] };

  it('bounds commands and leaves everything else alone', async () => {
    const text = token();
    expect(await asks(text, Action.delete)).toBe(true);
    const run = (timeoutSeconds: number, maxOutputBytes: number) =>
      asks(text, Action.control, { exec: { timeoutSeconds, maxOutputBytes } }, machine);
    expect([await run(31, 10), await run(30, 1001)]).toEqual([false, false]);
    expect([await run(30, 1000), await run(1, 1), await run(1, 1)]).toEqual([true, true, false]);
  });

  it('refuses a command whose bounds nobody stated', async () => {
    expect(await asks(token(), Action.control, {}, machine)).toBe(false);
    expect(await asks(token(), Action.control, { exec: { timeoutSeconds: 1 } }, machine)).toBe(false);
  });

  it('leaves its bounds to whoever runs a command that asks for none', async () => {
    const [limit] = (await leftTo(token(), Action.control, { exec: {} }, machine)) ?? [];
    expect(limit).toEqual({ kind: 'exec', timeoutSeconds: 30, maxOutputBytes: 1000 });
    expect(await leftTo(token(), Action.control, { exec: { timeoutSeconds: 31 } }, machine)).toBeUndefined();
  });
});

describe('Spend', () => {
  it('stops what costs once the budget is used up, and still lets a machine be stopped and looked at', async () => {
    const token = narrowed(root, { type: 'Spend', body: bodies['Spend'] });
    const { branch } = await callerOf(token);
    const limit = {
      kind: 'spend',
      branch,
      amount: 500,
      currency: 'EUR',
      period: 'month',
      caveat: 'Creates and starts until it has cost 5.00 EUR a month.',
    };
    expect(await leftTo(token, Action.create)).toEqual([limit]);
    expect(await leftTo(token, Action.control)).toEqual([limit]);
    expect(await leftTo(token, Action.write, { costs: true })).toEqual([limit]);
    expect(await leftTo(token, Action.read)).toEqual([]);
    expect(await leftTo(token, Action.control, { costs: false })).toEqual([]);
  });

  it('counts a child apart from its brother, and for its parent too', async () => {
    const parent = narrowed(root, { type: 'Spend', body: bodies['Spend'] });
    const less = { type: 'Spend', body: { amount: 100, currency: 'EUR', period: 'month' } };
    const child = narrowed(parent, less);
    const brother = narrowed(parent, { type: 'Action', body: 'rc' }, less);
    const branches = async (text: string) =>
      ((await leftTo(text, Action.create)) ?? []).map((limit) => ('branch' in limit ? limit.branch : ''));
    const [ofParent] = await branches(parent);
    expect(await branches(child)).toEqual([ofParent, (await callerOf(child)).branch]);
    expect(await branches(brother)).toEqual([ofParent, (await callerOf(brother)).branch]);
    expect(await branches(brother)).not.toEqual(await branches(child));
  });

  it('refuses where nobody counts', async () => {
    const token = narrowed(root, { type: 'Spend', body: bodies['Spend'] });
    expect(await asks(token, Action.create)).toBe(false);
    expect(await asks(token, Action.read)).toBe(true);
  });
});

describe('EnvLabels', () => {
  it('is about environments that carry the labels', async () => {
    const token = narrowed(root, { type: 'EnvLabels', body: { user: '8123', plan: 'trial' } });
    const on = (labels: Record<string, string>) => asks(token, Action.read, { environment: { labels } });
    expect(await on({ user: '8123', plan: 'trial', more: 'x' })).toBe(true);
    expect(await on({ user: '8123' })).toBe(false);
    expect(await on({ user: '8124', plan: 'trial' })).toBe(false);
    expect(await asks(token, Action.read)).toBe(false);
  });

  it('lets a list be asked for that is cut down to such environments', async () => {
    const token = narrowed(root, { type: 'EnvLabels', body: { user: '8123' } });
    expect(await asks(token, Action.read, { listing: true })).toBe(true);
    expect(await asks(token, Action.read, { listing: true, environment: { labels: {} } })).toBe(false);
  });

  it('does not mistake what every object has for a label', async () => {
    const token = narrowed(root, { type: 'EnvLabels', body: { constructor: 'x' } });
    expect(await asks(token, Action.read, { environment: { labels: {} } })).toBe(false);
  });
});

describe('EnvCreate', () => {
  const good = {
    key: 'gh:acme/shop#412',
    name: 'pr-412-shop',
    class: 'review',
    ttlSeconds: 259_200,
    labels: { repo: 'acme/shop', pr: '412' },
  };

  it('makes environments of its own kind, so many at once, and touches only those', async () => {
    const token = narrowed(root, { type: 'EnvCreate', body: bodies['EnvCreate'] });
    const { branch } = await callerOf(token);
    const make = (changes: object = {}) =>
      leftTo(token, Action.create, { environment: { ...good, ...changes } });
    expect(await make()).toMatchObject([{ kind: 'live', branch, maxLive: 2, maxTtlSeconds: 259_200 }]);
    const wrong = [
      { key: 'gh:acme/other#1' },
      { name: 'production' },
      { class: 'huge' },
      { ttlSeconds: 259_201 },
      { labels: { repo: 'acme/other' } },
    ];
    for (const change of wrong) expect([change, await make(change)]).toEqual([change, undefined]);
    for (const lacking of ['key', 'name', 'class', 'labels'] as const) {
      const { [lacking]: _, ...rest } = good;
      expect([lacking, await leftTo(token, Action.create, { environment: rest })]).toEqual([
        lacking,
        undefined,
      ]);
    }
    // Somebody who does not hold limits cannot be told how many are alive.
    expect(await asks(token, Action.create, { environment: good })).toBe(false);
    // What exists can be deleted and have machines made in it, and nothing else be touched.
    expect(await asks(token, Action.delete, { environment: { exists: true, key: good.key } })).toBe(true);
    expect(await asks(token, Action.create, { environment: { exists: true, key: good.key } })).toBe(true);
    expect(await asks(token, Action.delete, { environment: { exists: true, key: 'user:8123' } })).toBe(false);
    expect(await asks(token, Action.read)).toBe(false);
    expect(await asks(token, Action.read, { listing: true })).toBe(true);
  });

  it('leaves an environment without a lifetime as much as it allows', async () => {
    const token = narrowed(root, { type: 'EnvCreate', body: bodies['EnvCreate'] });
    const { ttlSeconds: _, ...endless } = good;
    expect(await leftTo(token, Action.create, { environment: endless })).toMatchObject([
      { kind: 'live', maxTtlSeconds: 259_200 },
    ]);
  });
});

describe('a verifier that does not know our caveats', () => {
  it('refuses every one of them', async () => {
    const { clear, verify } = await import('@hangar/macaroon');
    for (const [type, body] of Object.entries(bodies)) {
      const decoded = decodeToken(narrowed(root, { type, body }));
      if (!decoded.ok) throw new Error('unreadable');
      const row = await world.options.store.key(Buffer.from(decoded.value.nonce.keyId).readBigUInt64BE());
      if (!row) throw new Error('no key');
      const key = world.options.sealer.open(
        row.sealed,
        `authority_keys.sealed/${row.number}/workspace/${WORKSPACE}`,
      );
      const verified = verify(decoded.value, { key });
      const everything: HangarFacts = {
        remoteAddress: '203.0.113.9',
        costs: false,
        environment: { labels: { user: '8123' } },
      };
      expect([type, verified.ok && clear(verified.value, access(Action.read, everything)).ok]).toEqual([
        type,
        false,
      ]);
    }
  });
});
