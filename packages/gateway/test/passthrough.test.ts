import { createPassthrough } from '@hangar/gateway';
import { listen } from '@hangar/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFault } from '../../../test/harness/mishaps.ts';
import { CALLER, openPassthrough, type PassthroughWorld, STRANGER } from './passthrough-world.ts';

let world: PassthroughWorld;
beforeEach(async () => {
  world = await openPassthrough({ gateway: { profile: 'app-storage' } });
});
afterEach(async () => {
  await world.close();
});

const TIGRIS_SECRETS = ['FLY_TIGRIS_ACCESS_KEY_ID', 'FLY_TIGRIS_BUCKET', 'FLY_TIGRIS_SECRET_ACCESS_KEY'];

/** The calls of the user-env API's document, as they stand there. */
const EXAMPLES = {
  createApp: { app_name: 'my-app', org_slug: 'operator' },
  createMachine: (volume: string) => ({
    config: { image: 'flyio/ubuntu:latest', mounts: [{ volume, path: '/data' }] },
  }),
};

describe('the life of an app', () => {
  it('is what the document shows: created with a bucket, its secrets listed, a machine made, deleted', async () => {
    const made = await world.ask('POST', '/v1/apps', { token: CALLER, body: EXAMPLES.createApp });
    expect(made.status).toBe(201);
    const secrets = await world.ask('GET', '/v1/apps/my-app/secrets', { token: CALLER });
    expect(secrets.status).toBe(200);
    expect(secrets.json.secrets?.map(({ name }) => name).sort()).toEqual(TIGRIS_SECRETS);

    const volume = await world.ask('POST', '/v1/apps/my-app/volumes', {
      token: CALLER,
      body: { name: 'data', size_gb: 1 },
    });
    expect(volume.status).toBe(200);
    await world.ask('POST', '/v1/apps/my-app/secrets', {
      token: CALLER,
      body: { values: { GREETING: 'hello' } },
    });
    const machine = await world.ask('POST', '/v1/apps/my-app/machines', {
      token: CALLER,
      body: EXAMPLES.createMachine(String(volume.json.id)),
    });
    expect(machine.status).toBe(200);
    const started = await world.ask(
      'GET',
      `/v1/apps/my-app/machines/${machine.json.id}/wait?state=started&timeout=10`,
      { token: CALLER },
    );
    expect(started.status).toBe(200);
    const found = await world.ask('GET', `/v1/apps/my-app/machines/${machine.json.id}`, { token: CALLER });
    expect(found.json.state).toBe('started');
    expect(found.json.config).toMatchObject({
      image: 'flyio/ubuntu:latest',
      mounts: [{ volume: volume.json.id, path: '/dev/fly_vol' }],
      containers: [
        {
          name: 'storage',
          secrets: [{ env_var: 'S3_ACCESS_KEY' }, { env_var: 'S3_SECRET_KEY' }, { env_var: 'BUCKET_NAME' }],
        },
        {
          name: 'app',
          env: { FLY_USER_DATA_PATH: '/data' },
          secrets: [{ name: 'GREETING', env_var: 'GREETING' }],
          depends_on: [{ name: 'storage', condition: 'healthy' }],
        },
      ],
    });

    const [bucket] = (await world.inventory()).buckets;
    expect(bucket?.name).toMatch(/^my-app-[a-z2-7]{10}$/);
    const gone = await world.ask('DELETE', '/v1/apps/my-app', { token: CALLER });
    expect([gone.status, gone.json]).toEqual([202, { success: true, bucketDeleted: true }]);
    const left = await world.inventory();
    expect([left.apps, left.buckets, left.access_keys, left.policies, left.machines]).toEqual([
      [],
      [],
      [],
      [],
      [],
    ]);
    expect((await world.ask('GET', '/v1/apps/my-app', { token: CALLER })).status).toBe(404);
  });

  it('goes through with everything in the bucket, and through an update that keeps the containers', async () => {
    await world.createApp('my-app');
    const { buckets } = await world.inventory();
    const bucket = buckets[0]?.name ?? '';
    const made = await world.ask('POST', '/v1/apps/my-app/machines', {
      token: CALLER,
      body: { config: { image: 'acme/one:1', env: { LANG: 'C' } } },
    });
    const machine = String(made.json.id);
    const echoed = { ...made.json.config, image: 'acme/two:2', env: { MORE: 'yes' } };
    const updated = await world.ask('POST', `/v1/apps/my-app/machines/${machine}`, {
      token: CALLER,
      body: { config: echoed },
    });
    expect(updated.json.config).toMatchObject({
      image: 'acme/two:2',
      containers: [
        { name: 'storage' },
        { name: 'app', env: { LANG: 'C', MORE: 'yes', FLY_USER_DATA_PATH: '/data' } },
      ],
      volumes: [{ name: 'shared' }, { name: 'app-image', image: 'acme/two:2' }],
    });
    expect(bucket).not.toBe('');
  });
});

describe('storage that outlived its app', () => {
  it('is told, and deleted by whoever may delete in the organization, not by who could delete the app alone', async () => {
    await world.createApp('my-app');
    const minted = await world.ask('POST', '/v1/apps/my-app/deploy_token', { token: CALLER, body: {} });
    const { token } = minted.json as unknown as { token: string };
    const remove = async (authorization: string) =>
      await world.ask('DELETE', '/v1/apps/my-app', { headers: { authorization } });
    const half = await withFault(
      world.simulator,
      { door: 's3', kind: 'status', status: 400, method: 'DELETE' },
      async () => await remove(token),
    );
    expect([half.status, half.json.error]).toEqual([
      504,
      expect.stringContaining('send the same request again'),
    ]);
    expect((await world.inventory()).buckets).toHaveLength(1);
    expect((await remove(token)).status).toBe(404);
    expect((await world.inventory()).buckets).toHaveLength(1);
    expect((await remove(`Bearer ${CALLER}`)).status).toBe(202);
    const left = await world.inventory();
    expect([left.buckets, left.access_keys, left.policies]).toEqual([[], [], []]);
  });
});

describe('an app that is deleted while another process makes the next one of its name', () => {
  it('takes its own storage with it, and leaves the next one its own', async () => {
    await world.createApp('my-app');
    const [first] = (await world.inventory()).buckets;
    let isMade = false;
    const listPolicies: typeof world.tigris.listPolicies = async () => {
      if (!isMade) {
        isMade = true;
        await world.createApp('my-app');
      }
      return await world.tigris.listPolicies();
    };
    const other = createPassthrough({ ...world.options, tigris: { ...world.tigris, listPolicies } });
    const request = new Request('http://gateway.test/v1/apps/my-app', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${CALLER}` },
    });
    const answer = await other.fetch(request, { rawTarget: '/v1/apps/my-app', requestId: 'other' });
    await other.close();
    expect([answer.status, isMade]).toEqual([202, true]);
    const left = await world.inventory();
    expect(left.buckets).toHaveLength(1);
    expect(left.buckets).not.toContainEqual(first);
    expect(left.access_keys).toHaveLength(1);
  });
});

describe('an app that moved to another organization', () => {
  it('is deleted with the storage that was made in the first', async () => {
    await world.createApp('my-app');
    const machines = await listen(
      async (request, context) => {
        const answer = await world.simulator.doors.machines.fetch(request, context);
        if (request.method !== 'GET') return answer;
        const app = (await answer.json()) as object;
        return Response.json({ ...app, organization: { slug: 'high-flyers' } });
      },
      { port: 0 },
    );
    const passthrough = createPassthrough({
      ...world.options,
      machinesUrl: machines.url,
      allowedOrgs: ['high-flyers'],
    });
    const request = new Request('http://gateway.test/v1/apps/my-app', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${CALLER}` },
    });
    const answer = await passthrough.fetch(request, { rawTarget: '/v1/apps/my-app', requestId: 'moved' });
    await passthrough.close();
    await machines.close();
    expect(answer.status).toBe(202);
    const left = await world.inventory();
    expect([left.buckets, left.access_keys, left.policies]).toEqual([[], [], []]);
  });
});

describe('requests about one app', () => {
  it('of a stranger, which upstream is slow to refuse, hold nobody else up', async () => {
    await world.createApp('my-app');
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const machines = await listen(
      async (request, context) => {
        if (request.headers.get('authorization') === 'Bearer fo1_nobody') await held;
        return await world.simulator.doors.machines.fetch(request, context);
      },
      { port: 0 },
    );
    const passthrough = createPassthrough({ ...world.options, machinesUrl: machines.url });
    const remove = async (token: string) =>
      await passthrough.fetch(
        new Request('http://gateway.test/v1/apps/my-app', {
          method: 'DELETE',
          headers: { authorization: `Bearer ${token}` },
        }),
        { rawTarget: '/v1/apps/my-app', requestId: token },
      );
    const stranger = remove('fo1_nobody');
    expect((await remove(CALLER)).status).toBe(202);
    release();
    expect((await stranger).status).toBeGreaterThanOrEqual(400);
    await passthrough.close();
    await machines.close();
  });
});

describe('the organization', () => {
  it('is needed: 400 without, and nothing is asked of anybody', async () => {
    for (const body of [
      { app_name: 'my-app' },
      { app_name: 'my-app', org_slug: '' },
      { app_name: 'my-app', org_slug: null },
    ]) {
      const refused = await world.ask('POST', '/v1/apps', { token: CALLER, body });
      expect([refused.status, refused.json.code]).toEqual([400, 'bad_request']);
    }
    expect(world.seen).toEqual([]);
  });

  it('has to be allowed: 403 for a foreign one, and nothing is asked of anybody', async () => {
    const body = { app_name: 'my-app', org_slug: 'high-flyers' };
    const refused = await world.ask('POST', '/v1/apps', { token: CALLER, body });
    expect([refused.status, refused.json.code]).toEqual([403, 'org_not_allowed']);
    expect(world.seen).toEqual([]);
  });

  it('has to be allowed for every request about an app, a list or an organization', async () => {
    await world.machines.createApp({ name: 'theirs', org_slug: 'operator' });
    const seeded = await openPassthrough({ gateway: { allowedOrgs: ['high-flyers'] } });
    try {
      await seeded.machines.createApp({ name: 'mine', org_slug: 'operator' });
      const calls = [
        ['GET', '/v1/apps/mine'],
        ['GET', '/v1/apps/mine/machines'],
        ['POST', '/v1/apps/mine/machines'],
        ['POST', '/v1/apps/mine/secrets'],
        ['DELETE', '/v1/apps/mine'],
        ['GET', '/v1/apps?org_slug=operator'],
        ['GET', '/v1/orgs/operator/machines'],
      ] as const;
      for (const [method, target] of calls) {
        const refused = await seeded.ask(method, target, {
          token: CALLER,
          ...(method === 'POST' ? { body: {} } : {}),
        });
        expect([method, target, refused.status, refused.json.code]).toEqual([
          method,
          target,
          403,
          'org_not_allowed',
        ]);
      }
      expect(seeded.storageCalls()).toEqual([]);
      expect(seeded.machineCalls().filter((line) => line !== 'GET /v1/apps/mine')).toEqual(['POST /v1/apps']);
      const listed = await seeded.ask('GET', '/v1/apps?org_slug=high-flyers', { token: CALLER });
      expect(listed.status).toBe(200);
    } finally {
      await seeded.close();
    }
  });

  it('may be any with *, and the one of the own app when nothing is listed', async () => {
    const all = await openPassthrough({ gateway: { allowedOrgs: '*' } });
    const own = await openPassthrough({ gateway: { allowedOrgs: { currentApp: 'my-user-env-api' } } });
    try {
      await all.createApp('anywhere', 'high-flyers');
      expect((await all.ask('GET', '/v1/apps/anywhere/machines', { token: CALLER })).status).toBe(200);
      await own.machines.createApp({ name: 'my-user-env-api', org_slug: 'operator' });
      await own.createApp('beside-it');
      const elsewhere = { app_name: 'else', org_slug: 'high-flyers' };
      expect((await own.ask('POST', '/v1/apps', { token: CALLER, body: elsewhere })).status).toBe(403);
      const [lookup] = own.seen.filter(({ line }) => line === 'GET /v1/apps/my-user-env-api');
      expect(lookup?.headers.get('authorization')).not.toContain(CALLER);
    } finally {
      await all.close();
      await own.close();
    }
  });
});

describe('every other request', () => {
  it('passes with the callers own token to the letter, and without what is about one connection', async () => {
    await world.createApp('my-app');
    world.seen.length = 0;
    const answer = await world.ask('GET', '/v1/apps/my-app/machines?include_deleted=true', {
      headers: {
        authorization: `  FlyV1 Bearer   ${CALLER} `.trim(),
        'fly-machine-lease-nonce': 'abc123',
        'user-agent': 'fly-go',
        cookie: 'a=b',
        te: 'trailers',
        'x-forwarded-for': '1.2.3.4',
        'fly-client-ip': '1.2.3.4',
        'proxy-authorization': 'Basic x',
      },
    });
    expect(answer.status).toBe(200);
    const passed = world.seen.at(-1);
    expect(passed?.line).toBe('GET /v1/apps/my-app/machines?include_deleted=true');
    expect(passed?.headers.get('authorization')).toBe(`FlyV1 Bearer   ${CALLER}`);
    expect(passed?.headers.get('fly-machine-lease-nonce')).toBe('abc123');
    expect(passed?.headers.get('user-agent')).toBe('fly-go');
    for (const name of ['cookie', 'te', 'x-forwarded-for', 'fly-client-ip', 'proxy-authorization'])
      expect([name, passed?.headers.get(name)]).toEqual([name, null]);
    expect(passed?.headers.get('host')).toMatch(/^127\.0\.0\.1:/);
  });

  it('needs a token, except where a token is what the body asks about', async () => {
    for (const [method, target] of [
      ['GET', '/v1/platform/regions'],
      ['DELETE', '/v1/apps/x'],
      ['GET', '/v1/tokens/current'],
    ]) {
      const refused = await world.ask(String(method), String(target));
      expect([target, refused.status, refused.json.code]).toEqual([target, 401, 'token_missing']);
    }
    expect(world.seen).toEqual([]);
    const asked = await world.ask('POST', '/v1/tokens/authenticate', { body: { header: 'fm2_nothing' } });
    expect(asked.status).toBe(200);
    expect(world.seen.at(-1)?.headers.get('authorization')).toBeNull();
  });

  it('is refused in upstreams words, with our code and request id beside', async () => {
    const refused = await world.ask('GET', '/v1/apps/nowhere/machines', { token: CALLER });
    expect(refused.status).toBe(404);
    expect(refused.json).toMatchObject({ error: expect.stringContaining('nowhere'), code: 'not_found' });
    expect(refused.headers.get('hangar-request-id')).not.toBeNull();
    const foreign = await world.ask('GET', '/v1/platform/regions', { token: 'fo1_nobody' });
    expect([foreign.status, foreign.json.code]).toEqual([401, 'token_bad_signature']);
  });

  it('is not anything outside of /v1', async () => {
    for (const target of [
      '/',
      '/v1',
      '/graphql',
      '/v2/apps',
      '/V1/apps',
      '/v1/Apps',
      '/v1/APPS/x',
      '/v1/apps/',
      '/hangar/v1/environments',
    ])
      expect([target, (await world.ask('POST', target, { token: CALLER, body: {} })).status]).toEqual([
        target,
        404,
      ]);
    expect(world.seen).toEqual([]);
  });

  it('is refused to a token that upstream does not let see the app, before Tigris is asked', async () => {
    await world.createApp('my-app');
    world.seen.length = 0;
    for (const method of ['GET', 'DELETE']) {
      const refused = await world.ask(method, '/v1/apps/my-app', { token: STRANGER });
      expect([method, refused.status]).toEqual([method, 403]);
    }
    expect(world.storageCalls()).toEqual([]);
    expect((await world.inventory()).apps).toHaveLength(1);
  });
});
