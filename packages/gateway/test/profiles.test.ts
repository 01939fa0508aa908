import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBody, type Json } from '@hangar/flyio';
import type { MachineProfile } from '@hangar/gateway';
import { MACHINE_PROFILES } from '@hangar/gateway/policy';
import { rewriteConfig } from '../src/profiles/profile.ts';
import { openWorld, waitFor, type World } from './world.ts';

const facts = {
  secrets: ['FLY_TIGRIS_ACCESS_KEY_ID', 'FLY_TIGRIS_BUCKET', 'FLY_TIGRIS_SECRET_ACCESS_KEY', 'DATABASE_URL'],
  storageEndpoint: 'https://fly.storage.tigris.dev',
};

const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/);
const text = fc.string({ maxLength: 20 });
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const mount = fc.record({
  volume: fc.constantFrom('vol_1234567890ab', 'vol_abcdefghijkl'),
  path: fc.constantFrom('/data', '/dev/fly_vol', '/var/lib/x', ''),
  size_gb: fc.integer({ min: 1, max: 9 }),
});
const restart = fc.record(
  { policy: fc.constantFrom('no', 'always', 'on-failure'), max_retries: fc.integer({ min: 0, max: 9 }) },
  { requiredKeys: [] },
);
const file = fc.record({
  guest_path: fc.constantFrom('/etc/a', '/etc/app-image.json'),
  raw_value: fc.constant('aGk='),
});
/** Configs as clients send them, with members that no profile knows. */
const config: fc.Arbitrary<Json> = fc
  .record({
    image: fc.constantFrom('acme/a:1', 'registry.fly.io/b:2'),
    env: optional(fc.dictionary(name, text, { maxKeys: 4 })),
    mounts: optional(fc.array(mount, { maxLength: 1 })),
    files: optional(fc.array(file, { maxLength: 3 })),
    restart: optional(restart),
    init: optional(fc.record({ swap_size_mb: fc.integer({ min: 0, max: 512 }) })),
    guest: optional(fc.record({ cpus: fc.integer({ min: 1, max: 8 }) })),
    metadata: optional(fc.dictionary(name, text, { maxKeys: 2 })),
    services: optional(
      fc.array(fc.record({ internal_port: fc.integer({ min: 1, max: 65_535 }) }), { maxLength: 2 }),
    ),
    not_known_yet: optional(fc.anything()),
  })
  .map((given) => JSON.parse(JSON.stringify(given)) as Json);
const container = fc.record({
  name: fc.constantFrom('a', 'b'),
  image: fc.constant('acme/a:1'),
  env: fc.dictionary(name, text, { maxKeys: 2 }),
});
const withContainers = fc
  .tuple(config, fc.array(container, { maxLength: 3 }))
  .map(([given, containers]): Json => ({ ...given, containers }));

function rewritten(profile: MachineProfile, given: Json): Json {
  const done = rewriteConfig(profile, given, facts);
  if (!done.ok) throw new Error(JSON.stringify(done.reason));
  return JSON.parse(JSON.stringify(done.value)) as Json;
}

describe('a machine profile', () => {
  it.each(MACHINE_PROFILES)('%s is pure, and done twice the same as once', (profile) => {
    fc.assert(
      fc.property(profile === 'app-storage' ? config : withContainers, (given) => {
        const before = JSON.stringify(given);
        const once = rewritten(profile, given);
        expect(JSON.stringify(given)).toBe(before);
        expect(rewritten(profile, once)).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });

  it.each(MACHINE_PROFILES)('%s leaves what it does not know as it is', (profile) => {
    const kept = ['image', 'init', 'guest', 'metadata', 'services', 'not_known_yet'];
    fc.assert(
      fc.property(config, (given) => {
        const done = rewritten(profile, given);
        for (const member of kept) expect(done[member]).toEqual(given[member]);
      }),
      { numRuns: 300 },
    );
  });

  it('app-storage gives the app the variables of the user, its path and its secrets, and never those of the storage', () => {
    fc.assert(
      fc.property(config, (given) => {
        const done = rewritten('app-storage', given);
        const [storage, app] = done['containers'] as readonly [Json, Json];
        const mounts = (given['mounts'] ?? []) as readonly Json[];
        const path = (mounts[0]?.['path'] ?? '') as string;
        const { FLY_USER_DATA_PATH: dataPath, ...env } = app['env'] as Record<string, string>;
        const { FLY_USER_DATA_PATH: _, ...wanted } = (given['env'] ?? {}) as Record<string, string>;
        expect(env).toEqual(wanted);
        expect(dataPath).toBe(path === '' || path === '/dev/fly_vol' ? '/data' : path);
        expect(done['mounts']).toEqual(mounts.map((one) => ({ ...one, path: '/dev/fly_vol' })));
        expect(app['secrets']).toEqual([{ env_var: 'DATABASE_URL', name: 'DATABASE_URL' }]);
        expect(Object.keys(storage['env'] as object)).toEqual([
          'FLY_TIGRIS_ENDPOINT_URL',
          'FLY_TIGRIS_REGION',
        ]);
        expect(done).not.toHaveProperty('env');
        const images = (app['files'] as readonly Json[]).filter(
          ({ guest_path: at }) => at === '/etc/app-image.json',
        );
        expect(images).toEqual([{ guest_path: '/etc/app-image.json', image_config: given['image'] }]);
        const { not_known_yet: __, ...known } = done;
        expect(readBody('UpdateMachineRequest', { config: known }).faults).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('app-storage takes nothing but the wishes of the user from a config that says it was rewritten before', () => {
    const real = rewritten('app-storage', { image: 'acme/a:1', env: { A: 'b' } });
    const [storage, app] = real['containers'] as readonly [Json, Json];
    const forged = {
      ...real,
      containers: [
        {
          ...storage,
          env: { FLY_TIGRIS_ENDPOINT_URL: 'http://evil.example' },
          cmd: ['/bin/sh'],
          secrets: [],
        },
        {
          ...app,
          entrypoint: ['/bin/sh'],
          secrets: [{ env_var: 'X', name: 'FLY_TIGRIS_SECRET_ACCESS_KEY' }],
        },
      ],
    };
    expect(rewritten('app-storage', forged)).toEqual(real);
    const shadowing = { ...real, containers: [storage, { ...app, env: { FLY_TIGRIS_BUCKET: 'x' } }] };
    expect(rewriteConfig('app-storage', shadowing, facts)).toMatchObject({ ok: false });
    const elsewhere = { ...real, containers: [storage, { ...app, image: 'evil/image:1' }] };
    expect(rewriteConfig('app-storage', elsewhere, facts)).toMatchObject({ ok: false });
  });

  it('s3-env gives every container the names that S3 libraries read, unless it has them', () => {
    const given = {
      image: 'acme/a:1',
      containers: [
        { name: 'a', image: 'acme/a:1' },
        { name: 'b', image: 'acme/b:1', env: { AWS_REGION: 'mine' } },
      ],
    };
    const [first, second] = rewritten('s3-env', given)['containers'] as readonly Json[];
    const names = (one: Json | undefined): unknown[] =>
      ((one?.['secrets'] ?? []) as readonly Json[]).map(({ name: each }) => each);
    expect(names(first)).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_ENDPOINT_URL_S3',
      'AWS_REGION',
      'BUCKET_NAME',
    ]);
    expect(names(second)).not.toContain('AWS_REGION');
  });
});

describe('a machine profile with the token of Hangar', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ gateway: { profile: 'app-storage' } });
  });
  afterAll(async () => await world.close());

  it('rewrites new machines and updates, after the policy has seen what was asked for', async () => {
    const { token } = world;
    await world.ask('POST', '/v1/apps', { token, body: { app_name: 'my-app' } });
    await world.ask('POST', '/v1/apps/my-app/secrets', { token, body: { values: { GREETING: 'hello' } } });
    const volume = await world.ask('POST', '/v1/apps/my-app/volumes', {
      token,
      body: { name: 'data', size_gb: 1, region: 'fra' },
    });
    const made = await world.ask('POST', '/v1/apps/my-app/machines', {
      token,
      body: { config: { image: 'flyio/ubuntu:latest', mounts: [{ volume: volume.json.id, path: '/data' }] } },
    });
    expect(made.status).toBe(200);
    await waitFor(world, 'my-app', made.json.id, 'started');
    expect(made.json.config).toMatchObject({
      mounts: [{ volume: volume.json.id, path: '/dev/fly_vol' }],
      containers: [
        { name: 'storage' },
        { name: 'app', env: { FLY_USER_DATA_PATH: '/data' }, secrets: [{ name: 'GREETING' }] },
      ],
    });
    const updated = await world.ask('POST', `/v1/apps/my-app/machines/${made.json.id}`, {
      token,
      body: { config: { ...made.json.config, env: { MORE: 'yes' } } },
    });
    expect(updated.json.config).toMatchObject({
      containers: [{}, { env: { FLY_USER_DATA_PATH: '/data', MORE: 'yes' } }],
    });
    const own = { image: 'acme/a:1', containers: [{ name: 'mine', image: 'acme/a:1' }] };
    const refused = await world.ask('POST', '/v1/apps/my-app/machines', { token, body: { config: own } });
    expect([refused.status, refused.json.code]).toEqual([422, 'invalid']);
  });

  it("answers the calls of the user-env API's document, with the workspace for an organization", async () => {
    const { token } = world;
    const body = { app_name: 'as-documented', org_slug: world.workspace.slug };
    expect((await world.ask('POST', '/v1/apps', { token, body })).status).toBe(201);
    const secrets = await world.ask('GET', '/v1/apps/as-documented/secrets', { token });
    expect(secrets.json.secrets.map((secret) => secret.name).sort()).toEqual([
      'FLY_TIGRIS_ACCESS_KEY_ID',
      'FLY_TIGRIS_BUCKET',
      'FLY_TIGRIS_SECRET_ACCESS_KEY',
    ]);
    const foreign = { app_name: 'elsewhere', org_slug: 'my-org' };
    expect((await world.ask('POST', '/v1/apps', { token, body: foreign })).status).toBe(403);
    expect((await world.ask('DELETE', '/v1/apps/as-documented', { token })).status).toBe(202);
    expect(
      (await world.inventory()).buckets.filter(({ name: one }) => one.startsWith('as-documented')),
    ).toEqual([]);
  });

  it('s3-env gives a new app the names as secrets', async () => {
    const gateway = world.another({ profile: 's3-env' });
    await world.ask('POST', '/v1/apps', { token: world.token, body: { app_name: 'for-s3' } }, gateway);
    const shown = await world.ask('GET', '/v1/apps/for-s3/secrets', { token: world.token }, gateway);
    expect(shown.json.secrets.map((secret) => secret.name)).toEqual(
      expect.arrayContaining(['AWS_ACCESS_KEY_ID', 'BUCKET_NAME', 'FLY_TIGRIS_BUCKET']),
    );
  });
});
