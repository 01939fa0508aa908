import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { caveatsFromJson, decodeToken, type Caveat } from '@hangar/macaroon';
import { createSealer, Secret } from '@hangar/security';
import { hangarCaveats, isPresetName, parseLifetime, presets } from '@hangar/authority';
import { APP, call, masterKey, openWorld, OTHER_WORKSPACE, START, WORKSPACE, type World } from './world.ts';

let world: World;
let root: string;
beforeAll(async () => {
  world = await openWorld({
    directory: {
      appNumber: async (workspace, name) =>
        workspace === WORKSPACE && name === 'hf-u8123' ? APP : undefined,
    },
  });
});
beforeEach(async () => {
  await world.reset();
  root = (
    await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'root',
      creator: 'hangar',
    })
  ).token;
});
afterAll(() => world.close());

const post = (body: unknown, token = root) =>
  call(world.authority, 'POST', '/hangar/v1/tokens', { token, body });

function caveatsOf(text: string): readonly Caveat[] {
  const decoded = decodeToken(text);
  if (!decoded.ok) throw new Error(decoded.reason.tag);
  return decoded.value.caveats;
}

describe('minting over HTTP', () => {
  it('gives a token for automation: a year of rC on one app, with no third party', async () => {
    const { status, body } = await post({
      name: 'celery-autoscaler',
      expires_in: '8760h',
      caveats: [
        { type: 'Organization', body: { id: Number(WORKSPACE), mask: 'rC' } },
        { type: 'Apps', body: { apps: { [String(APP)]: 'rC' } } },
      ],
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name: 'celery-autoscaler',
      preset: 'custom',
      third_party: [],
      refresh_needed: false,
      state: 'active',
      length: String(body['token']).length,
    });
    expect(String(body['token']).replaceAll('=', '').endsWith(String(body['check']).slice(1))).toBe(true);
  });

  it('never outlives the token that asked, and shows the true end', async () => {
    const { body } = await post({ name: 'long', preset: 'app-control', app_id: Number(APP) });
    expect(body['effective_expiry']).toBe(new Date((START + 24 * 3600) * 1000).toISOString());
  });

  it('finds an app by its name, inside the workspace only', async () => {
    expect((await post({ name: 'a', preset: 'deploy', app: 'hf-u8123' })).body).toMatchObject({
      app_id: Number(APP),
    });
    expect((await post({ name: 'a', preset: 'deploy', app: 'somebody-elses' })).status).toBe(404);
  });

  it('carries every caveat of the token that asked', async () => {
    const narrowed = await call(world.authority, 'POST', '/hangar/v1/tokens/attenuate', {
      body: { token: root, caveats: [{ type: 'Volumes', body: { volumes: { vol_1: 'r' } } }] },
    });
    const parent = String(narrowed.body['token']);
    // A bare Volumes caveat refuses everything without a volume, so this token cannot mint at all.
    expect((await post({ name: 'x', preset: 'org' }, parent)).status).toBe(403);

    const timed = await call(world.authority, 'POST', '/hangar/v1/tokens/attenuate', {
      body: {
        token: root,
        caveats: [{ type: 'ValidityWindow', body: { not_before: START, not_after: START + 90 } }],
      },
    });
    const { status, body } = await post({ name: 'x', preset: 'readonly' }, String(timed.body['token']));
    expect(status).toBe(201);
    const ends = caveatsOf(String(body['token'])).flatMap((each) =>
      each.type === 'ValidityWindow' ? [each.notAfter] : [],
    );
    expect(ends).toContain(START + 90);
    expect(body['effective_expiry']).toBe(new Date((START + 90) * 1000).toISOString());
  });

  it('needs a token that may create tokens', async () => {
    expect(
      (await call(world.authority, 'POST', '/hangar/v1/tokens', { body: { name: 'x', preset: 'org' } })).body,
    ).toMatchObject({
      code: 'token_missing',
    });
    for (const preset of ['readonly', 'wireguard', 'deploy', 'app-control'] as const) {
      const weak = await world.authority.tokens.mint({
        workspace: WORKSPACE,
        preset,
        name: preset,
        creator: 'hangar',
        ...(presets[preset].needsApp ? { appId: APP } : {}),
      });
      const refused = await post({ name: 'x', preset: 'org' }, weak.token);
      expect([preset, refused.status, refused.body['code']]).toEqual([preset, 403, 'caveat_denied']);
      expect(refused.body['token_id']).toBe(weak.id);
    }
  });

  it('is refused where the new token would start a budget afresh', async () => {
    const limited = await call(world.authority, 'POST', '/hangar/v1/tokens/attenuate', {
      body: { token: root, caveats: [{ type: 'Rate', body: { per_minute: 5 } }] },
    });
    const { status, body } = await post({ name: 'x', preset: 'org' }, String(limited.body['token']));
    expect([status, body['code']]).toEqual([403, 'caveat_denied']);
  });

  it('is refused for another organization, by any way of writing it', async () => {
    for (const id of [Number(OTHER_WORKSPACE), 0]) {
      const { status, body } = await post({
        name: 'x',
        caveats: [{ type: 'Organization', body: { id, mask: 'rwcdC' } }],
      });
      expect([id, status, body['code']]).toEqual([id, 403, 'caveat_denied']);
    }
    const both = await post({
      name: 'x',
      caveats: [
        { type: 'Organization', body: { id: Number(WORKSPACE), mask: 'r' } },
        { type: 'Organization', body: { id: Number(OTHER_WORKSPACE), mask: 'r' } },
      ],
    });
    expect(both.status).toBe(403);
  });

  it('answers 400 naming the field for what it does not understand', async () => {
    const cases: readonly [string, unknown][] = [
      ['caveats[0].type', { name: 'x', caveats: [{ type: 'Frobnicate', body: {} }] }],
      ['caveats[0].type', { name: 'x', caveats: [{ type: '281474976710999', body: {} }] }],
      [
        'caveats[0].body.mask',
        { name: 'x', caveats: [{ type: 'Organization', body: { id: 70001, mask: 'rX' } }] },
      ],
      ['caveats', { name: 'x', caveats: [{ type: 'MaxValidity', body: 600 }] }],
      ['caveats', { name: 'x', caveats: [{ type: 'FlyioUserID', body: 600 }] }],
      ['caveats', { name: 'x', caveats: [{ type: 'Organization', body: { id: 2 ** 53 + 2, mask: 'r' } }] }],
      [
        'caveats',
        {
          name: 'x',
          caveats: [
            { type: 'IfPresent', body: { ifs: [{ type: 'ConfineUser', body: { id: 1 } }], else: 'r' } },
          ],
        },
      ],
      [
        'caveats[0].body',
        { name: 'x', caveats: [{ type: '3P', body: { Location: 'a', VerifierKey: '', Ticket: '' } }] },
      ],
      ['preset', { name: 'x', preset: 'everything' }],
      ['preset', { name: 'x' }],
      ['preset', { name: 'x', preset: 'org', caveats: [] }],
      ['app', { name: 'x', preset: 'deploy' }],
      ['app', { name: 'x', preset: 'org', app_id: 5 }],
      ['name', { name: '', preset: 'org' }],
      ['name', { name: 'a\u202eb', preset: 'org' }],
      ['name', { name: 'x'.repeat(201), preset: 'org' }],
      ['source', { name: 'x', preset: 'org', source: ['10.0.0.0/33'] }],
      ['body', { name: 'x', preset: 'org', surprise: 1 }],
    ];
    for (const [field, body] of cases) {
      const answer = await post(body);
      expect([JSON.stringify(body), answer.status, answer.body['code']]).toEqual([
        JSON.stringify(body),
        400,
        'invalid',
      ]);
      expect(Object.keys(answer.body['fields'] as object).join()).toContain(field);
    }
  });

  it('takes no lifetime that is not one', async () => {
    for (const lifetime of [-1, 0, 0.5, '1000000000h', '20y', '', 'NaN', '367d', '-5m', '1e9', ' 1h']) {
      const answer = await post({ name: 'x', preset: 'org', expires_in: lifetime });
      expect([lifetime, answer.status, Object.keys(answer.body['fields'] as object)]).toEqual([
        lifetime,
        400,
        ['expires_in'],
      ]);
    }
    const raw = '{"name":"x","preset":"org","expires_in":NaN}';
    expect((await call(world.authority, 'POST', '/hangar/v1/tokens', { token: root, raw })).status).toBe(400);
  });

  it('wants JSON, once, and not too much of it', async () => {
    const send = (raw: string, type?: string) =>
      call(world.authority, 'POST', '/hangar/v1/tokens', { token: root, raw, ...(type ? { type } : {}) });
    expect((await send('{"name":"a","name":"b","preset":"org"}')).status).toBe(400);
    expect((await send('name=a', 'application/x-www-form-urlencoded')).status).toBe(415);
    expect((await send(JSON.stringify({ name: 'x'.repeat(300_000) }))).status).toBe(413);
  });
});

describe('what is kept of a token', () => {
  it('is everything but the token: not its text, not its tail, not its key', async () => {
    const { token, row } = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'canary',
      creator: 'hangar',
      requireLogin: true,
    });
    const dump: string[] = [];
    for (const table of ['authority_tokens', 'authority_lineage', 'authority_keys', 'authority_counters']) {
      const rows = await world.db.db.execute(`select row_to_json(t)::text as line from ${table} t`);
      dump.push(JSON.stringify(rows));
    }
    const all = dump.join('\n');
    expect(all).toContain('canary');
    const bytes = Buffer.from(token.slice(4), 'base64');
    for (const secret of [
      token,
      bytes.subarray(-32).toString('hex'),
      bytes.subarray(-32).toString('base64'),
    ]) {
      expect(all).not.toContain(secret);
    }
    const key = await world.options.store.key(row.keyNumber);
    if (!key) throw new Error('no key');
    const opened = world.options.sealer.open(
      key.sealed,
      `authority_keys.sealed/${key.number}/workspace/${WORKSPACE}`,
    );
    expect(opened).toHaveLength(32);
    expect(all).not.toContain(Buffer.from(opened).toString('hex'));
    expect(row.caveats).not.toContain('3P');
  });

  it('moves to a new master key when a signing key is first used under it', async () => {
    const { token, row } = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'a',
      creator: 'a',
    });
    const rotated = createSealer([Secret.of(`m2:${Buffer.alloc(32, 'ab3').toString('base64')}`), masterKey]);
    const replica = world.replica({ sealer: rotated });
    expect((await replica.verifier.verify(token)).ok).toBe(true);
    const key = await world.options.store.key(row.keyNumber);
    expect(key && rotated.keyIdOf(key.sealed)).toBe('m2');
    expect((await world.replica({ sealer: rotated }).verifier.verify(token)).ok).toBe(true);
  });
});

describe('signing keys', () => {
  it('that nobody uses move to a new master key too, so that the old one can go', async () => {
    for (const workspace of [WORKSPACE, OTHER_WORKSPACE]) await world.authority.tokens.rotateKey(workspace);
    await world.authority.tokens.rotateKey(WORKSPACE);
    const newest = Secret.of(`m2:${Buffer.alloc(32, 'ab3').toString('base64')}`);
    const rotated = createSealer([newest, masterKey]);
    const task = world
      .replica({ sealer: rotated })
      .tasks.find(({ name }) => name === 'authority.reseal-keys');
    await task?.run(new AbortController().signal);
    const keys = await world.options.store.keysAfter(0n, 10);
    expect(keys.length).toBeGreaterThanOrEqual(3);
    expect(new Set(keys.map((key) => rotated.keyIdOf(key.sealed)))).toEqual(new Set(['m2']));
    expect(
      createSealer([newest]).open(keys[0]!.sealed, `authority_keys.sealed/1/workspace/${WORKSPACE}`),
    ).toHaveLength(32);
  });

  it('are one per workspace, also when two processes need the first one at once', async () => {
    const replicas = [world.replica(), world.replica(), world.replica()];
    const minted = await Promise.all(
      replicas.map((each) =>
        each.tokens.mint({ workspace: OTHER_WORKSPACE, preset: 'org', name: 'a', creator: 'a' }),
      ),
    );
    expect(new Set(minted.map((each) => each.row.keyNumber)).size).toBe(1);
    for (const { token } of minted) expect((await world.authority.verifier.verify(token)).ok).toBe(true);
  });

  it('are written into the token as eight big-endian bytes', async () => {
    const { token, row } = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'a',
      creator: 'a',
    });
    const decoded = decodeToken(token);
    if (!decoded.ok) throw new Error('unreadable');
    expect(Buffer.from(decoded.value.nonce.keyId).readBigUInt64BE()).toBe(row.keyNumber);
    expect(decoded.value.nonce.keyId).toHaveLength(8);
  });
});

describe('lifetimes', () => {
  it('are a day for people, an hour for shells, a year for app-control, and never twenty years', async () => {
    const lifetimes = Object.entries(presets).map(([name, preset]) => [name, preset.lifetimeSeconds / 3600]);
    expect(Object.fromEntries(lifetimes)).toEqual({
      org: 24,
      deploy: 24,
      readonly: 24,
      'machine-exec': 1,
      ssh: 1,
      wireguard: 24,
      'app-control': 8760,
    });
    expect(parseLifetime('175200h0m0s')).toMatchObject({ ok: false, reason: { tag: 'out_of_range' } });
    expect(parseLifetime('8760h')).toEqual({ ok: true, value: 365 * 86_400 });
    expect(parseLifetime('1h30m5s')).toEqual({ ok: true, value: 5405 });
    expect(isPresetName('toString')).toBe(false);
  });
});

describe('minting in the same process', () => {
  it('does not take the wildcard for an app, a second organization for its own, or a workspace that is none', async () => {
    const mint = (request: object) =>
      world.authority.tokens.mint({ workspace: WORKSPACE, name: 'a', creator: 'a', ...request });
    await expect(mint({ preset: 'app-control', appId: 0n })).rejects.toMatchObject({ code: 'invalid' });
    await expect(mint({ preset: 'org', creator: '' })).rejects.toMatchObject({
      fields: { creator: expect.any(String) },
    });
    await expect(mint({ preset: 'org', expiresInSeconds: 367 * 86_400 })).rejects.toMatchObject({
      code: 'invalid',
    });
    await expect(mint({ preset: 'org', workspace: 0n })).rejects.toMatchObject({ code: 'internal' });
    const also = [{ type: 'Organization', id: OTHER_WORKSPACE, mask: 31 }];
    await expect(mint({ caveats: [], alsoCaveats: also })).rejects.toMatchObject({ code: 'caveat_denied' });
  });
});

describe('listing', () => {
  const list = async (query: string, token = root) => {
    const { status, body } = await call(world.authority, 'GET', `/hangar/v1/tokens${query}`, { token });
    return {
      status,
      names: ((body['tokens'] as { name: string }[] | undefined) ?? []).map((each) => each.name),
      body,
    };
  };
  const mint = (
    name: string,
    o: { appId?: bigint; creator?: string; workspace?: bigint; seconds?: number } = {},
  ) =>
    world.authority.tokens.mint({
      workspace: o.workspace ?? WORKSPACE,
      preset: o.appId === undefined ? 'org' : 'app-control',
      name,
      creator: o.creator ?? 'gabriella',
      appId: o.appId,
      expiresInSeconds: o.seconds,
    });

  it('shows the workspace, newest first, page by page, and no other workspace', async () => {
    for (const name of ['a', 'b', 'c']) {
      world.clock.advance(1);
      await mint(name);
    }
    await mint('foreign', { workspace: OTHER_WORKSPACE });
    expect((await list('')).names).toEqual(['c', 'b', 'a', 'root']);
    const first = await list('?limit=3');
    expect(first.names).toEqual(['c', 'b', 'a']);
    expect((await list(`?limit=3&cursor=${String(first.body['next_cursor'])}`)).names).toEqual(['root']);
  });

  it('shows one app by number or name, one creator, or what is active', async () => {
    await mint('for-app', { appId: APP });
    await mint('by-milo', { creator: 'milo' });
    await mint('short', { seconds: 5 });
    expect((await list(`?app=${APP}`)).names).toEqual(['for-app']);
    expect((await list('?app=hf-u8123')).names).toEqual(['for-app']);
    expect((await list('?creator=milo')).names).toEqual(['by-milo']);
    world.clock.advance(6);
    expect((await list('?state=active')).names).not.toContain('short');
    expect((await list('')).names).toContain('short');
  });

  it('lets a token of one app see that app, and no other', async () => {
    const app = await mint('for-app', { appId: APP });
    expect(await list(`?app=${APP}`, app.token)).toMatchObject({ status: 200, names: ['for-app'] });
    expect((await list('?app=90018', app.token)).status).toBe(403);
    expect((await list('', app.token)).status).toBe(403);
  });

  it('never holds a token, and shows when and from where one was last used', async () => {
    const outcome = await world.authority.verifier.verify(root);
    if (!outcome.ok) throw new Error('refused');
    world.clock.advance(10);
    outcome.value.clear({
      action: 1,
      orgId: WORKSPACE,
      now: world.clock.now(),
      extension: { remoteAddress: 'fdaa:0:47fb:a7b::2' },
    });
    world.clock.advance(10);
    const flush = world.authority.tasks.find((task) => task.name === 'authority.token-uses');
    await flush?.run(new AbortController().signal);
    const row = await world.authority.tokens.get(WORKSPACE, outcome.value.tokenId);
    expect(row).toMatchObject({
      lastUsedAt: new Date((START + 10) * 1000),
      lastUsedFrom: 'fdaa:0:47fb:a7b::2',
    });
    const { body } = await call(world.authority, 'GET', '/hangar/v1/tokens', { token: root });
    expect(JSON.stringify(body)).not.toContain('fm2_');
  });
});

describe('one token', () => {
  it('is shown to who may read tokens and to who holds it; elsewhere it does not exist', async () => {
    const app = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'app-control',
      appId: APP,
      name: 'mine',
      creator: 'c',
    });
    const foreign = await world.authority.tokens.mint({
      workspace: OTHER_WORKSPACE,
      preset: 'org',
      name: 'f',
      creator: 'f',
    });
    const get = (id: string, token: string) =>
      call(world.authority, 'GET', `/hangar/v1/tokens/${id}`, { token });
    expect((await get(app.id, root)).body).toMatchObject({ name: 'mine', app_id: Number(APP) });
    expect((await get(app.id, app.token)).status).toBe(200);
    expect((await get(app.id, foreign.token)).status).toBe(404);
    expect((await get(foreign.id, root)).status).toBe(404);
    const remove = (id: string, token: string) =>
      call(world.authority, 'DELETE', `/hangar/v1/tokens/${id}`, { token });
    expect((await remove(foreign.id, root)).status).toBe(404);
    expect((await remove(app.id, app.token)).status).toBe(403);
    expect((await remove(app.id, root)).status).toBe(200);
    expect((await remove(app.id, root)).status).toBe(200);
    expect((await get(app.id, root)).body).toMatchObject({ state: 'revoked' });
    expect((await call(world.authority, 'PUT', `/hangar/v1/tokens/${app.id}`, { token: root })).status).toBe(
      405,
    );
  });

  it('can be renamed by who may write tokens, and by nobody else', async () => {
    const { id, token } = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'org',
      name: 'before',
      creator: 'milo',
    });
    const path = `/hangar/v1/tokens/${id}`;
    const renamed = await call(world.authority, 'PATCH', path, { token, body: { name: 'after' } });
    expect(renamed).toMatchObject({ status: 200, body: { id, name: 'after' } });
    expect((await call(world.authority, 'GET', path, { token })).body['name']).toBe('after');
    const bad = [{ name: '' }, { name: 'a\u0000b' }, { name: 'x', creator: 'somebody else' }, { name: 7 }];
    for (const body of bad)
      expect((await call(world.authority, 'PATCH', path, { token, body })).status).toBe(400);
    const reader = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'readonly',
      name: 'reader',
      creator: 'milo',
    });
    const stranger = await world.authority.tokens.mint({
      workspace: OTHER_WORKSPACE,
      preset: 'org',
      name: 'stranger',
      creator: 'otto',
    });
    const by = async (other: string) =>
      (await call(world.authority, 'PATCH', path, { token: other, body: { name: 'no' } })).status;
    expect([await by(reader.token), await by(stranger.token)]).toEqual([403, 404]);
    expect((await call(world.authority, 'GET', path, { token })).body['name']).toBe('after');
  });

  it('has caveats in JSON that can be read back', async () => {
    const { row } = await world.authority.tokens.mint({
      workspace: WORKSPACE,
      preset: 'deploy',
      appId: APP,
      name: 'a',
      creator: 'a',
    });
    const [list] = JSON.parse(row.caveats) as unknown[];
    expect(caveatsFromJson(JSON.stringify(list), hangarCaveats()).ok).toBe(true);
    expect(row.summary.join(' ')).toContain(`app ${APP}`);
  });
});
