import { describe, expect, test } from 'vitest';
import { flaps, foreignToken, send, stage, type Answer, type Stage } from './world.ts';
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

/** What flyctl selects before it makes a token, in the words of its own queries. */
const appCompact = `query ($appName: String!) {
  appcompact: app(name: $appName) {
    id internalNumericId name hostname cnameTarget deployed network status appUrl platformVersion
    organization { id internalNumericId slug paidPlan }
    postgresAppRole: role { name }
  }
}`;
const organizationBySlug = `query ($slug: String!) {
  organization(slug: $slug) { id internalNumericId slug rawSlug name type billable }
}`;
const createToken = `mutation ($name: String!, $organizationId: ID!, $profile: String!, $profileParams: JSON, $expiry: String!) {
  createLimitedAccessToken(
    input: { name: $name, organizationId: $organizationId, profile: $profile, profileParams: $profileParams, expiry: $expiry }
  ) { limitedAccessToken { tokenHeader } }
}`;

async function withApp(): Promise<Stage> {
  const on = await stage();
  await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator', network: 'net-1' });
  return on;
}

async function made(on: Stage, variables: object): Promise<string> {
  const answer = await ask(on, createToken, { name: 'flyctl', expiry: '1h0m0s', ...variables });
  expect(answer.at('errors')).toBeUndefined();
  return answer.text('data.createLimitedAccessToken.limitedAccessToken.tokenHeader');
}

describe('what flyctl asks before it makes a token', () => {
  // `deploy`, `machine-exec` and `ssh` ask for the app; the last two narrow what they get on the spot.
  test('tokens create deploy, machine-exec, ssh: the app, and a token that works on it', async () => {
    const on = await withApp();
    const asked = await ask(on, appCompact, { appName: 'one' });
    expect(asked.at('errors')).toBeUndefined();
    const app = asked.at('data.appcompact') as Record<string, unknown>;
    expect(app).toMatchObject({
      name: 'one',
      hostname: 'one.fly.dev',
      network: 'net-1',
      deployed: false,
      status: 'pending',
      platformVersion: 'machines',
      organization: { internalNumericId: '50001', slug: 'operator', paidPlan: true },
      postgresAppRole: null,
    });
    expect(Number.isInteger(app['internalNumericId'])).toBe(true);
    const organizationId = asked.text('data.appcompact.organization.id');
    const header = await made(on, {
      organizationId,
      profile: 'deploy',
      profileParams: { app_id: app['id'] },
    });
    const token = header.replace(/^FlyV1 /, '');
    expect((await flaps(on, token)('GET', '/apps/one')).status).toBe(200);
    expect((await flaps(on, token)('POST', '/apps/one/machines', { config: { image: 'a' } })).status).toBe(
      200,
    );
  });

  test('tokens create org, readonly: the organization by its slug or as personal, and a token that works in it', async () => {
    const on = await withApp();
    for (const slug of ['operator', 'personal']) {
      const asked = await ask(on, organizationBySlug, { slug });
      expect(asked.at('errors')).toBeUndefined();
      expect(asked.at('data.organization')).toMatchObject({
        internalNumericId: '50001',
        slug: 'operator',
        rawSlug: 'operator',
        type: 'SHARED',
        billable: true,
      });
      const organizationId = asked.text('data.organization.id');
      const header = await made(on, { organizationId, profile: 'deploy_organization', profileParams: {} });
      const call = flaps(on, header.replace(/^FlyV1 /, ''));
      expect((await call('GET', '/apps?org_slug=operator')).at('total_apps')).toBe(1);
    }
  });

  test('organizations, apps and the viewer, as far as the caller sees them', async () => {
    const on = await withApp();
    await flaps(on)('POST', '/apps', {
      app_name: 'two',
      org_slug: 'operator',
      app_role_id: 'postgres_cluster',
    });
    await flaps(on, foreignToken)('POST', '/apps', { app_name: 'theirs', org_slug: 'low-flyers' });
    const organizations = await ask(
      on,
      `query ($admin: Boolean!) { organizations(admin: $admin) {
      nodes { id slug rawSlug name type paidPlan billable viewerRole internalNumericId } } }`,
      { admin: false },
    );
    expect(
      (organizations.at('data.organizations.nodes') as { slug: string }[]).map((one) => one.slug),
    ).toEqual(['operator']);
    const list = `query ($org: ID, $after: String, $role: String) {
      apps(type: "container", first: 1, after: $after, organizationId: $org, role: $role) {
        pageInfo { hasNextPage endCursor }
        nodes { id name deployed hostname platformVersion network organization { slug name } currentRelease { createdAt status } status }
      } }`;
    const first = await ask(on, list);
    expect([first.at('data.apps.nodes.0.name'), first.at('data.apps.pageInfo.hasNextPage')]).toEqual([
      'one',
      true,
    ]);
    const second = await ask(on, list, { after: first.text('data.apps.pageInfo.endCursor') });
    expect([second.at('data.apps.nodes.0.name'), second.at('data.apps.pageInfo.hasNextPage')]).toEqual([
      'two',
      false,
    ]);
    const roles = await ask(on, list, { role: 'postgres_cluster' });
    expect(roles.at('data.apps.nodes.0.name')).toBe('two');
    expect((await ask(on, list, { role: 'remote-docker-builder' })).at('data.apps.nodes')).toEqual([]);
    expect((await ask(on, list, { after: 'garbage' })).text('errors.0.message')).toContain('cursor');
    const hidden = await ask(on, appCompact, { appName: 'theirs' });
    expect(hidden.text('errors.0.message')).toBe('Could not find App');
    const viewer = await ask(
      on,
      '{ viewer { __typename ... on User { id email enablePaidHobby } ... on Macaroon { email } } }',
    );
    expect(viewer.at('data.viewer.enablePaidHobby')).toBe(true);
  });

  test('what flyctl reads before it calls the Machines API', async () => {
    const on = await withApp();
    const call = flaps(on);
    await call('POST', '/apps/one/secrets/KEY', { value: 'v' });
    await call('POST', '/apps/one/ip_assignments', { type: 'shared_v4' });
    await call('POST', '/apps/one/ip_assignments', { type: 'private_v6' });
    const answer = await ask(
      on,
      `query ($appName: String!) {
      app(name: $appName) {
        network
        secrets { name digest createdAt }
        ipAddresses { nodes { id address type region createdAt network { name organization { slug } } serviceName } }
        sharedIpAddress
        hostIssues { nodes { internalId message createdAt updatedAt } }
        releases: releasesUnprocessed(first: 25) { nodes { id version status } }
        currentReleaseUnprocessed { id version imageRef configDefinition }
        organization { id slug rawSlug paidPlan addOnSsoLink provisionsBetaExtensions name billable billingStatus
          viewerRole remoteBuilderImage remoteBuilderApp { name } members { edges { cursor node { id name email } joinedAt role } } }
      }
      platform { requestRegion regions { name code latitude longitude gatewayAvailable requiresPaidPlan deprecated } }
      nearestRegion(wireguardGateway: true) { code name gatewayAvailable deprecated }
      taken: appNameAvailable(name: "one")
      free: appNameAvailable(name: "three")
      canPerformBluegreenDeployment(name: $appName)
    }`,
      { appName: 'one' },
    );
    expect(answer.at('errors')).toBeUndefined();
    expect(answer.at('data')).toMatchObject({
      app: {
        secrets: [{ name: 'KEY' }],
        // The shared address is apart: flyctl adds it to the list by itself.
        ipAddresses: { nodes: [{ type: 'private_v6', network: null }] },
        sharedIpAddress: '192.0.2.1',
        releases: { nodes: [] },
        currentReleaseUnprocessed: null,
        organization: { viewerRole: 'admin' },
      },
      nearestRegion: { code: 'iad' },
      taken: false,
      free: true,
    });
    expect((await ask(on, 'mutation { logOut(input: {}) { ok } }')).at('data.logOut.ok')).toBe(true);
  });
});
