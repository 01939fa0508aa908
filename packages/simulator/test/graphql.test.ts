import { describe, expect, test } from 'vitest';
import { control, flaps, foreignToken, send, stage, type Answer, type Stage } from './world.ts';
import { simulatedSecrets } from '../src/index.ts';

const ask = (
  on: Stage,
  query: string,
  variables: object = {},
  token: string = simulatedSecrets.operatorToken,
): Promise<Answer> =>
  send('POST', `${on.api}/graphql`, {
    body: { query, variables },
    headers: { authorization: `Bearer ${token}` },
  });

const refusal = async (answer: Promise<Answer>): Promise<string> => {
  const given = await answer;
  expect(given.status).toBe(200);
  return given.text('errors.0.message');
};

async function withMachine(): Promise<{ on: Stage; machine: string; id: string }> {
  const on = await stage();
  await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  const made = await flaps(on)('POST', '/apps/one/machines', {
    region: 'ams',
    config: {
      image: 'nginx:1.27',
      services: [{ protocol: 'tcp', internal_port: 80, ports: [{ port: 80, handlers: ['http'] }] }],
    },
  });
  const app = await ask(on, '{ app(name: "one") { id } }');
  return { on, machine: made.text('id'), id: app.text('data.app.id') };
}

describe('apps and machines', () => {
  test('an app in full: its services, machines and image are those that run', async () => {
    const { on, machine } = await withMachine();
    const answer = await ask(
      on,
      `query ($appName: String!) { app(name: $appName) {
        version config { definition } currentRelease { id } services { description protocol internalPort ports { port handlers } }
        imageDetails { registry repository tag digest version }
        machines { nodes { id name config state region createdAt app { name } ips { nodes { family kind ip maskSize } } host { id }
          egressIpAddresses { nodes { id } } } }
        image(ref: "nginx:1.27") { id digest ref compressedSize: compressedSizeFull manifest }
      } latestImageDetails(image: "library/nginx:1.27", flyVersion: "") { digest }
        machine(machineId: "${machine}") { id app { name organization { slug } } } }`,
      { appName: 'one' },
    );
    expect(answer.at('errors')).toBeUndefined();
    expect(answer.at('data.app')).toMatchObject({
      version: 0,
      config: { definition: {} },
      services: [{ protocol: 'tcp', internalPort: 80, ports: [{ port: 80, handlers: ['http'] }] }],
      imageDetails: { repository: 'library/nginx', tag: '1.27' },
      machines: { nodes: [{ id: machine, region: 'ams', app: { name: 'one' } }] },
    });
    const digest = answer.text('data.app.image.digest');
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(answer.text('data.app.image.compressedSize')).toMatch(/^\d+$/);
    expect(answer.at('data.app.imageDetails.digest')).toBe(digest);
    // flyctl speaks of an update when the newest image is another one.
    expect(answer.at('data.latestImageDetails.digest')).toBe(digest);
    expect(answer.at('data.machine')).toEqual({
      id: machine,
      app: { name: 'one', organization: { slug: 'operator' } },
    });
    expect(await refusal(ask(on, '{ machine(machineId: "00000000000000") { id } }'))).toBe(
      'Could not find Machine',
    );
  });

  test('an app moves to another organization of the caller, and to no other', async () => {
    const { on, id } = await withMachine();
    const move = `mutation ($appId: ID!, $organizationId: ID!) {
      moveApp(input: { appId: $appId, organizationId: $organizationId }) { app { name organization { slug } } } }`;
    expect(await refusal(ask(on, move, { appId: id, organizationId: '04La2mblTaz' }))).toMatch(
      /authenticated/,
    );
    const gabriella = await signedIn(on, 'NeBO2G0l0yJ6');
    await ask(
      on,
      'mutation { createOrganization(input: { name: "New Flyers" }) { organization { id } } }',
      {},
      gabriella,
    );
    await flaps(on, gabriella)('POST', '/apps', { app_name: 'two', org_slug: 'high-flyers' });
    const organization = await ask(on, '{ organization(slug: "new-flyers") { id } }', {}, gabriella);
    const moved = await ask(
      on,
      move,
      { appId: 'two', organizationId: organization.text('data.organization.id') },
      gabriella,
    );
    expect(moved.at('data.moveApp.app.organization.slug')).toBe('new-flyers');
    expect((await flaps(on, gabriella)('GET', '/apps/two')).at('organization.slug')).toBe('new-flyers');
  });
});

/** A login of that person, as the OAuth flow gives it. */
async function signedIn(on: Stage, user: string): Promise<string> {
  const form = new URLSearchParams({
    client_id: simulatedSecrets.oauthClientId,
    redirect_uri: `${on.provider.baseUrl}/callback`,
    response_type: 'code',
    user_id: user,
  });
  const there = await fetch(`${on.api}/oauth/authorize`, { method: 'POST', body: form, redirect: 'manual' });
  const code = new URL(there.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const token = await fetch(`${on.api}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: `${on.provider.baseUrl}/callback`,
      client_id: simulatedSecrets.oauthClientId,
      client_secret: simulatedSecrets.oauthClientSecret,
    }),
  });
  return ((await token.json()) as { access_token: string }).access_token;
}

describe('organizations', () => {
  test('a person creates one and owns it; the name is taken afterwards, and a token alone creates none', async () => {
    const on = await stage();
    const create =
      'mutation { createOrganization(input: { name: "Far & Away" }) { organization { id slug name viewerRole } } }';
    const milo = await signedIn(on, 'm1l0k45tw9q2x7dz');
    const made = await ask(on, create, {}, milo);
    expect(made.at('data.createOrganization.organization')).toMatchObject({
      slug: 'far-away',
      name: 'Far & Away',
      viewerRole: 'admin',
    });
    expect(await refusal(ask(on, create, {}, milo))).toBe('Name has already been taken');
    expect(await refusal(ask(on, create))).toMatch(/only a person/);
    const nodes = (await ask(on, '{ organizations { nodes { slug } } }', {}, milo)).at(
      'data.organizations.nodes',
    );
    expect(nodes).toEqual([{ slug: 'high-flyers' }, { slug: 'low-flyers' }, { slug: 'far-away' }]);
  });
});

describe('addresses and secrets', () => {
  test('addresses are allocated, listed, and released; the Machines API has the same ones', async () => {
    const { on, machine } = await withMachine();
    const allocate = `mutation ($input: AllocateIPAddressInput!) { allocateIpAddress(input: $input) {
      ipAddress { id address type region createdAt } app { sharedIpAddress } } }`;
    for (const type of ['private_v6', 'v6', 'v4', 'shared_v4']) {
      const made = await ask(on, allocate, { input: { appId: 'one', type, region: '' } });
      expect(made.at('data.allocateIpAddress.ipAddress.type')).toBe(type);
    }
    expect((await ask(on, '{ app(name: "one") { sharedIpAddress } }')).at('data.app.sharedIpAddress')).toBe(
      '192.0.2.1',
    );
    const list = (await flaps(on)('GET', '/apps/one/ip_assignments')).at('ips') as { ip: string }[];
    expect(list).toHaveLength(4);
    const release =
      'mutation ($input: ReleaseIPAddressInput!) { releaseIpAddress(input: $input) { clientMutationId app { name } } }';
    const input = { appId: 'one', ipAddressId: null, ip: list[0]?.ip };
    expect((await ask(on, release, { input })).at('data.releaseIpAddress.app.name')).toBe('one');
    expect(await refusal(ask(on, release, { input }))).toBe('Could not find IPAddress');
    expect(await refusal(ask(on, allocate, { input: { appId: 'one', type: 'v9' } }))).toContain('v9');

    const egress =
      'mutation ($input: AllocateEgressIPAddressInput!) { allocateEgressIpAddress(input: $input) { v4 v6 } }';
    const pair = await ask(on, egress, { input: { appId: 'one', machineId: machine, region: '' } });
    const again = await ask(on, egress, { input: { appId: 'one', machineId: machine } });
    expect(again.at('data')).toEqual(pair.at('data'));
    const seen = await ask(
      on,
      '{ app(name: "one") { ipAddresses { nodes { type } } egressIpAddresses { nodes { id } } machines { nodes { egressIpAddresses { nodes { ip version region updatedAt } } } } } }',
    );
    expect(seen.at('data.app.machines.nodes.0.egressIpAddresses.nodes')).toMatchObject([
      { ip: pair.text('data.allocateEgressIpAddress.v4'), version: 4, region: 'ams' },
      { ip: pair.text('data.allocateEgressIpAddress.v6'), version: 6, region: 'ams' },
    ]);
    expect(seen.at('data.app.egressIpAddresses.nodes')).toEqual([]);
    expect(seen.at('data.app.ipAddresses.nodes')).toEqual([{ type: 'v6' }, { type: 'v4' }]);
    const gone = `mutation { releaseEgressIpAddress(input: { appId: "one", machineId: "${machine}" }) { v4 v6 } }`;
    expect((await ask(on, gone)).at('data.releaseEgressIpAddress')).toEqual(
      pair.at('data.allocateEgressIpAddress'),
    );
    expect(await refusal(ask(on, gone))).toMatch(/no egress/);
  });

  test('secrets are set and unset by id or name of the app; a name that cannot be is refused, and nothing is set', async () => {
    const { on, id } = await withMachine();
    const set =
      'mutation ($input: SetSecretsInput!) { setSecrets(input: $input) { release { id } app { secrets { name } } } }';
    const names = (answer: Answer, of: string): unknown =>
      (answer.at(`data.${of}.app.secrets`) as { name: string }[]).map((one) => one.name);
    const two = await ask(on, set, {
      input: {
        appId: id,
        secrets: [
          { key: 'A', value: '1' },
          { key: 'B', value: '2' },
        ],
      },
    });
    expect(two.at('data.setSecrets.release')).toBeNull();
    expect(names(two, 'setSecrets')).toEqual(['A', 'B']);
    const bad = {
      appId: id,
      secrets: [
        { key: 'C', value: '1' },
        { key: '1 D', value: '2' },
      ],
    };
    expect(await refusal(ask(on, set, { input: bad }))).toContain('1 D');
    const replaced = { appId: 'one', replaceAll: true, secrets: [{ key: 'B', value: '3' }] };
    expect(names(await ask(on, set, { input: replaced }), 'setSecrets')).toEqual(['B']);
    const unset =
      'mutation ($input: UnsetSecretsInput!) { unsetSecrets(input: $input) { release { id } app { secrets { name } } } }';
    expect(names(await ask(on, unset, { input: { appId: 'one', keys: ['B'] } }), 'unsetSecrets')).toEqual([]);
  });
});

describe('what the caller may not, and what is not there', () => {
  test('a read-only token reads and changes nothing; a token of one app sees that one', async () => {
    const { on } = await withMachine();
    await flaps(on)('POST', '/apps', { app_name: 'two', org_slug: 'operator' });
    const reads = (await control(on)('POST', '/tokens', { organization: 'operator', actions: 'r' })).text(
      'token',
    );
    expect((await ask(on, '{ app(name: "one") { name } }', {}, reads)).at('data.app.name')).toBe('one');
    const allocate =
      'mutation { allocateIpAddress(input: { appId: "one", type: "v6" }) { ipAddress { id } } }';
    expect(await refusal(ask(on, allocate, {}, reads))).toMatch(/authenticated/);
    const narrow = (await control(on)('POST', '/tokens', { organization: 'operator', apps: ['two'] })).text(
      'token',
    );
    const apps = await ask(on, '{ apps { nodes { name } } }', {}, narrow);
    expect(apps.at('data.apps.nodes')).toEqual([{ name: 'two' }]);
    expect(await refusal(ask(on, '{ app(name: "one") { name } }', {}, narrow))).toBe('Could not find App');
    expect((await flaps(on)('GET', '/apps/one/ip_assignments')).at('ips')).toEqual([]);
  });

  test('nobody sees lists; foreign organizations and apps are not there', async () => {
    const { on, id } = await withMachine();
    for (const query of [
      '{ viewer { email } }',
      '{ organizations { nodes { id } } }',
      '{ addOns { nodes { id } } }',
    ])
      expect(await refusal(ask(on, query, {}, 'fo1_nobody'))).toMatch(/authenticated/);
    for (const name of ['one', id])
      expect(await refusal(ask(on, `{ app(name: "${name}") { id } }`, {}, foreignToken))).toBe(
        'Could not find App',
      );
    expect(await refusal(ask(on, '{ organization(slug: "operator") { id } }', {}, foreignToken))).toMatch(
      /authenticated/,
    );
  });

  test('a field that is not simulated is named; so are wrong types, and documents without end', async () => {
    const on = await stage();
    expect(await refusal(ask(on, '{ viewer { email favouriteColour } }'))).toContain('favouriteColour');
    expect(await refusal(ask(on, '{ productRegistrations { id } }'))).toContain('productRegistrations');
    expect(await refusal(ask(on, 'query ($n: Int!) { app(name: $n) { id } }', { n: 1 }))).toContain('$n');
    expect(await refusal(ask(on, 'query ($n: String!) { appNameAvailable(name: $n) }', { n: {} }))).toContain(
      '$n',
    );
    expect(await refusal(ask(on, '{ viewer { email '))).toMatch(/Syntax Error/);
    expect(await refusal(ask(on, `{ ${'viewer { email } '.repeat(4000)} }`))).toMatch(/Syntax Error/);
    const deep = (by: number): string => `${'{ viewer '.repeat(by)}${'}'.repeat(by)}`;
    expect(await refusal(ask(on, deep(50)))).not.toMatch(/nested/);
    expect(await refusal(ask(on, deep(51)))).toBe('the document is nested more than 50 times');
    const inTexts = `{ a: app(name: """${'{\n'.repeat(60)}""") { name } b: app(name: "${'{'.repeat(60)}") { name } }`;
    expect(await refusal(ask(on, inTexts))).not.toMatch(/nested/);
    const answer = await send('POST', `${on.api}/graphql`, { body: [1] });
    expect([answer.status, answer.text('errors.0.message')]).toEqual([400, expect.stringContaining('query')]);
  });

  test('WireGuard is refused in words, and no peer exists', async () => {
    const on = await stage();
    const add = `mutation { addWireGuardPeer(input: { organizationId: "op3rat0r5ecur1ty", name: "p", pubkey: "k", region: "ams" }) {
      peerip endpointip pubkey } }`;
    expect(await refusal(ask(on, add))).toMatch(/WireGuard is not simulated/);
    const lists = await ask(
      on,
      `mutation { validateWireGuardPeers(input: { peerIps: ["fdaa::1"] }) { invalidPeerIps } }`,
    );
    expect(lists.at('data.validateWireGuardPeers.invalidPeerIps')).toEqual(['fdaa::1']);
    const peers = await ask(on, '{ organization(slug: "operator") { wireGuardPeers { nodes { id } } } }');
    expect(peers.at('data.organization.wireGuardPeers.nodes')).toEqual([]);
  });

  test('many documents, one after the other, are answered like the first', async () => {
    const on = await stage();
    for (let n = 0; n < 250; n++) {
      const answer = await ask(on, `{ a${n}: appNameAvailable(name: "x") }`);
      expect(answer.at(`data.a${n}`)).toBe(true);
    }
  });
});
