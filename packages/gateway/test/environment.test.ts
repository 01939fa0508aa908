import {
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
  DeleteBucketCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Action } from '@hangar/macaroon';
import { mintToken } from './verifier.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

function s3As(secrets: Record<string, string>): S3Client {
  return new S3Client({
    region: 'auto',
    endpoint: world.storage.s3Endpoint,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: {
      accessKeyId: secrets['FLY_TIGRIS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: secrets['FLY_TIGRIS_SECRET_ACCESS_KEY'] ?? '',
    },
  });
}

async function secretsOf(app: string): Promise<Record<string, string>> {
  const shown = await world.ask('GET', `/v1/apps/${app}/secrets?show_secrets=true`, { token: world.token });
  expect(shown.status).toBe(200);
  return Object.fromEntries(shown.json.secrets.map((secret) => [secret.name, secret.value]));
}

describe('POST /v1/apps', () => {
  it('refuses a network that the caller names, with a sentence and without any effect', async () => {
    const before = await world.inventory();
    for (const network of ['somebody-elses', 'default', ' ', 7, ['n'], { name: 'n' }]) {
      const body = { app_name: 'elsewhere', network };
      expect([network, await world.ask('POST', '/v1/apps', { token: world.token, body })]).toMatchObject([
        network,
        {
          status: 403,
          json: {
            code: 'policy_denied',
            path: 'network',
            error: 'policy: every app gets a network of its own; leave network out',
          },
        },
      ]);
    }
    expect(await world.inventory()).toEqual(before);
    expect(await world.store.environmentNamed('elsewhere')).toBeUndefined();
  });

  it('takes the network that an app has already for none, and that of another app not', async () => {
    const headers = { 'idempotency-key': 'once' };
    const ask = async (name: string, more: object) =>
      await world.ask('POST', '/v1/apps', { token: world.token, body: { name, ...more }, headers });
    const first = await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'first' } });
    const { network } = first.json;
    expect((await ask('first', { network })).json.code).toBe('name_taken');
    expect((await ask('second', { network })).json.code).toBe('policy_denied');
    expect((await ask('second', { network: null })).status).toBe(201);
    for (const name of ['first', 'second'])
      expect((await world.ask('DELETE', `/v1/apps/${name}`, { token: world.token })).status).toBe(202);
  });

  it('makes an app on its own network with a bucket, a key of its own, an address and three secrets', async () => {
    const made = await world.ask('POST', '/v1/apps', {
      token: world.token,
      body: { app_name: 'hf-u8123', org_slug: world.workspace.slug, network: '' },
    });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      name: 'hf-u8123',
      status: 'pending',
      organization: { slug: world.workspace.slug, internal_numeric_id: 70001 },
    });
    const found = await world.inventory();
    expect(found.apps).toEqual([
      expect.objectContaining({ name: 'hf-u8123', org_slug: 'operator', network: made.json.network }),
    ]);
    expect(made.json.network).toMatch(/^hgr-i1-env_/);
    expect(found.ips).toEqual([
      expect.objectContaining({ app: 'hf-u8123', type: 'private_v6', network: made.json.network }),
    ]);
    expect(found.secrets.map(({ name }) => name).sort()).toEqual([
      'FLY_TIGRIS_ACCESS_KEY_ID',
      'FLY_TIGRIS_BUCKET',
      'FLY_TIGRIS_SECRET_ACCESS_KEY',
    ]);
    expect(found.buckets.map(({ name }) => name)).toEqual([expect.stringMatching(/^hf-u8123-[a-z2-7]{10}$/)]);
    expect(found.access_keys.filter(({ name }) => name === made.json.network)).toHaveLength(1);
    expect(found.policies.map(({ name }) => name)).toEqual([made.json.network]);
    expect(made.json.internal_numeric_id).toBe(found.apps[0]?.internal_numeric_id);
  });

  it('gives the environment a key that reaches its own bucket and nothing else', async () => {
    const other = await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'other' } });
    expect(other.status).toBe(201);
    const [own, foreign] = [await secretsOf('hf-u8123'), await secretsOf('other')];
    const s3 = s3As(own);
    const place = { Bucket: own['FLY_TIGRIS_BUCKET'], Key: 'notes.txt' };
    await s3.send(new PutObjectCommand({ ...place, Body: 'hello' }));
    expect(await (await s3.send(new GetObjectCommand(place))).Body?.transformToString()).toBe('hello');
    const theirs = { Bucket: foreign['FLY_TIGRIS_BUCKET'], Key: 'notes.txt' };
    await expect(s3.send(new PutObjectCommand({ ...theirs, Body: 'x' }))).rejects.toThrow();
    await expect(s3.send(new GetObjectCommand(theirs))).rejects.toThrow();
    await expect(s3.send(new DeleteBucketCommand({ Bucket: own['FLY_TIGRIS_BUCKET'] }))).rejects.toThrow();
    await expect(s3.send(new ListBucketsCommand({}))).rejects.toThrow();
  });

  it('reads name and app_name, refuses two that differ, and names that are none', async () => {
    const refused = async (body: unknown) =>
      (await world.ask('POST', '/v1/apps', { token: world.token, body })).status;
    expect(await refused({ name: 'a1', app_name: 'a2' })).toBe(422);
    expect(await refused({ name: 'Own' })).toBe(422);
    expect(await refused({ name: '../x' })).toBe(422);
    expect(await refused({})).toBe(422);
    expect(await refused('{"name":"a","name":"b"}')).toBe(400);
    expect(await refused('{"name":')).toBe(400);
    expect(await refused('x'.repeat(70_000))).toBe(413);
  });

  it('says 422 name_taken for a name that is held, here or by a stranger upstream, and leaves nothing behind', async () => {
    const before = await world.inventory();
    const here = await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'other' } });
    expect(here).toMatchObject({ status: 422, json: { code: 'name_taken', status: 'name_taken' } });
    const stranger = await world.machines.createApp({
      name: 'strangers',
      org_slug: 'operator',
      network: 'theirs',
    });
    expect(stranger.ok).toBe(true);
    const taken = await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'strangers' } });
    expect(taken).toMatchObject({ status: 422, json: { code: 'name_taken' } });
    const after = await world.inventory();
    expect(after.buckets).toEqual(before.buckets);
    expect(after.access_keys).toEqual(before.access_keys);
    expect(after.policies).toEqual(before.policies);
    expect(after.apps.map(({ name }) => name)).toEqual([...before.apps.map(({ name }) => name), 'strangers']);
    await world.machines.deleteApp('strangers');
  });

  it('refuses every other organization with 403 and makes nothing (GATE-2)', async () => {
    const before = await world.inventory();
    for (const org_slug of [
      'operator',
      'OPERATOR',
      world.workspace.slug.toUpperCase(),
      [world.workspace.slug],
      { slug: 'x' },
      null,
      '',
      7,
    ]) {
      const refused = await world.ask('POST', '/v1/apps', {
        token: world.token,
        body: { name: 'sneaky', org_slug },
      });
      expect(refused).toMatchObject({ status: 403, json: { code: 'org_not_allowed' } });
    }
    const denied = world.another({ allowedOrgs: undefined });
    const refused = await world.ask(
      'POST',
      '/v1/apps',
      { token: world.token, body: { name: 'sneaky' } },
      denied,
    );
    expect(refused).toMatchObject({ status: 403, json: { code: 'org_not_allowed' } });
    expect(await world.inventory()).toEqual(before);
  });
});

describe('an app', () => {
  it('is seen by its own workspace only', async () => {
    const stranger = await world.openWorkspace('ext-2');
    const token = mintToken(stranger.number);
    expect(stranger.number).toBe(world.workspace.number + 1n);
    expect(await world.ask('GET', '/v1/apps/other', { token })).toMatchObject({ status: 403 });
    expect(await world.ask('GET', '/v1/apps/other/machines', { token })).toMatchObject({ status: 404 });
    expect(await world.ask('DELETE', '/v1/apps/other', { token })).toMatchObject({ status: 403 });
    expect(await world.ask('POST', '/v1/apps/other/machines', { token, body: plainMachine })).toMatchObject({
      status: 404,
    });
    expect((await world.ask('GET', '/v1/apps', { token })).json).toEqual({ total_apps: 0, apps: [] });
    expect((await world.ask('GET', '/hangar/v1/environments', { token })).json).toEqual({ environments: [] });
    expect((await world.ask('GET', `/v1/apps?org_slug=${world.workspace.slug}`, { token })).status).toBe(403);
  });

  it('is listed as far as the token reaches', async () => {
    const all = await world.ask('GET', `/v1/apps?org_slug=${world.workspace.slug}`, { token: world.token });
    expect(all.json.apps.map((app) => app.name)).toEqual(['hf-u8123', 'other']);
    const number = BigInt(all.json.apps[1]?.internal_numeric_id ?? 0);
    const narrow = mintToken(world.workspace.number, [
      { type: 'Apps', apps: new Map([[number, Action.read]]) },
    ]);
    const some = await world.ask('GET', '/v1/apps', { token: narrow });
    expect(some.json.apps.map((app) => app.name)).toEqual(['other']);
    const environments = await world.ask('GET', '/hangar/v1/environments', { token: narrow });
    expect(environments.json.environments).toMatchObject([{ name: 'other', phase: 'ready', power: 'none' }]);
  });

  it('does not hand out or lose the secrets of its storage', async () => {
    const listed = await world.ask('GET', '/v1/apps/other/secrets', { token: world.token });
    expect(listed.json.secrets.every((secret: object) => !('value' in secret))).toBe(true);
    const before = await secretsOf('other');
    const attempts = [
      await world.ask('POST', '/v1/apps/other/secrets', {
        token: world.token,
        body: { values: { A: '1', FLY_TIGRIS_BUCKET: null } },
      }),
      await world.ask('POST', '/v1/apps/other/secrets/FLY_TIGRIS_ACCESS_KEY_ID', {
        token: world.token,
        body: { value: 'x' },
      }),
      await world.ask('DELETE', '/v1/apps/other/secrets/FLY_TIGRIS_SECRET_ACCESS_KEY', {
        token: world.token,
      }),
    ];
    for (const { status } of attempts) expect(status).toBe(422);
    expect(await secretsOf('other')).toEqual(before);
    const set = await world.ask('POST', '/v1/apps/other/secrets', {
      token: world.token,
      body: { values: { A: '1' } },
    });
    expect(set.status).toBe(200);
    expect((await world.ask('DELETE', '/v1/apps/other/secrets/A', { token: world.token })).status).toBe(200);
    const reader = mintToken(world.workspace.number, [{ type: 'Action', mask: Action.read }]);
    expect((await world.ask('GET', '/v1/apps/other/secrets', { token: reader })).status).toBe(200);
    expect((await world.ask('GET', '/v1/apps/other/secrets?show_secrets=1', { token: reader })).status).toBe(
      403,
    );
  });

  it('keeps its private addresses on its own network', async () => {
    const assign = async (body: object) =>
      await world.ask('POST', '/v1/apps/other/ip_assignments', { token: world.token, body });
    const [first] = (await world.inventory()).apps;
    expect((await assign({ type: 'private_v6', network: first?.network })).status).toBe(422);
    expect((await assign({ type: 'private_v6', org_slug: 'operator' })).status).toBe(403);
    expect((await assign({ type: 'v4' })).json.code).toBe('policy_denied');
    const made = await assign({
      type: 'private_v6',
      region: '',
      org_slug: '',
      network: '',
      service_name: '',
    });
    expect(made.status).toBe(200);
    const own = (await world.inventory()).ips.filter(({ app }) => app === 'other');
    expect(new Set(own.map(({ network }) => network)).size).toBe(1);
  });
});

describe('DELETE /v1/apps/{app}', () => {
  it('removes machines, app, bucket with its objects, policy and key, and frees the name', async () => {
    const machine = await world.ask('POST', '/v1/apps/hf-u8123/machines', {
      token: world.token,
      body: plainMachine,
    });
    expect(machine.status).toBe(200);
    await waitFor(world, 'hf-u8123', machine.json.id, 'started');
    const deleted = await world.ask('DELETE', '/v1/apps/hf-u8123', { token: world.token });
    expect(deleted.status).toBe(202);
    expect(deleted.json).toBeUndefined();
    const left = await world.inventory();
    const of = (name: string) => name.startsWith('hf-u8123');
    expect(left.apps.some(({ name }) => of(name))).toBe(false);
    expect(left.buckets.some(({ name }) => of(name))).toBe(false);
    expect(left.policies).toHaveLength(1);
    expect(left.machines).toEqual([]);
    expect((await world.ask('GET', '/v1/apps/hf-u8123', { token: world.token })).status).toBe(404);
    expect((await world.ask('DELETE', '/v1/apps/hf-u8123', { token: world.token })).status).toBe(404);
    const again = await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'hf-u8123' } });
    expect(again.status).toBe(201);
  });

  it('by deleteAll empties the inventory and closes the workspace to its tokens', async () => {
    await world.gateway.environments.deleteAll(world.workspace.number);
    const left = await world.inventory();
    expect(left).toMatchObject({ apps: [], machines: [], buckets: [], policies: [], secrets: [], ips: [] });
    expect(left.access_keys.filter(({ name }) => name.startsWith('hgr-'))).toEqual([]);
    expect(
      (await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'late' } })).json.code,
    ).toBe('gone');
  });
});
