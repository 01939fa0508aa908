import {
  GetBucketAclCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutObjectCommand,
  CreateMultipartUploadCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBody } from '@hangar/flyio';
import { switchOn, withFault } from '../../../test/harness/mishaps.ts';
import {
  CALLER,
  openPassthrough,
  type PassedReply,
  type PassthroughWorld,
  STRANGER,
} from './passthrough-world.ts';

let world: PassthroughWorld;
beforeEach(async () => {
  world = await openPassthrough({ gateway: { profile: 'app-storage' } });
});
afterEach(async () => {
  await world.close();
});

const ask = async (...given: Parameters<PassthroughWorld['ask']>): Promise<PassedReply> =>
  await world.ask(...given);
const create = async (body: unknown, target = '/v1/apps'): Promise<PassedReply> =>
  await ask('POST', target, { token: CALLER, body });
const APP = { app_name: 'my-app', org_slug: 'operator' };
const MACHINES = '/v1/apps/my-app/machines';

/** The app's storage secrets, and a client that has its key. */
async function keyOf(
  app: string,
): Promise<{ secrets: Record<string, string>; s3: S3Client; bucket: string }> {
  const shown = await ask('GET', `/v1/apps/${app}/secrets?show_secrets=true`, { token: CALLER });
  const list = shown.json.secrets as unknown as readonly { name: string; value: string }[];
  const secrets = Object.fromEntries(list.map(({ name, value }) => [name, value]));
  const s3 = new S3Client({
    region: 'auto',
    endpoint: world.options.storageEndpoint,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: {
      accessKeyId: secrets['FLY_TIGRIS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: secrets['FLY_TIGRIS_SECRET_ACCESS_KEY'] ?? '',
    },
  });
  return { secrets, s3, bucket: secrets['FLY_TIGRIS_BUCKET'] ?? '' };
}

async function expectNothingLeft(): Promise<void> {
  const { apps, buckets, access_keys: keys, policies } = await world.inventory();
  expect({ apps, buckets, keys, policies }).toEqual({ apps: [], buckets: [], keys: [], policies: [] });
}

/** What the code of the user-env API does, and what is so here instead, by the row of its list in docs/requirements.md. */
const DEFECTS: Readonly<Record<string, () => Promise<void>>> = {
  'DEF-1: whoever is refused or nobody never touches a bucket': async () => {
    await world.createApp('my-app');
    world.seen.length = 0;
    const senders = [undefined, STRANGER, 'fo1_nobody', 'fm2_lJPETwAA', ' '];
    for (let round = 0; round < 50; round += 1) {
      const token = senders[round % senders.length];
      const refused = await ask('DELETE', round % 2 === 0 ? '/v1/apps/my-app' : '/v1/apps/no-app', { token });
      expect([401, 403, 404]).toContain(refused.status);
      const made = await ask('POST', '/v1/apps', { token, body: { ...APP, app_name: `n-${round}` } });
      expect([401, 403]).toContain(made.status);
    }
    expect(world.storageCalls()).toEqual([]);
    expect((await world.inventory()).buckets).toHaveLength(1);
  },
  'DEF-2: the organization is checked for apps that exist': async () => {
    const own = await openPassthrough({ gateway: { allowedOrgs: ['high-flyers'] } });
    try {
      await own.machines.createApp({ name: 'my-app', org_slug: 'operator' });
      for (const [method, below] of [
        ['POST', '/machines'],
        ['POST', '/secrets'],
        ['POST', '/volumes'],
        ['DELETE', ''],
      ]) {
        const body = method === 'POST' ? {} : undefined;
        const refused = await own.ask(String(method), `/v1/apps/my-app${below}`, { token: CALLER, body });
        expect([method, below, refused.json.code]).toEqual([method, below, 'org_not_allowed']);
      }
    } finally {
      await own.close();
    }
  },
  'DEF-3: without a rule nothing is allowed': async () => {
    const own = await openPassthrough({ gateway: { allowedOrgs: undefined } });
    try {
      const refused = await own.ask('POST', '/v1/apps', { token: CALLER, body: APP });
      expect([refused.status, refused.json.code]).toEqual([403, 'org_not_allowed']);
      expect(own.seen).toEqual([]);
    } finally {
      await own.close();
    }
  },
  'DEF-4: a target that is spelt otherwise makes nothing and is not forwarded': async () => {
    await world.createApp('my-app');
    world.seen.length = 0;
    for (const target of [
      '/v1/apps/',
      '//v1/apps',
      '/v1/apps;x',
      '/v1/%61pps',
      '/V1/apps',
      '/v1/Apps',
      '/v1//apps',
      `${MACHINES}/`,
    ]) {
      const refused = await ask('POST', target, { token: CALLER, body: { ...APP, app_name: 'other' } });
      expect([400, 404], target).toContain(refused.status);
    }
    expect(world.seen).toEqual([]);
  },
  'DEF-5: no secret, token or variable of a user is logged': async () => {
    await world.createApp('my-app');
    await ask('POST', MACHINES, {
      token: CALLER,
      body: { config: { image: 'acme/a:1', env: { PASSWORD: 'hunter22' } } },
    });
    await ask('POST', '/v1/apps', { token: CALLER, body: APP });
    const { secrets } = await keyOf('my-app');
    await ask('DELETE', '/v1/apps/my-app', { token: CALLER });
    const written = [
      ...world.logged,
      ...world.errors.map((error) => `${error.message} ${error.sentence}`),
    ].join('\n');
    expect(world.logged).not.toEqual([]);
    for (const secret of [secrets['FLY_TIGRIS_SECRET_ACCESS_KEY'], CALLER, 'hunter22', 'PASSWORD'])
      expect(written).not.toContain(secret);
  },
  'DEF-6: only /v1 is forwarded, by known methods, with known headers': async () => {
    for (const [method, target] of [
      ['GET', '/'],
      ['POST', '/graphql'],
      ['GET', '/v2/x'],
      ['OPTIONS', '/v1/platform/regions'],
    ])
      expect([404, 405]).toContain((await ask(String(method), String(target), { token: CALLER })).status);
    expect(world.seen).toEqual([]);
    const headers = {
      cookie: 'a=b',
      'x-internal': '1',
      'fly-src': 'x',
      'x-forwarded-user': 'root',
      accept: 'application/json',
    };
    await ask('GET', '/v1/platform/regions', { token: CALLER, headers });
    const sent = [...(world.seen.at(-1)?.headers.keys() ?? [])].sort();
    expect(sent).toEqual(['accept', 'authorization', 'connection', 'host', 'user-agent']);
  },
  'DEF-7: a name that does not fit into a path makes nothing': async () => {
    for (const name of [
      '../other',
      'a/b',
      'a%2fb',
      'A',
      '-a',
      'a-',
      'a.b',
      '',
      ' a',
      'a\n',
      'x'.repeat(64),
      7,
      ['a'],
      { a: 1 },
    ])
      expect([name, (await create({ app_name: name, org_slug: 'operator' })).status]).toEqual([name, 422]);
    expect(world.seen).toEqual([]);
  },
  'DEF-8: an organization has storage for so many apps and no more': async () => {
    const own = await openPassthrough({ gateway: { maxApps: 1 } });
    try {
      await own.createApp('first');
      const refused = await own.ask('POST', '/v1/apps', {
        token: CALLER,
        body: { ...APP, app_name: 'second' },
      });
      expect([refused.status, refused.json.code]).toEqual([403, 'policy_denied']);
      const { apps, buckets } = await own.inventory();
      expect([apps.map(({ name }) => name), buckets.length]).toEqual([['first'], 1]);
    } finally {
      await own.close();
    }
  },
  'DEF-9: the own organization is never asked for with the token of a caller': async () => {
    const own = await openPassthrough({ gateway: { allowedOrgs: { currentApp: 'the-proxy' } } });
    try {
      await own.machines.createApp({ name: 'the-proxy', org_slug: 'high-flyers' });
      const stranger = { token: STRANGER, body: { app_name: 'x', org_slug: 'low-flyers' } };
      expect((await own.ask('POST', '/v1/apps', stranger)).status).toBe(403);
      const lookups = own.seen.filter(({ line }) => line === 'GET /v1/apps/the-proxy');
      for (const { headers } of lookups) expect(headers.get('authorization')).not.toContain(STRANGER);
    } finally {
      await own.close();
    }
  },
  'DEF-10: the key may not change who reads the bucket': async () => {
    await world.createApp('my-app');
    const { s3, bucket } = await keyOf('my-app');
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'b' }));
    await expect(s3.send(new PutBucketAclCommand({ Bucket: bucket, ACL: 'public-read' }))).rejects.toThrow(
      /./,
    );
    await expect(s3.send(new GetBucketAclCommand({ Bucket: bucket }))).rejects.toThrow(/./);
  },
  'DEF-11: a deletion is upstreams, told as it went, and the app is gone': async () => {
    await world.createApp('my-app');
    const status = await withFault(
      world.simulator,
      { door: 'machines', kind: 'status', method: 'DELETE', status: 500, remaining: 1 },
      async () => (await ask('DELETE', '/v1/apps/my-app', { token: CALLER })).status,
    );
    expect(status).toBe(500);
    expect((await world.inventory()).buckets).toHaveLength(1);
    expect((await ask('DELETE', '/v1/apps/my-app?force=true', { token: CALLER })).status).toBe(202);
    expect(world.machineCalls()).toContain('DELETE /v1/apps/my-app?force=true');
    expect((await ask('GET', '/v1/apps/my-app', { token: CALLER })).status).toBe(404);
  },
  'DEF-12: key and policy go with the app, and the name can be taken again': async () => {
    await world.createApp('my-app');
    const before = (await world.inventory()).buckets[0]?.name;
    await ask('DELETE', '/v1/apps/my-app', { token: CALLER });
    await expectNothingLeft();
    await world.createApp('my-app');
    expect((await world.inventory()).buckets[0]?.name).not.toBe(before);
  },
  'DEF-13: the policy is attached to the key, which reaches its own bucket and no other': async () => {
    await world.createApp('my-app');
    await world.createApp('other');
    const [mine, other] = [await keyOf('my-app'), await keyOf('other')];
    const object = { Key: 'a', Body: 'b' };
    await mine.s3.send(new PutObjectCommand({ Bucket: mine.bucket, ...object }));
    await expect(mine.s3.send(new PutObjectCommand({ Bucket: other.bucket, ...object }))).rejects.toThrow(
      /./,
    );
    const read = await mine.s3.send(new GetObjectCommand({ Bucket: mine.bucket, Key: 'a' }));
    expect(await read.Body?.transformToString()).toBe('b');
  },
  'DEF-14: the key may list its bucket, by actions that Tigris knows': async () => {
    await world.createApp('my-app');
    const { s3, bucket } = await keyOf('my-app');
    expect((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount).toBe(0);
  },
  'DEF-15: a bucket that is not empty goes with its objects and uploads': async () => {
    await world.createApp('my-app');
    const { s3, bucket } = await keyOf('my-app');
    for (const name of ['a', 'b/c', 'd'])
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: name, Body: 'x' }));
    await world.tigris.listBuckets();
    await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'half' }));
    expect((await ask('DELETE', '/v1/apps/my-app', { token: CALLER })).status).toBe(202);
    await expectNothingLeft();
  },
  'DEF-16: what fails halfway is taken back, and the first failure is told': async () => {
    const steps = [
      { door: 'iam', route: '/CreatePolicy' },
      { door: 's3', method: 'PUT' },
      { door: 'iam', route: '/CreateAccessKey' },
      { door: 'iam', route: '/AttachUserPolicy' },
      { door: 'machines', method: 'POST', route: '/v1/apps/*/secrets' },
    ] as const;
    for (const step of steps) {
      const failed = await withFault(
        world.simulator,
        { ...step, kind: 'status', status: 400 },
        async () => await create(APP),
      );
      expect([step, failed.status >= 400 && failed.status !== 502 && failed.status !== 503]).toEqual([
        step,
        true,
      ]);
      await expectNothingLeft();
    }
    // The clean-up of the bucket fails as well: the app goes all the same, and what is left a second DELETE removes.
    const secrets = switchOn(world.simulator, {
      door: 'machines',
      kind: 'status',
      status: 422,
      method: 'POST',
      route: '/v1/apps/*/secrets',
    });
    const bucket = switchOn(world.simulator, { door: 's3', kind: 'status', status: 400, method: 'DELETE' });
    expect((await create(APP)).status).toBe(422);
    secrets.expectStruck();
    bucket.expectStruck();
    secrets.end();
    bucket.end();
    const left = await world.inventory();
    expect([left.apps.length, left.buckets.length]).toEqual([0, 1]);
    expect((await ask('DELETE', '/v1/apps/my-app', { token: STRANGER })).status).toBe(404);
    expect((await ask('DELETE', '/v1/apps/my-app', { token: CALLER })).status).toBe(202);
    await expectNothingLeft();
  },
  'DEF-17: both spellings of the name, other members and the query go upstream': async () => {
    expect(
      (
        await create(
          { name: 'by-name', org_slug: 'operator', network: 'own-net', app_role_id: '' },
          '/v1/apps?wait=true',
        )
      ).status,
    ).toBe(201);
    expect(world.machineCalls()).toContain('POST /v1/apps?wait=true');
    expect((await world.inventory()).apps[0]).toMatchObject({ name: 'by-name', network: 'own-net' });
    expect((await create({ name: 'a', app_name: 'b', org_slug: 'operator' })).status).toBe(400);
    expect((await create({ name: 'a', APP_NAME: 'b', org_slug: 'operator' })).status).toBe(422);
    expect((await create({ name: 'a', org_slug: 'operator', Org_Slug: 'high-flyers' })).status).toBe(422);
    expect((await create('{"name":"a","org_slug":"operator","org_slug":"high-flyers"}')).status).toBe(400);
    expect((await create({ name: 'a', org_slug: 'operator' }, '/v1/apps?org_slug=high-flyers')).status).toBe(
      400,
    );
    expect((await world.inventory()).apps).toHaveLength(1);
  },
  'DEF-18: an update is rewritten like a new machine': async () => {
    await world.createApp('my-app');
    const made = await ask('POST', MACHINES, { token: CALLER, body: { config: { image: 'acme/a:1' } } });
    const updated = await ask('POST', `${MACHINES}/${made.json.id}`, {
      token: CALLER,
      body: { config: { image: 'acme/b:2' } },
    });
    expect(updated.json.config).toMatchObject({
      containers: [{ name: 'storage' }, { name: 'app' }],
      volumes: [{ name: 'shared' }, { name: 'app-image', image: 'acme/b:2' }],
    });
  },
  'DEF-19: what the profile has no place for is refused by its name, and there is a profile that changes nothing':
    async () => {
      await world.createApp('my-app');
      const misfits = {
        containers: [{ name: 'mine', image: 'acme/a:1' }],
        volumes: [{ name: 'mine', image: 'acme/a:1' }],
        processes: [{ cmd: ['a'] }],
        init: { cmd: ['a'] },
        mounts: [
          { volume: 'vol_1234567890', path: '/a' },
          { volume: 'vol_1234567891', path: '/b' },
        ],
      };
      for (const [member, value] of Object.entries(misfits)) {
        const refused = await ask('POST', MACHINES, {
          token: CALLER,
          body: { config: { image: 'acme/a:1', [member]: value } },
        });
        expect([member, refused.status, refused.json.error]).toEqual([
          member,
          422,
          expect.stringContaining(`config.${member}`),
        ]);
      }
      expect((await world.inventory()).machines).toEqual([]);
      const own = await openPassthrough();
      try {
        await own.createApp('my-app');
        const config = { image: 'acme/a:1', containers: misfits.containers, env: { A: 'b' } };
        const made = await own.ask('POST', MACHINES, { token: CALLER, body: { config } });
        expect(made.json.config).toMatchObject(config);
      } finally {
        await own.close();
      }
    },
  'DEF-20: every member of the rewritten config is one that the Machines API has': async () => {
    await world.createApp('my-app');
    const made = await ask('POST', MACHINES, { token: CALLER, body: { config: { image: 'acme/a:1' } } });
    expect(readBody('UpdateMachineRequest', { config: made.json.config }).faults).toEqual([]);
    expect(made.json.config).toMatchObject({
      containers: [
        {
          cmd: ['/usr/local/bin/mount.sh'],
          healthchecks: [{ name: 'mounted', http: { port: 9567, path: '/metrics' } }],
          restart: { policy: 'on-failure' },
        },
        {},
      ],
    });
  },
  'DEF-21: the restart policy stays whole, and both images are one version': async () => {
    await world.createApp('my-app');
    const restart = { policy: 'on-failure', max_retries: 7 };
    const made = await ask('POST', MACHINES, {
      token: CALLER,
      body: { config: { image: 'acme/a:1', restart } },
    });
    const containers = made.json.config?.['containers'] as readonly { image: string; restart?: object }[];
    expect(containers[1]?.restart).toEqual(restart);
    expect(new Set(containers.map(({ image }) => image)).size).toBe(1);
    expect(containers[0]?.image).toMatch(/:v[0-9.]+$/);
    const plain = await ask('POST', MACHINES, { token: CALLER, body: { config: { image: 'acme/a:1' } } });
    const [, app] = (plain.json.config?.['containers'] ?? []) as readonly object[];
    expect(app).not.toHaveProperty('restart');
  },
  'DEF-22: no list of secrets is not an empty list': async () => {
    await world.createApp('my-app');
    for (const status of [401, 404, 500, 503]) {
      const refused = await withFault(
        world.simulator,
        { door: 'machines', kind: 'status', status, method: 'GET', route: '/v1/apps/*/secrets' },
        async () => await ask('POST', MACHINES, { token: CALLER, body: { config: { image: 'acme/a:1' } } }),
      );
      expect(refused.status).toBe(status >= 500 ? 504 : status);
    }
    expect((await world.inventory()).machines).toEqual([]);
  },
  'DEF-23: a body that is no config is refused with a sentence': async () => {
    await world.createApp('my-app');
    for (const body of [
      '{',
      '[]',
      '7',
      'null',
      '{"config":null}',
      '{"config":[]}',
      '{}',
      '{"Config":{}}',
      '{"config":{"image":""}}',
      '{"config":{"Image":"a"}}',
      '{"config":{},"config":{}}',
    ]) {
      const refused = await ask('POST', MACHINES, { token: CALLER, body });
      expect([400, 422], body).toContain(refused.status);
      expect(refused.json.error).toEqual(expect.any(String));
    }
    for (const body of ['{', '[]', '7', 'null', '"x"', ''])
      expect((await create(body)).status, body).toBe(400);
    expect((await world.inventory()).machines).toEqual([]);
  },
  'DEF-24: a rewritten body has its own length and type, and headers of the connection end here':
    async () => {
      await world.createApp('my-app');
      const headers = {
        te: 'trailers',
        'x-mine': '1',
        'proxy-authorization': 'x',
        'fly-machine-lease-nonce': 'n1',
        'content-type': 'text/plain',
      };
      await ask('POST', MACHINES, { token: CALLER, body: { config: { image: 'acme/a:1' } }, headers });
      const sent = world.seen.findLast(({ line }) => line === `POST ${MACHINES}`)?.headers;
      expect([...(sent?.keys() ?? [])].sort()).toEqual([
        'accept',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'fly-machine-lease-nonce',
        'host',
        'user-agent',
      ]);
      expect(sent?.get('content-type')).toBe('application/json');
      expect(Number(sent?.get('content-length'))).toBeGreaterThan(500);
    },
  'DEF-25: bodies are bounded, answers have an id, and a lost answer is no invitation to repeat':
    async () => {
      const large = await create({ ...APP, padding: 'x'.repeat(1_100_000) });
      expect([large.status, large.json.code]).toEqual([413, 'too_large']);
      expect(large.headers.get('x-request-id')).toMatch(/./);
      const deep = await create(
        `{"app_name":"a","org_slug":"operator","x":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      );
      expect(deep.status).toBe(400);
      const gzip = { 'content-encoding': 'gzip' };
      expect((await ask('POST', '/v1/apps', { token: CALLER, body: APP, headers: gzip })).status).toBe(415);
      for (const status of [502, 503]) {
        const lost = await withFault(
          world.simulator,
          { door: 'machines', kind: 'status', status, method: 'POST', route: '/v1/apps' },
          async () => await create(APP),
        );
        expect(lost.status).toBe(504);
      }
      expect(world.storageCalls()).toEqual([]);
    },
  'DEF-26: every refusal is JSON with a sentence, a code and the request id': async () => {
    const refusals = [
      await ask('GET', '/nothing'),
      await ask('GET', '/v1/platform/regions'),
      await create({ app_name: 'x', org_slug: 'high-flyers' }),
      await create('{'),
      await ask('GET', '/v1/apps/nowhere', { token: CALLER }),
      await ask('GET', '/v1/platform/regions', { token: 'fo1_nobody' }),
    ];
    for (const { json } of refusals)
      expect(json).toMatchObject({
        error: expect.any(String),
        code: expect.any(String),
        request_id: expect.any(String),
      });
  },
  'DEF-27: the own organization is asked for again': async () => {
    const own = await openPassthrough({ gateway: { allowedOrgs: { currentApp: 'the-proxy' } } });
    const lookups = (): number => own.seen.filter(({ line }) => line === 'GET /v1/apps/the-proxy').length;
    try {
      await own.machines.createApp({ name: 'the-proxy', org_slug: 'operator' });
      await own.createApp('one');
      await own.createApp('two');
      const before = lookups();
      own.simulator.clock.advance(301_000);
      await own.createApp('three');
      expect([before, lookups()]).toEqual([1, 2]);
    } finally {
      await own.close();
    }
  },
};

describe('what the original does wrong', () => {
  test.each(Object.entries(DEFECTS))('%s', async (_, holds) => await holds());
});
