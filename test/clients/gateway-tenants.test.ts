import { randomUUID } from 'node:crypto';
import {
  buildSchema,
  isLeafType,
  isNonNullType,
  isObjectType,
  isInterfaceType,
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { SCHEMA_TEXT } from '../../packages/gateway/src/clients/graphql/schema.ts';
import { openGatewayStage, WORKSPACE, type GatewayStage } from './gateway-stage.ts';
import { at, type Answered } from './stage.ts';

const OTHERS = 'rivals';
const schema = buildSchema(SCHEMA_TEXT);

let stage: GatewayStage;
/** A token for the whole of the other workspace. */
let theirs: string;
/** What only the other workspace may see. */
let marks: string[];

/** A question and its answer. */
async function asks(query: string, token = stage.token, variables: object = {}): Promise<Answered> {
  return await stage.ask('api', 'POST', '/graphql', { query, variables }, token);
}

/** The words of the first error. */
function wordsOf(answer: Answered): string {
  const [first] = (at(answer, 'errors') ?? []) as { message: string }[];
  return first?.message ?? '';
}

/** The words of a refusal at the Machines API. */
const refusalOf = (answer: Answered): string => String(at(answer, 'error'));

/** Makes an app with a machine, a secret, an address and a release, and says what marks them. */
async function furnish(app: string, token: string): Promise<string[]> {
  const ask = async (path: string, body: unknown) => await stage.ask('machines', 'POST', path, body, token);
  const made = await ask('/v1/apps', { app_name: app });
  expect(made.status).toBe(201);
  const machine = await ask(`/v1/apps/${app}/machines`, {
    region: 'ams',
    config: { image: 'nginx', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 } },
  });
  await ask(`/v1/apps/${app}/secrets`, { values: { [`SECRET_OF_${app.toUpperCase()}`]: 'x' } });
  const address = await ask(`/v1/apps/${app}/ip_assignments`, { type: 'private_v6' });
  const definition = { app, env: { MARK: `toml-of-${app}` } };
  await ask('/api/v1/releases', { app_name: app, image: `image-of-${app}`, strategy: 'ROLLING', definition });
  const wire = await stage.ask('machines', 'GET', `/v1/apps/${app}`, undefined, token);
  return [
    String(at(machine, 'id')),
    String(at(address, 'ip')),
    `SECRET_OF_${app.toUpperCase()}`,
    `toml-of-${app}`,
    `image-of-${app}`,
    String(at(wire, 'network')),
  ];
}

beforeAll(async () => {
  stage = await openGatewayStage();
  theirs = await stage.tokenFor(OTHERS, 'org');
  await furnish('ours', stage.token);
  marks = [OTHERS, ...(await furnish('theirs', theirs))];
});
afterAll(() => stage.close());

describe('every field of the schema', () => {
  const root = schema.getQueryType();
  const app = schema.getType('App') as GraphQLObjectType;
  const own = `{ app(name: "ours") ${everything(app)} }`;

  it('is answered about an app of the own workspace, without a word of another one', async () => {
    const answer = await asks(own);
    expect(at(answer, 'errors')).toBeUndefined();
    for (const mark of marks) expect(JSON.stringify(answer.json)).not.toContain(mark);
  });

  it.each(Object.keys(app.getFields()))('App.%s of an app of somebody else is refused', async (name) => {
    const field = app.getFields()[name];
    if (!field) throw new Error('no such field');
    const answer = await asks(`{ app(name: "theirs") { ${selection(field, 0)} } }`);
    const atMachines = await stage.ask('machines', 'GET', '/v1/apps/theirs');
    expect(answer.status).toBe(200);
    expect(at(answer, 'data')).toEqual({ app: null });
    expect(wordsOf(answer)).toBe(refusalOf(atMachines));
    for (const mark of marks) expect(JSON.stringify(answer.json)).not.toContain(mark);
  });

  it.each(Object.keys(root?.getFields() ?? {}))(
    'Queries.%s shows nothing of another workspace',
    async (name) => {
      const field = root?.getFields()[name];
      if (!field) throw new Error('no such field');
      for (const value of ['theirs', OTHERS])
        for (const argument of [undefined, ...field.args.map((one) => one.name)]) {
          const answer = await asks(`{ ${selection(field, 0, { argument, value })} }`);
          expect([200]).toContain(answer.status);
          const text = JSON.stringify(answer.json).replaceAll(`"${value}"`, '""');
          for (const mark of marks.slice(1)) expect(text).not.toContain(mark);
        }
    },
  );

  it('names one that there is not, and says that it is not offered', async () => {
    expect(wordsOf(await asks('{ addOn(name: "x") { id } }'))).toBe(
      'Queries.addOn is not offered through the gateway',
    );
    expect(wordsOf(await asks('mutation ($i: MoveAppInput!) { moveApp(input: $i) { app { id } } }'))).toBe(
      'Mutations.moveApp is not offered through the gateway',
    );
  });

  it('an app that is not there is not found in the words that flyctl knows', async () => {
    for (const name of ['nobody', '', '..', '%2e%2e', 'a/b', 'x?y'])
      expect(
        wordsOf(await asks('query ($n: String!) { app(name: $n) { id } }', undefined, { n: name })),
      ).toMatch(/^Could not find App$|^not found$/);
  });
});

describe('what is changed by another name', () => {
  const mutation = (name: string, input: string, answers: string) =>
    `mutation { ${name}(input: ${input}) { ${answers} } }`;
  const changes = (
    app: string,
  ): readonly [what: string, document: string, method: string, path: string, body: unknown][] => [
    [
      'an address',
      mutation('allocateIpAddress', `{appId: "${app}", type: "private_v6"}`, 'ipAddress { address }'),
      'POST',
      `/v1/apps/${app}/ip_assignments`,
      { type: 'private_v6' },
    ],
    [
      'the release of an address',
      mutation('releaseIpAddress', `{appId: "${app}", ip: "fdaa::1"}`, 'clientMutationId'),
      'DELETE',
      `/v1/apps/${app}/ip_assignments/fdaa::1`,
      undefined,
    ],
    [
      'a secret',
      mutation('setSecrets', `{appId: "${app}", secrets: [{key: "K", value: "v"}]}`, 'app { id }'),
      'POST',
      `/v1/apps/${app}/secrets`,
      { values: { K: 'v' } },
    ],
    [
      'the end of a secret',
      mutation('unsetSecrets', `{appId: "${app}", keys: ["K"]}`, 'app { id }'),
      'POST',
      `/v1/apps/${app}/secrets`,
      { values: { K: null } },
    ],
    [
      'a token',
      mutation(
        'createLimitedAccessToken',
        `{name: "t", organizationId: "${app === 'theirs' ? OTHERS : WORKSPACE}", profile: "deploy", profileParams: {app_id: "${app}"}, expiry: "1h"}`,
        'limitedAccessToken { tokenHeader }',
      ),
      'POST',
      '/hangar/v1/tokens',
      {
        name: 't',
        org_slug: app === 'theirs' ? OTHERS : WORKSPACE,
        preset: 'deploy',
        app,
        expires_in: '1h',
      },
    ],
  ];

  it.each(changes('theirs'))(
    '%s is refused to a stranger in the words of its own route',
    async (...[, document, method, path, body]) => {
      const before = await inventory();
      const answer = await asks(document);
      const other = await stage.ask('machines', method, path, body);
      expect(other.status).toBeGreaterThanOrEqual(400);
      expect(wordsOf(answer)).toBe(refusalOf(other).replace('app not found', 'Could not find App'));
      expect(await inventory()).toBe(before);
    },
  );

  it.each(changes('ours'))(
    '%s is refused to a token that only reads',
    async (...[, document, method, path, body]) => {
      const readonly = await stage.tokenFor(WORKSPACE, 'readonly');
      const before = await inventory();
      const answer = await asks(document, readonly);
      const other = await stage.ask('machines', method, path, body, readonly);
      expect(other.status).toBe(403);
      expect(wordsOf(answer)).toBe(refusalOf(other));
      expect(await inventory()).toBe(before);
    },
  );

  it('a token that is made is no wider than the one that made it', async () => {
    const deploy = await stage.tokenFor(WORKSPACE, 'deploy', 'ours');
    const document = mutation(
      'createLimitedAccessToken',
      `{name: "wide", organizationId: "${WORKSPACE}", profile: "deploy_organization", expiry: "175200h0m0s"}`,
      'limitedAccessToken { tokenHeader expiresAt }',
    );
    const answer = await asks(document, deploy);
    const header = /"tokenHeader":"FlyV1 ([^"]+)"/.exec(JSON.stringify(answer.json))?.[1];
    if (header === undefined) {
      expect(wordsOf(answer)).toMatch(/not allowed/);
      return;
    }
    const made = await stage.ask('machines', 'POST', '/v1/apps', { app_name: 'too-wide' }, header);
    expect(made.status).toBe(403);
  });

  it('a token that is made for one app is for that app alone, and writes nothing where its maker may only read', async () => {
    const document = (app: string) =>
      mutation(
        'createLimitedAccessToken',
        `{name: "ci", organizationId: "${WORKSPACE}", profile: "deploy", profileParams: {app_id: "${app}"}, expiry: "1h"}`,
        'limitedAccessToken { tokenHeader expiresAt }',
      );
    await furnish('third', stage.token);
    const text = JSON.stringify((await asks(document('ours'))).json);
    const header = /"tokenHeader":"FlyV1 ([^"]+)"/.exec(text)?.[1] ?? '';
    const secret = { values: { K: 'v' } };
    const write = async (app: string) =>
      (await stage.ask('machines', 'POST', `/v1/apps/${app}/secrets`, secret, header)).status;
    expect([await write('ours'), await write('third')]).toEqual([200, 403]);
    const readonly = await stage.tokenFor(WORKSPACE, 'readonly');
    const release = { app_name: 'ours', image: 'x' };
    expect((await stage.ask('api', 'POST', '/api/v1/releases', release, readonly)).status).toBe(403);
    expect(
      (await stage.ask('api', 'PATCH', '/api/v1/releases/ours.1', { status: 'failed' }, readonly)).status,
    ).toBe(403);
  });

  it('releases are told of the own apps alone', async () => {
    const body = { app_name: 'theirs', image: 'x', strategy: 'ROLLING', definition: {} };
    expect((await stage.ask('api', 'POST', '/api/v1/releases', body)).status).toBe(404);
    expect((await stage.ask('api', 'PATCH', '/api/v1/releases/theirs.1', { status: 'failed' })).status).toBe(
      404,
    );
    expect((await stage.ask('api', 'GET', '/api/v1/apps/theirs/releases')).status).toBe(404);
    expect((await stage.ask('api', 'GET', '/api/v1/apps/theirs/releases/current')).status).toBe(404);
    expect((await stage.ask('api', 'GET', '/api/v1/apps/theirs/logs')).status).toBe(404);
    expect((await stage.ask('api', 'POST', '/api/v1/builds', { app_name: 'theirs' })).status).toBe(403);
    const times = await stage.ask('api', 'GET', '/api/v1/releases/all_current');
    expect(Object.keys(times.json as object)).toEqual(['ours', 'third']);
    expect(
      at(await stage.ask('api', 'GET', '/api/v1/apps/theirs/releases/current', undefined, theirs), 'status'),
    ).toBe('pending');
  });
});

describe('a token of another kind', () => {
  it('for one app lists that app and no other', async () => {
    await furnish('second', stage.token);
    const deploy = await stage.tokenFor(WORKSPACE, 'app-control', 'ours');
    expect((await asks('{ apps { nodes { name } } }', deploy)).json).toEqual({
      data: { apps: { nodes: [{ name: 'ours' }] } },
    });
    const answer = await asks('{ app(name: "second") { id } }', deploy);
    expect(wordsOf(answer)).toBe(
      refusalOf(await stage.ask('machines', 'GET', '/v1/apps/second', undefined, deploy)),
    );
  });

  it('for commands reads what it may read of its app, and changes nothing by GraphQL', async () => {
    const exec = await stage.tokenFor(WORKSPACE, 'machine-exec', 'ours');
    expect((await asks('{ app(name: "ours") { id } }', exec)).json).toEqual({
      data: { app: { id: 'ours' } },
    });
    const document =
      'mutation { setSecrets(input: {appId: "ours", secrets: [{key: "K", value: "v"}]}) { app { id } } }';
    const other = await stage.ask('machines', 'POST', '/v1/apps/ours/secrets', { values: { K: 'v' } }, exec);
    expect(other.status).toBe(403);
    expect(wordsOf(await asks(document, exec))).toBe(refusalOf(other));
  });

  test.each([
    ['revoked', async (token: string) => await end(token)],
    ['expired', async () => stage.simulator.clock.advance(3 * 366 * 86_400_000)],
  ])('%s is refused as at the Machines API', async (_, spoil) => {
    const token = await stage.tokenFor(WORKSPACE, 'org');
    await spoil(token);
    const other = await stage.ask('machines', 'GET', '/v1/apps', undefined, token);
    expect(other.status).toBeGreaterThanOrEqual(401);
    for (const answer of [
      await asks('{ viewer { email } }', token),
      await stage.ask('api', 'GET', '/api/v1/organizations', undefined, token),
      await stage.ask('api', 'POST', '/api/v1/releases', { app_name: 'ours', image: 'x' }, token),
    ]) {
      expect(answer.status).toBe(other.status);
      expect(at(answer, 'code')).toBe(at(other, 'code'));
      expect(lastSentence(answer)).toBe(lastSentence(other));
    }
  });
});

/** What is wrong, without what was asked for. */
const lastSentence = (answer: Answered): string => refusalOf(answer).split('. ').slice(1).join('. ');

async function end(token: string): Promise<void> {
  const answer = await stage.ask(
    'machines',
    'POST',
    '/hangar/v1/tokens/revoke',
    { token, scope: 'token' },
    token,
  );
  expect(answer.status).toBe(200);
}

/** What exists at the simulated Fly.io, as one text. */
async function inventory(): Promise<string> {
  const answer = await stage.simulator.doors.api.fetch(new Request('http://127.0.0.1/_fly/inventory'), {
    rawTarget: '/_fly/inventory',
    requestId: randomUUID(),
    remoteAddress: '127.0.0.1',
  });
  return await answer.text();
}

const DEEPEST = 4;

/** All fields of a type, with what they need, as deep as there is something to be told. */
function everything(type: GraphQLObjectType, depth = 0): string {
  return `{ ${Object.values(type.getFields())
    .map((field) => selection(field, depth))
    .join(' ')} }`;
}

function selection(
  field: GraphQLField<unknown, unknown>,
  depth: number,
  given: { argument?: string | undefined; value: string } = { value: 'nginx' },
): string {
  const fields = field.args
    .filter((one) => isNonNullType(one.type) || one.name === given.argument)
    .filter((one) => ['String', 'ID'].includes(getNamedType(one.type).name))
    .map((one) => `${one.name}: ${JSON.stringify(given.value)}`);
  const head = `${field.name}${fields.length > 0 ? `(${fields.join(', ')})` : ''}`;
  return `${head} ${below(field.type, schema, depth)}`;
}

function below(type: GraphQLOutputType, from: GraphQLSchema, depth: number): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  if (isInterfaceType(named)) return '{ __typename id email }';
  if (!isObjectType(named) || depth >= DEEPEST) return '{ __typename }';
  return `{ ${Object.values(named.getFields())
    .map((field) => selection(field, depth + 1))
    .join(' ')} }`;
}
