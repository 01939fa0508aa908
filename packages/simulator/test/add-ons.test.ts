import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  control,
  flaps,
  send,
  stage,
  webhookSecret,
  type Answer,
  type Received,
  type Stage,
} from './world.ts';
import { simulatedSecrets } from '../src/index.ts';

const HIGH_FLYERS = '04La2mblTaz';
const CUSTOMER = 'fo1_a-customer-of-high-flyers';

const lending = {
  names: ['arcjet', 'tigris'],
  displayName: 'Hangar',
  selectsRegion: true,
  excludedRegions: ['jnb'],
  plans: [{ id: 'p1', name: 'small', displayName: 'Small', description: 'One drawer', pricePerMonth: 5 }],
};

/** A stage whose provider sells, and a customer with an app. */
async function shop(): Promise<Stage> {
  const { Secret } = await import('@hangar/security');
  const on = await stage({
    lending,
    tokens: [{ token: Secret.of(CUSTOMER), organizations: ['high-flyers'] }],
  });
  let made = 0;
  on.provider.answer = ({ method, body }) => {
    if (method !== 'POST')
      return { status: method === 'DELETE' ? 204 : 200, body: { id: 'r1', status: 'ready' } };
    const { name } = JSON.parse(body) as { name: string };
    return { status: 201, body: { id: `r${++made}`, name, config: { HANGAR_API_TOKEN: 't1' } } };
  };
  await flaps(on, CUSTOMER)('POST', '/apps', { app_name: 'buyer', org_slug: 'high-flyers' });
  return on;
}

const ask = (on: Stage, query: string, variables: object = {}, token = CUSTOMER): Promise<Answer> =>
  send('POST', `${on.api}/graphql`, {
    body: { query, variables },
    headers: { authorization: `Bearer ${token}` },
  });

const CREATE = `mutation ($input: CreateAddOnInput!) {
  createAddOn(input: $input) { addOn { name ssoLink environment primaryRegion } } }`;
const SHOW = `query ($name: String, $provider: String) { addOn(name: $name, provider: $provider) {
  id name status errorMessage primaryRegion options metadata privateIp ssoLink organization { slug }
  addOnProvider { name displayName } app { name } addOnPlan { id displayName } } }`;

/** As flyctl fills it in: what nobody gave is "" or null. */
const order = (more: object = {}): object => ({
  organizationId: HIGH_FLYERS,
  appId: 'buyer',
  name: 'arc1',
  type: 'arcjet',
  options: null,
  planId: '',
  organizationPlanId: '',
  primaryRegion: '',
  readRegions: null,
  clientMutationId: '',
  ...more,
});

const buy = (on: Stage, more: object = {}): Promise<Answer> => ask(on, CREATE, { input: order(more) });
const bodyOf = (received: Received | undefined): Record<string, unknown> =>
  JSON.parse(received?.body ?? '{}') as Record<string, unknown>;

describe('a purchase', () => {
  test('is a signed request in the name of somebody of the organization; what was left empty is left out', async () => {
    const on = await shop();
    const bought = await buy(on, { primaryRegion: 'ams', planId: 'p1', options: { a: 1 } });
    expect(bought.at('data.createAddOn.addOn')).toEqual({
      name: 'arc1',
      ssoLink: `${on.provider.baseUrl}/extensions/r1/sso`,
      environment: { HANGAR_API_TOKEN: 't1' },
      primaryRegion: 'ams',
    });
    const [sent] = on.provider.received;
    expect([sent?.method, sent?.target, typeof sent?.headers['x-signature']]).toEqual([
      'POST',
      '/flyio/extensions',
      'string',
    ]);
    expect(bodyOf(sent)).toMatchObject({
      name: 'arc1',
      organization_id: HIGH_FLYERS,
      user_id: 'NeBO2G0l0yJ6',
      user_role: 'admin',
      primary_region: 'ams',
      plan_id: 'p1',
      options: { a: 1 },
    });
    await buy(on, { appId: '', name: 'arc2' });
    for (const name of ['primary_region', 'plan_id', 'organization_plan_id', 'read_regions', 'options'])
      expect(Object.keys(bodyOf(on.provider.received[1]))).not.toContain(name);

    const shown = await ask(on, SHOW, { name: 'arc1', provider: 'arcjet' });
    expect(shown.at('data.addOn')).toMatchObject({
      status: 'ready',
      primaryRegion: 'ams',
      options: { a: 1 },
      organization: { slug: 'high-flyers' },
      addOnProvider: { name: 'arcjet', displayName: 'Hangar' },
      app: { name: 'buyer' },
      addOnPlan: { id: 'p1', displayName: 'Small' },
    });
    const lists = await ask(
      on,
      `{ addOns(type: arcjet) { nodes { name } } other: addOns(type: tigris) { nodes { name } }
        organization(slug: "high-flyers") { addOns { nodes { name } } extensionSsoLink(provider: "arcjet") none: extensionSsoLink(provider: "sentry") }
        app(name: "buyer") { addOns(type: arcjet) { nodes { name } } } addOnPlans(type: arcjet) { nodes { id pricePerMonth } } }`,
    );
    expect(lists.at('data')).toEqual({
      addOns: { nodes: [{ name: 'arc1' }, { name: 'arc2' }] },
      other: { nodes: [] },
      organization: {
        addOns: { nodes: [{ name: 'arc1' }, { name: 'arc2' }] },
        extensionSsoLink: `${on.provider.baseUrl}/organizations/${HIGH_FLYERS}/sso`,
        none: null,
      },
      app: { addOns: { nodes: [{ name: 'arc1' }] } },
      addOnPlans: { nodes: [{ id: 'p1', pricePerMonth: 5 }] },
    });
  });

  test('that the provider refuses ends with the words of the provider, and leaves nothing', async () => {
    const on = await shop();
    on.provider.answer = () => ({ status: 422, body: { error: 'the name is already taken', code: 'x' } });
    expect((await buy(on)).text('errors.0.message')).toBe('the name is already taken');
    on.provider.answer = () => ({ status: 500 });
    expect((await buy(on)).text('errors.0.message')).toBe('the provider answered 500');
    expect((await ask(on, '{ addOns { nodes { name } } }')).at('data.addOns.nodes')).toEqual([]);
  });

  test('that cannot be is refused before anybody is asked', async () => {
    const on = await shop();
    await buy(on);
    const asked = on.provider.received.length;
    for (const [more, words] of [
      [{ name: 'arc2' }, /already exists for app buyer/],
      [{ appId: '' }, /unavailable.*already taken/],
      [{ appId: '', name: 'a2', primaryRegion: 'jnb' }, /not offered in jnb/],
      [{ appId: '', name: 'a2', primaryRegion: 'moon' }, /moon/],
      [{ appId: '', name: 'a2', planId: 'p9' }, /no plan p9/],
      [{ type: 'sentry' }, /sentry is not simulated/],
      [{ appId: '', organizationId: 'zgyep87w1m4q06d4' }, /authenticated/],
      [{ appId: 'none' }, /Could not find App/],
      [{ type: 'teapot' }, /teapot/],
    ] as const)
      expect((await buy(on, more)).text('errors.0.message')).toMatch(words);
    expect(on.provider.received.length).toBe(asked);
    expect((await ask(on, CREATE, { input: order() }, 'fo1_nobody')).at('data.createAddOn')).toBeNull();
  });

  test('is of a person where there is one: a token of an organization without people buys nothing', async () => {
    const on = await stage({ lending });
    const operator = simulatedSecrets.operatorToken;
    const refused = await ask(
      on,
      CREATE,
      { input: order({ appId: '', organizationId: 'op3rat0r5ecur1ty' }) },
      operator,
    );
    expect(refused.text('errors.0.message')).toMatch(/nobody belongs to Operator/);
  });
});

describe('what comes after', () => {
  test('a provider that answers late is asked until it is ready, or says why not', async () => {
    const on = await shop();
    on.provider.answer = ({ method }) =>
      method === 'POST'
        ? { status: 202, body: { id: 'r1', status: 'provisioning', config: { K: 'v' } } }
        : { status: 200, body: { id: 'r1', status: 'provisioning' } };
    await buy(on);
    const status = async (): Promise<unknown> =>
      (await ask(on, SHOW, { name: 'arc1', provider: 'arcjet' })).at('data.addOn.status');
    expect(await status()).toBe('provisioning');
    on.provider.answer = () => ({ status: 200, body: { id: 'r1', status: 'ready' } });
    expect(await status()).toBe('ready');
    const asked = on.provider.received.length;
    expect(await status()).toBe('ready');
    expect(on.provider.received.length).toBe(asked);

    const body = JSON.stringify({
      action: 'resource.updated',
      resource: { id: 'r1', status: 'error' },
      timestamp: String(Math.floor(Date.now() / 1000)),
    });
    const signature = createHmac('sha256', webhookSecret.reveal()).update(body).digest('hex');
    const hook = await fetch(`${on.api}/api/hooks/extensions/hangar`, {
      method: 'POST',
      headers: { 'x-signature': signature },
      body,
    });
    expect(hook.status).toBe(200);
    expect(await status()).toBe('error');
  });

  test('an update is a PATCH with what was given; a refusal changes nothing here', async () => {
    const on = await shop();
    await buy(on);
    const id = (await ask(on, SHOW, { name: 'arc1' })).text('data.addOn.id');
    const update = `mutation ($addOnId: ID!, $planId: ID!, $readRegions: [String!]!, $options: JSON!, $metadata: JSON!) {
      updateAddOn(input: { addOnId: $addOnId, planId: $planId, readRegions: $readRegions, options: $options, metadata: $metadata }) { addOn { id } } }`;
    const change = {
      addOnId: id,
      planId: 'p1',
      readRegions: [],
      options: { public: true },
      metadata: { m: 1 },
    };
    expect((await ask(on, update, change)).at('data.updateAddOn.addOn.id')).toBe(id);
    const sent = on.provider.received.at(-1);
    expect([
      sent?.method,
      bodyOf(sent)['options'],
      bodyOf(sent)['plan_id'],
      bodyOf(sent)['metadata'],
    ]).toEqual(['PATCH', { public: true }, 'p1', undefined]);
    // What cannot change comes along as it was.
    expect(bodyOf(sent)).toMatchObject({ id, name: 'arc1', organization_id: HIGH_FLYERS });
    on.provider.answer = () => ({ status: 422, body: { error: 'cannot be changed: options' } });
    expect((await ask(on, update, { ...change, options: { public: false } })).text('errors.0.message')).toBe(
      'cannot be changed: options',
    );
    expect((await ask(on, SHOW, { name: 'arc1' })).at('data.addOn')).toMatchObject({
      options: { public: true },
      metadata: { m: 1 },
    });
    expect((await ask(on, update, { ...change, addOnId: 'x' })).text('errors.0.message')).toBe(
      'Could not find AddOn',
    );
  });

  test('an end is a DELETE; what the provider no longer knows is gone as well', async () => {
    const on = await shop();
    await buy(on);
    await buy(on, { appId: '', name: 'arc2' });
    const end =
      'mutation ($name: String, $provider: String) { deleteAddOn(input: { name: $name, provider: $provider }) { deletedAddOnName } }';
    expect((await ask(on, end, { name: 'arc1', provider: 'tigris' })).text('errors.0.message')).toBe(
      'Could not find AddOn',
    );
    const gone = await ask(on, end, { name: 'arc1', provider: 'arcjet' });
    expect([gone.at('data.deleteAddOn.deletedAddOnName'), on.provider.received.at(-1)?.method]).toEqual([
      'arc1',
      'DELETE',
    ]);
    on.provider.answer = () => ({ status: 404, body: { error: 'no such extension' } });
    expect((await ask(on, end, { name: 'arc2', provider: 'arcjet' })).at('errors')).toBeUndefined();
    expect((await ask(on, '{ addOns { nodes { name } } }')).at('data.addOns.nodes')).toEqual([]);
  });

  test('terms are agreed to by a person, for a provider that there is', async () => {
    const on = await shop();
    const agreed = '{ viewer { __typename ... on User { agreedToProviderTos(providerName: "arcjet") } } }';
    const agree = (name: string): string =>
      `mutation { createExtensionTosAgreement(input: { addOnProviderName: "${name}" }) { clientMutationId } }`;
    expect((await ask(on, agreed)).at('data.viewer.agreedToProviderTos')).toBe(false);
    expect((await ask(on, agree('sentry'))).text('errors.0.message')).toMatch(/not simulated/);
    await ask(on, agree('arcjet'));
    expect((await ask(on, agreed)).at('data.viewer.agreedToProviderTos')).toBe(true);
    const macaroon = (await control(on)('POST', '/tokens', { organization: 'high-flyers' })).text('token');
    expect((await ask(on, agree('arcjet'), {}, macaroon)).text('errors.0.message')).toMatch(/authenticated/);
    const provider = await ask(
      on,
      '{ addOnProvider(name: "arcjet") { name asyncProvisioning selectRegion tosAgreement excludedRegions { code } } }',
    );
    expect(provider.at('data.addOnProvider')).toMatchObject({
      name: 'arcjet',
      asyncProvisioning: true,
      selectRegion: true,
      excludedRegions: [{ code: 'jnb' }],
    });
  });
});
