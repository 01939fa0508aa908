import { CreateMultipartUploadCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  allowPlainHttpToSimulator,
  createMachinesClient,
  createOAuthClient,
  createPkcePair,
  type MachinesClient,
  type OAuthClient,
} from '@hangar/flyio';
import { createTigrisClient, type TigrisClient } from '@hangar/flyio/tigris';
import { Secret } from '@hangar/security';
import { createOutgoing, type Outgoing } from '@hangar/security/outgoing';
import { createSimulator, listen, simulatedSecrets, type Listening, type Simulator } from '@hangar/simulator';

const redirectUri = 'http://127.0.0.1:4600/flyio/callback';
let simulator: Simulator;
let doors: Listening[];
let machines: MachinesClient;
let outgoing: Outgoing;
let oauth: OAuthClient;
let tigris: TigrisClient;
let operatorS3: S3Client;

beforeAll(async () => {
  simulator = createSimulator();
  doors = await Promise.all(
    [simulator.doors.api, simulator.doors.machines, simulator.doors.s3, simulator.doors.iam].map((door) =>
      listen(door.fetch, { port: 0 }),
    ),
  );
  const [api = '', machinesUrl = '', s3Endpoint = '', iamEndpoint = ''] = doors.map((door) => door.url);
  machines = createMachinesClient({
    baseUrl: machinesUrl,
    token: () => Secret.of(simulatedSecrets.operatorToken),
  });
  const operator = {
    accessKeyId: simulatedSecrets.storageKeyId,
    secretAccessKey: simulatedSecrets.storageSecret,
  };
  tigris = createTigrisClient({
    s3Endpoint,
    iamEndpoint,
    accessKeyId: operator.accessKeyId,
    secretAccessKey: Secret.of(operator.secretAccessKey),
  });
  operatorS3 = new S3Client({
    endpoint: s3Endpoint,
    region: 'auto',
    forcePathStyle: true,
    credentials: operator,
  });
  outgoing = createOutgoing({ allowedOrigins: [api] });
  oauth = createOAuthClient({
    clientId: simulatedSecrets.oauthClientId,
    clientSecret: Secret.of(simulatedSecrets.oauthClientSecret),
    redirectUri,
    apiUrl: api,
    outgoing,
    allowPlainHttp: allowPlainHttpToSimulator,
  });
});

afterAll(async () => {
  await machines.close();
  tigris.close();
  operatorS3.destroy();
  await outgoing.close();
  await Promise.all(doors.map((door) => door.close()));
  await simulator.close();
});

function value<T>(result: { ok: true; value: T } | { ok: false; reason: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.reason));
  return result.value;
}

describe('the Machines client against the simulated Fly.io', () => {
  test('makes an app with an address and secrets, runs a machine in it, and takes it all down', async () => {
    value(await machines.createApp({ app_name: 'notebook-1', org_slug: 'operator', network: 'hgr-1' }));
    const taken = await machines.createApp({ app_name: 'notebook-1', org_slug: 'operator' });
    expect(taken).toMatchObject({ ok: false, reason: { tag: 'refused', status: 422 } });
    const app = value(await machines.getApp('notebook-1'));
    expect(app).toMatchObject({ name: 'notebook-1', network: 'hgr-1' });
    expect(typeof app.internal_numeric_id).toBe('number');

    const address = value(
      await machines.allocateIp('notebook-1', { type: 'private_v6', network: 'hgr-1', org_slug: 'operator' }),
    );
    expect(address.ip).toMatch(/^fdaa:/);
    expect(value(await machines.listIps('notebook-1'))).toHaveLength(1);
    value(await machines.setSecrets('notebook-1', { BUCKET_NAME: 'b' }));
    expect(value(await machines.listSecrets('notebook-1')).secrets).toMatchObject([{ name: 'BUCKET_NAME' }]);

    const machine = value(
      await machines.createMachine('notebook-1', {
        region: 'ams',
        config: {
          image: 'flyio/hellofly',
          metadata: { hangar_env: 'env_1' },
          guest: { cpus: 1, memory_mb: 256, cpu_kind: 'shared' },
        },
      }),
    );
    value(await machines.waitForMachine('notebook-1', machine.id, { state: 'started', timeoutSeconds: 10 }));
    expect(
      value(await machines.listMachines('notebook-1', { metadata: { hangar_env: 'env_1' } })),
    ).toHaveLength(1);
    expect(
      value(await machines.listMachines('notebook-1', { metadata: { hangar_env: 'env_2' } })),
    ).toHaveLength(0);

    value(await machines.stopMachine('notebook-1', machine.id));
    value(await machines.waitForMachine('notebook-1', machine.id, { state: 'stopped', timeoutSeconds: 10 }));
    value(await machines.startMachine('notebook-1', machine.id));
    value(await machines.waitForMachine('notebook-1', machine.id, { state: 'started', timeoutSeconds: 10 }));
    value(await machines.deleteMachine('notebook-1', machine.id, { force: true }));
    expect(value(await machines.listVolumes('notebook-1'))).toEqual([]);

    value(await machines.deleteApp('notebook-1'));
    expect(await machines.getApp('notebook-1')).toMatchObject({
      ok: false,
      reason: { tag: 'refused', status: 404 },
    });
  });

  test('is refused with a token that nobody issued', async () => {
    const stranger = createMachinesClient({
      baseUrl: doors[1]?.url ?? '',
      token: () => Secret.of('fo1_stranger'),
    });
    expect(await stranger.listApps('operator')).toMatchObject({
      ok: false,
      reason: { tag: 'refused', status: 401 },
    });
    await stranger.close();
  });
});

describe('the OAuth client against the simulated Fly.io', () => {
  async function signIn(
    answer: Record<string, string>,
    state: string,
    codeChallenge: string,
  ): Promise<URLSearchParams> {
    const url = oauth.authorizeUrl({ state, codeChallenge, organizationId: '04La2mblTaz' });
    const form = new URLSearchParams([...url.searchParams, ...Object.entries(answer)]);
    const reply = await outgoing.fetch(url.origin + url.pathname, { method: 'POST', body: form });
    return new URL(reply.headers.get('location') ?? '').searchParams;
  }

  test('brings a person home with their organizations, once per code', async () => {
    const { codeVerifier, codeChallenge } = createPkcePair();
    const callback = await signIn({ user_id: 'NeBO2G0l0yJ6' }, 's1', codeChallenge);
    const tokens = value(await oauth.exchange(callback, { state: 's1', codeVerifier }));
    const person = value(await oauth.introspect(tokens.accessToken));
    expect(person).toMatchObject({
      user_id: 'NeBO2G0l0yJ6',
      application: { uid: simulatedSecrets.oauthClientId },
    });
    expect(person.organizations).toContainEqual({ id: '04La2mblTaz', role: 'admin' });
    expect(await oauth.exchange(callback, { state: 's1', codeVerifier })).toMatchObject({
      ok: false,
      reason: { tag: 'token_refused', status: 400, error: 'invalid_grant' },
    });
  });

  test("is refused with another browser's verifier, a denial, and a made-up token", async () => {
    const { codeVerifier, codeChallenge } = createPkcePair();
    const callback = await signIn({ user_id: 'NeBO2G0l0yJ6' }, 's2', codeChallenge);
    const other = createPkcePair().codeVerifier;
    expect(await oauth.exchange(callback, { state: 's2', codeVerifier: other })).toMatchObject({ ok: false });
    const denied = await signIn({ deny: '1' }, 's3', codeChallenge);
    expect(await oauth.exchange(denied, { state: 's3', codeVerifier })).toMatchObject({
      ok: false,
      reason: { tag: 'callback_refused', error: 'access_denied' },
    });
    expect(await oauth.introspect(Secret.of('fo1_made-up'))).toMatchObject({
      ok: false,
      reason: { tag: 'introspection_refused', status: 401 },
    });
  });
});

describe('the Tigris client against the simulated Tigris', () => {
  const bucket = 'notebook-1-7f3a9c2e41';
  const name = 'hgr-test-env_1';
  const document = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [`arn:aws:s3:::${bucket}`] },
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: [`arn:aws:s3:::${bucket}/*`] },
    ],
  };

  test('makes a bucket and a key for it, and takes all of it down, each step twice', async () => {
    expect(await tigris.ensureBucket(bucket)).toBe('created');
    expect(await tigris.ensureBucket(bucket)).toBe('existed');
    expect((await tigris.listBuckets()).map((entry) => entry.name)).toContain(bucket);

    const key = await tigris.createAccessKey(name);
    const arn = await tigris.ensurePolicy(name, document);
    expect(await tigris.ensurePolicy(name, document)).toBe(arn);
    await expect(tigris.ensurePolicy(name, { ...document, Statement: [] })).rejects.toMatchObject({
      status: 409,
    });
    await tigris.attachPolicy(key.accessKeyId, arn);
    expect(await tigris.listPolicies()).toContainEqual(expect.objectContaining({ name, arn }));

    const own = new S3Client({
      endpoint: doors[2]?.url ?? '',
      region: 'auto',
      forcePathStyle: true,
      credentials: { accessKeyId: key.accessKeyId, secretAccessKey: key.secret.reveal() },
    });
    await own.send(new PutObjectCommand({ Bucket: bucket, Key: 'a & <b>', Body: 'x' }));
    await operatorS3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'unfinished' }));
    for (let i = 0; i < 5; i += 1)
      await own.send(new PutObjectCommand({ Bucket: bucket, Key: `n/${i}`, Body: 'x' }));

    await tigris.deactivateAccessKey(key.accessKeyId);
    expect(await tigris.listAccessKeys()).toContainEqual(
      expect.objectContaining({ accessKeyId: key.accessKeyId, userName: name, active: false }),
    );
    await expect(
      own.send(new PutObjectCommand({ Bucket: bucket, Key: 'late', Body: 'x' })),
    ).rejects.toThrow();
    own.destroy();

    for (let twice = 0; twice < 2; twice += 1) {
      await tigris.emptyAndDeleteBucket(bucket);
      await tigris.detachPolicy(key.accessKeyId, arn);
      await tigris.deletePolicy(arn);
      await tigris.deleteAccessKey(key.accessKeyId);
    }
    expect(await tigris.listBuckets()).toEqual([]);
    expect((await tigris.listPolicies()).filter((policy) => policy.name === name)).toEqual([]);
    expect((await tigris.listAccessKeys()).filter((entry) => entry.userName === name)).toEqual([]);
  });
});
