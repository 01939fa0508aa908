import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flaps, send, stage, type Answer, type Stage } from './world.ts';
import { simulatedSecrets } from '../src/index.ts';

const RUNS = process.env['HANGAR_NIGHTLY'] === '1' ? 20_000 : 400;

/** A request that would be right: where it goes, and the body of which one member is exchanged. */
interface Case {
  readonly door: 'api' | 'machines';
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const rest = (method: string, path: string, body: Case['body']): Case => ({
  door: 'api',
  method,
  path: `/api/v1${path}`,
  body,
});
const secured = (path: string, body: Case['body']): Case => ({
  door: 'machines',
  method: 'POST',
  path: `/v1/apps/one/${path}`,
  body,
});
/** A mutation whose whole input is a variable, so that its members can be exchanged as well. */
const mutation = (name: string, type: string, field: string, input: object): Case => ({
  door: 'api',
  method: 'POST',
  path: '/graphql',
  body: {
    query: `mutation ($input: ${type}!) { ${name}(input: $input) { ${field} } }`,
    variables: { input },
  },
});

const CASES: readonly Case[] = [
  rest('POST', '/builds', { app_name: 'one', builder_type: 'remote', strategies_available: [] }),
  rest('POST', '/builds/finish', {
    app_name: 'one',
    build_id: 1,
    status: 'completed',
    final_image: { id: 'i' },
  }),
  rest('POST', '/releases', {
    app_name: 'one',
    build_id: 0,
    definition: {},
    image: 'a',
    strategy: 'ROLLING',
  }),
  rest('PATCH', '/releases/x', { status: 'running', metadata: null }),
  rest('POST', '/cli_sessions', {
    name: 'n',
    code_challenge: 'c',
    code_challenge_method: 'S256',
    state: 's',
    redirect_port: 1,
  }),
  rest('POST', '/cli_sessions/x/redeem', { code: 'c', code_verifier: 'v' }),
  secured('certificates/acme', { hostname: 'a.example.com' }),
  secured('certificates/custom', { hostname: 'a.example.com', fullchain: 'x', private_key: 'y' }),
  secured('secretkeys/k', { type: 'hs256', value: Buffer.alloc(32).toString('base64') }),
  secured('secretkeys/k/generate', { type: 'nacl_secretbox', value: null }),
  secured('secretkeys/mac/sign', { plaintext: 'YQ==' }),
  secured('secretkeys/mac/verify', { plaintext: 'YQ==', signature: 'YQ==' }),
  secured('secretkeys/box/encrypt', { plaintext: 'YQ==', associated_data: '' }),
  secured('secretkeys/box/decrypt', { ciphertext: 'YQ==' }),
  mutation('allocateIpAddress', 'AllocateIPAddressInput', 'ipAddress { id }', {
    appId: 'one',
    type: 'v6',
    region: '',
  }),
  mutation('releaseIpAddress', 'ReleaseIPAddressInput', 'app { name }', { appId: 'one', ip: '192.0.2.1' }),
  mutation('allocateEgressIpAddress', 'AllocateEgressIPAddressInput', 'v4', {
    appId: 'one',
    machineId: '',
    region: 'ams',
  }),
  mutation('setSecrets', 'SetSecretsInput', 'release { id }', {
    appId: 'one',
    secrets: [{ key: 'A', value: 'b' }],
  }),
  mutation('unsetSecrets', 'UnsetSecretsInput', 'release { id }', { appId: 'one', keys: ['A'] }),
  mutation('createOrganization', 'CreateOrganizationInput', 'organization { id }', { name: 'New' }),
  mutation('moveApp', 'MoveAppInput', 'app { name }', { appId: 'one', organizationId: 'op3rat0r5ecur1ty' }),
  mutation('createAddOn', 'CreateAddOnInput', 'addOn { name }', {
    organizationId: 'op3rat0r5ecur1ty',
    appId: 'one',
    name: 'n',
    type: 'arcjet',
    options: {},
    primaryRegion: 'ams',
    readRegions: ['fra'],
  }),
  mutation('createLimitedAccessToken', 'CreateLimitedAccessTokenInput', 'limitedAccessToken { id }', {
    name: 'n',
    organizationId: 'op3rat0r5ecur1ty',
    profile: 'deploy',
    profileParams: { app_id: 'one' },
    expiry: '1h',
    optInThirdParties: [],
  }),
];

/** A value with one of its leaves exchanged; `at` says which, counted over all of them. */
function exchanged(value: unknown, at: number, leaf: unknown): unknown {
  const paths = [...leavesOf(value)];
  const path = paths[at % paths.length] ?? [];
  const put = (part: unknown, [name, ...others]: readonly string[]): unknown => {
    if (name === undefined) return leaf;
    if (Array.isArray(part))
      return part.map((one, index) => (String(index) === name ? put(one, others) : one));
    const members = part as Record<string, unknown>;
    return { ...members, [name]: put(members[name], others) };
  };
  return put(value, path);
}

function* leavesOf(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  yield path;
  if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) yield* leavesOf(member, [...path, name]);
}

async function world(): Promise<Stage> {
  const on = await stage({ lending: { names: ['arcjet'] } });
  await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  await flaps(on)('POST', '/apps/one/secretkeys/mac/generate', { type: 'hs256' });
  await flaps(on)('POST', '/apps/one/secretkeys/box/generate', { type: 'xaes256gcm' });
  return on;
}

test('whatever stands where something else belongs is answered with what is wrong, never with a failure', async () => {
  const on = await world();
  const headers = { authorization: `Bearer ${simulatedSecrets.operatorToken}` };
  const strange = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      '',
      ' ',
      '9'.repeat(400),
      -1,
      1e308,
      2 ** 53,
      [],
      {},
      [[]],
      null,
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...CASES), fc.nat(), strange, async (one, at, leaf) => {
      const body = exchanged(one.body, at, leaf);
      const answer: Answer = await send(one.method, on[one.door] + one.path, { headers, body });
      expect(answer.status).toBeLessThan(500);
      const text = JSON.stringify(answer.body);
      expect(text).not.toMatch(/Internal server error|node_modules|\n\s+at /);
    }),
    { numRuns: RUNS },
  );
  // The world goes on as if nothing had been said.
  expect((await flaps(on)('GET', '/apps?org_slug=operator')).status).toBe(200);
});

test('queries of api.fly.io are read as strictly as bodies', async () => {
  const on = await world();
  const headers = { authorization: `Bearer ${simulatedSecrets.operatorToken}` };
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 200 }), async (text) => {
      const word = encodeURIComponent(text);
      for (const path of [
        `/apps/one/logs?next_token=${word}`,
        `/apps/one/logs?instance=${word}&region=${word}`,
        `/apps/one/releases?limit=${word}`,
        `/apps/${word === '' ? 'x' : word}/releases/current`,
        `/organizations/${word === '' ? 'x' : word}`,
        `/cli_sessions/${word === '' ? 'x' : word}`,
      ]) {
        const answer = await send('GET', `${on.api}/api/v1${path}`, { headers });
        expect(answer.status).toBeLessThan(500);
      }
    }),
    { numRuns: RUNS / 10 },
  );
});
