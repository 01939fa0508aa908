import {
  Action,
  addThirdParty,
  attenuate,
  attestations,
  encodeToken,
  LOCATIONS,
  missingTickets,
  parseBundle,
  verify,
  type Bundle,
  type Caveat,
} from '@hangar/macaroon';
import { describe, expect, test } from 'vitest';
import {
  control,
  flaps,
  foreignToken,
  send,
  stage,
  temporaryFolder,
  type Answer,
  type Stage,
} from './world.ts';
import { rootKey, ticketKey } from '../src/world/world.ts';
import { simulatedSecrets } from '../src/index.ts';

const operator = simulatedSecrets.operatorToken;
const operatorId = 'op3rat0r5ecur1ty';

const ask = (on: Stage, query: string, variables: object = {}, token: string = operator): Promise<Answer> =>
  send('POST', `${on.api}/graphql`, {
    body: { query, variables },
    headers: { authorization: `Bearer ${token}` },
  });

const createMutation = `mutation ($input: CreateLimitedAccessTokenInput!) {
  createLimitedAccessToken(input: $input) { limitedAccessToken { id tokenHeader expiresAt } }
}`;

async function minted(on: Stage, order: object = {}, token: string = operator) {
  const answer = await ask(
    on,
    createMutation,
    {
      input: {
        name: 'Org deploy token',
        organizationId: operatorId,
        profile: 'deploy_organization',
        profileParams: {},
        expiry: '24h0m0s',
        ...order,
      },
    },
    token,
  );
  const at = 'data.createLimitedAccessToken.limitedAccessToken';
  return { header: answer.text(`${at}.tokenHeader`), id: answer.text(`${at}.id`) };
}

function bundleOf(header: string): Bundle {
  const read = parseBundle(header, LOCATIONS.permission);
  if (!read.ok) throw new Error(read.reason.tag);
  return read.value;
}

const endOf = (bundle: Bundle): number =>
  Math.min(
    ...bundle.discharges.flatMap((one) =>
      one.caveats.flatMap((each) => (each.type === 'ValidityWindow' ? [Number(each.notAfter)] : [])),
    ),
  );

const text = (bundle: Bundle): string =>
  [...bundle.permission, ...bundle.discharges].map(encodeToken).join(',');
const bare = (bundle: Bundle): string => bundle.permission.map(encodeToken).join(',');

/** The address of the third party that a location names, at the simulator. */
const thirdParty = (on: Stage, location: string): string =>
  `${on.api}${new URL(location).pathname.replace(/\/$/, '')}/.well-known/macfly/3p`;

function ticketOf(header: string, location: string = LOCATIONS.authentication): string {
  const missing = missingTickets({ permission: bundleOf(header).permission, discharges: [] });
  const found = missing.find((one) => one.location === location);
  if (!found) throw new Error(`no ticket for ${location}`);
  return Buffer.from(found.ticket).toString('base64');
}

const start = (on: Stage, ticket: string, headers: Record<string, string> = {}, location?: string) =>
  send('POST', thirdParty(on, location ?? LOCATIONS.authentication), { body: { ticket }, headers });

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('tokens as `fly tokens create` makes them', () => {
  test('come with a discharge of 10.5 minutes; after that the Machines API answers 401 until there is another', async () => {
    const on = await stage();
    const { header } = await minted(on);
    expect((await flaps(on, header)('GET', '/apps?org_slug=operator')).status).toBe(200);
    const without = await flaps(on, bare(bundleOf(header)))('GET', '/apps?org_slug=operator');
    expect(without.status).toBe(401);
    expect(without.text('error')).toMatch(/missing third-party discharge tokens/);

    const now = on.simulator.clock.nowMs() / 1000;
    expect(Math.round((endOf(bundleOf(header)) - now) / 5) * 5).toBe(630);
    on.simulator.clock.advance(631_000);
    const over = await flaps(on, header)('GET', '/apps?org_slug=operator');
    expect([over.status, over.at('error')]).toEqual([401, 'Authenticate: token validation error']);

    const renewed = await start(on, ticketOf(header), bearer(operator));
    expect(renewed.status).toBe(201);
    const fresh = `${bare(bundleOf(header))},${renewed.text('discharge')}`;
    expect((await flaps(on, fresh)('GET', '/apps?org_slug=operator')).status).toBe(200);
    on.simulator.clock.advance(86_400_000);
    expect((await flaps(on, fresh)('GET', '/apps?org_slug=operator')).status).toBe(401);
  });

  test('for one app deploy it, read the rest, and nothing more', async () => {
    const on = await stage();
    await flaps(on)('POST', '/apps', { app_name: 'mine', org_slug: 'operator' });
    await flaps(on)('POST', '/apps', { app_name: 'other', org_slug: 'operator' });
    const id = (await ask(on, '{ app(name: "mine") { id } }')).text('data.app.id');
    const { header } = await minted(on, { profile: 'deploy', profileParams: { app_id: id } });
    const call = flaps(on, header);
    expect((await call('POST', '/apps/mine/machines', { config: { image: 'a' } })).status).toBe(200);
    expect((await call('POST', '/apps/other/machines', { config: { image: 'a' } })).status).toBe(403);
    expect((await call('GET', '/apps?org_slug=operator')).status).toBe(200);
    expect((await call('POST', '/apps', { app_name: 'third', org_slug: 'operator' })).status).toBe(403);
  });

  test('ask other third parties, or none, when they are opted in or out', async () => {
    const on = await stage();
    const none = await minted(on, { optOutThirdParties: [LOCATIONS.authentication] });
    expect(bundleOf(none.header)).toMatchObject({ permission: [{}], discharges: [] });
    expect((await flaps(on, none.header)('GET', '/apps?org_slug=operator')).status).toBe(200);
    const both = await minted(on, { optInThirdParties: [LOCATIONS.newAuthentication] });
    expect(bundleOf(both.header).discharges.map((one) => one.location)).toEqual([
      LOCATIONS.authentication,
      LOCATIONS.newAuthentication,
    ]);
    on.simulator.clock.advance(631_000);
    const discharges = await Promise.all(
      [LOCATIONS.authentication, LOCATIONS.newAuthentication].map(async (location) =>
        (await start(on, ticketOf(both.header, location), bearer(operator), location)).text('discharge'),
      ),
    );
    const fresh = [bare(bundleOf(both.header)), ...discharges].join(',');
    expect((await flaps(on, fresh)('GET', '/apps?org_slug=operator')).status).toBe(200);
  });

  test('are listed by organization and by app, and end with everything narrowed from them when they are revoked', async () => {
    const on = await stage();
    await flaps(on)('POST', '/apps', { app_name: 'mine', org_slug: 'operator' });
    const first = await minted(on, { name: 'first' });
    await minted(on, { name: 'second', profile: 'deploy', profileParams: { app_id: 'mine' } });
    const nodes = 'limitedAccessTokens { nodes { name revokedAt user { email } } }';
    const listed = await ask(
      on,
      `{ all: organization(slug: "operator") { orgTokens: ${nodes} } one: app(name: "mine") { ...tokens } }
       fragment tokens on App { ${nodes} }`,
    );
    expect(listed.at('data.all.orgTokens.nodes')).toMatchObject([{ name: 'first' }, { name: 'second' }]);
    expect(listed.at('data.one.limitedAccessTokens.nodes')).toMatchObject([
      { name: 'second', revokedAt: null, user: { email: expect.stringMatching(/@tokens\.fly\.io$/) } },
    ]);

    const [permission] = bundleOf(first.header).permission;
    const child = text({
      ...bundleOf(first.header),
      permission: permission ? [attenuate(permission, [{ type: 'Action', mask: Action.read }])] : [],
    });
    expect((await flaps(on, child)('GET', '/apps?org_slug=operator')).status).toBe(200);
    const revoke =
      'mutation ($i: DeleteLimitedAccessTokenInput!) { deleteLimitedAccessToken(input: $i) { token } }';
    expect(
      (await ask(on, revoke, { i: { id: first.id } }, foreignToken)).at('errors.0.extensions.code'),
    ).toBe('UNAUTHORIZED');
    expect((await ask(on, revoke, { i: { id: first.id } })).at('data.deleteLimitedAccessToken.token')).toBe(
      first.id,
    );
    for (const token of [first.header, child])
      expect((await flaps(on, token)('GET', '/apps?org_slug=operator')).status).toBe(401);
  });

  test('cannot be made for a stranger, in a foreign organization, or with a word that GraphQL does not know', async () => {
    const on = await stage();
    const code = async (query: string, token: string) =>
      (await ask(on, query, {}, token)).at('errors.0.extensions.code');
    expect(await code('{ viewer { email } }', 'fo1_nobody')).toBe('UNAUTHORIZED');
    expect(await code('{ organization(slug: "operator") { id } }', foreignToken)).toBe('UNAUTHORIZED');
    expect(await code('{ organization(slug: "no-such") { id } }', operator)).toBe('UNAUTHORIZED');
    expect((await ask(on, '{ viewer { email ... on User { id } } }')).text('data.viewer.email')).toMatch(/@/);
    expect((await ask(on, '{ machines { id } }')).text('errors.0.message')).toMatch(/Cannot query field/);
    expect((await ask(on, 'not graphql')).text('errors.0.message')).toMatch(/Syntax Error/);
    const refused = await ask(on, createMutation, {
      input: { name: 'a', organizationId: operatorId, profile: 'identity', profileParams: {} },
    });
    expect(refused.text('errors.0.message')).toMatch(/not simulated/);
  });

  test('survive a restart of the platform, which renews their discharges as before', async () => {
    const state = `${temporaryFolder()}/world.json`;
    const before = await stage({ state });
    const { header } = await minted(before);
    await before.close();
    const on = await stage({ state });
    on.simulator.clock.advance(700_000);
    const renewed = await start(on, ticketOf(header), bearer(operator));
    const fresh = `${bare(bundleOf(header))},${renewed.text('discharge')}`;
    expect((await flaps(on, fresh)('GET', '/apps?org_slug=operator')).status).toBe(200);
  });
});

describe('the discharge service of Fly.io', () => {
  test('knows who asks by an OAuth token, and states it', async () => {
    const on = await stage();
    const { header } = await minted(on);
    const discharge = (await start(on, ticketOf(header), bearer(`fo1_nobody,${operator}`))).text('discharge');
    const { world } = on.simulator;
    const bundle = bundleOf(`${bare(bundleOf(header))},${discharge}`);
    const verified = verify(bundle.permission[0]!, {
      key: rootKey(world),
      discharges: bundle.discharges,
      trusted: new Map([[LOCATIONS.authentication, [ticketKey(world)]]]),
    });
    if (!verified.ok) throw new Error(verified.reason.tag);
    expect(attestations(verified.value)).toMatchObject([{ type: 'FlyioUserID', id: 80_001n }]);
  });

  test('refuses somebody else, and a token of the organization is nobody', async () => {
    const on = await stage();
    const { header } = await minted(on);
    const foreign = await start(on, ticketOf(header), bearer(foreignToken));
    expect(foreign.status).toBe(403);
    expect(foreign.text('error')).toMatch(/user 80001/);
    const bareToken = await start(on, ticketOf(header), { authorization: `FlyV1 ${header}` });
    expect(bareToken.at('discharge')).toBeUndefined();
    expect(bareToken.text('user_interactive.poll_url')).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });

  test('lets a person confirm on a page while the client polls, and remembers the client afterwards', async () => {
    const on = await stage();
    const { header } = await minted(on);
    const started = await start(on, ticketOf(header));
    expect(started.status).toBe(201);
    const [page, poll] = ['user_url', 'poll_url'].map((name) => started.text(`user_interactive.${name}`));
    const cookie = started.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect((await send('GET', poll!)).status).toBe(202);
    expect(String((await send('GET', page!)).body)).toContain('Holder of configured token 1');
    const form = (body: Record<string, string>) =>
      fetch(page!, { method: 'POST', body: new URLSearchParams(body) });
    expect((await form({ user_id: '00000000-0000-4000-8000-000000000001' })).status).toBe(200);
    const done = await send('GET', poll!);
    expect(
      (
        await flaps(on, `${bare(bundleOf(header))},${done.text('discharge')}`)(
          'GET',
          '/apps?org_slug=operator',
        )
      ).status,
    ).toBe(200);
    expect((await send('GET', poll!)).status).toBe(404);

    const again = await start(on, ticketOf(header), { cookie });
    expect(again.text('discharge')).toMatch(/^fm2_/);
    on.simulator.clock.advance(601_000);
    expect((await start(on, ticketOf(header), { cookie })).at('discharge')).toBeUndefined();
  });

  test('tells the client when the person is the wrong one, denies, or never comes', async () => {
    const on = await stage();
    const { header } = await minted(on);
    for (const [body, error] of [
      [{ user_id: 'm1l0k45tw9q2x7dz' }, /user 80001/],
      [{ deny: '1' }, /denied/],
    ] as const) {
      const started = await start(on, ticketOf(header));
      await fetch(started.text('user_interactive.user_url'), {
        method: 'POST',
        body: new URLSearchParams(body as Record<string, string>),
      });
      const polled = await send('GET', started.text('user_interactive.poll_url'));
      expect([polled.status, polled.text('error')]).toEqual([200, expect.stringMatching(error)]);
    }
    const started = await start(on, ticketOf(header));
    on.simulator.clock.advance(601_000);
    expect((await send('GET', started.text('user_interactive.poll_url'))).status).toBe(404);
    expect((await send('GET', started.text('user_interactive.user_url'))).status).toBe(404);
  });

  test('keeps to the conditions in a ticket, and refuses those it does not know', async () => {
    const on = await stage();
    const [permission] = bundleOf(
      (await minted(on, { optOutThirdParties: [LOCATIONS.authentication] })).header,
    ).permission;
    const answer = async (ticketCaveats: Caveat[]): Promise<Answer> => {
      const token = encodeToken(
        addThirdParty(permission!, {
          location: LOCATIONS.authentication,
          sharedKey: ticketKey(on.simulator.world),
          ticketCaveats,
        }),
      );
      return await start(on, ticketOf(token), bearer(operator));
    };
    const short = await answer([{ type: 'MaxValidity', seconds: 60 }]);
    const end = endOf(bundleOf(`${encodeToken(permission!)},${short.text('discharge')}`));
    expect(Math.round((end - on.simulator.clock.nowMs() / 1000) / 5) * 5).toBe(60);
    expect((await answer([{ type: 'ConfineOrganization', id: 50_001n }])).status).toBe(201);
    expect((await answer([{ type: 'ConfineOrganization', id: 50_003n }])).status).toBe(403);
    expect((await answer([{ type: 'ConfineGoogleHD', domain: 'fly.io' }])).status).toBe(403);
    expect(
      (await answer([{ type: 'Unknown', number: 17n, body: new Uint8Array([0x90]) } as never])).status,
    ).toBe(403);
  });

  test.each(['', '{}', '{"ticket":17}', '{"ticket":"AAAA"}', '{"ticket":"***"}', '[]', 'null'])(
    'answers 400 to a body that holds no ticket of its own: %s',
    async (body) => {
      const on = await stage();
      const response = await fetch(thirdParty(on, LOCATIONS.authentication), { method: 'POST', body });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error: 'bad ticket' });
    },
  );

  test('is down for a while, then slow, while the rest of the platform works', async () => {
    const on = await stage();
    const { header } = await minted(on);
    const faults = (body: object) => control(on)('POST', '/faults', { door: 'discharges', ...body });
    await faults({ kind: 'status', status: 503, for_seconds: 480 });
    for (let round = 0; round < 3; round += 1)
      expect((await start(on, ticketOf(header), bearer(operator))).status).toBe(503);
    expect((await ask(on, '{ viewer { email } }')).status).toBe(200);
    on.simulator.clock.advance(481_000);
    expect((await start(on, ticketOf(header), bearer(operator))).status).toBe(201);

    await faults({ kind: 'drop', for_seconds: 60, route: '/aaa/v1/**' });
    await expect(start(on, ticketOf(header), bearer(operator))).rejects.toThrow('fetch failed');
    await control(on)('DELETE', '/faults');
    await faults({ kind: 'hang', for_seconds: 60 });
    let answered = false;
    const hanging = start(on, ticketOf(header), bearer(operator)).catch(() => (answered = true));
    while (!on.simulator.faults.list().some(({ struck }) => struck > 0))
      await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    on.simulator.clock.advance(61_000);
    await hanging;
    expect((await control(on)('GET', '/faults')).at('faults')).toEqual([]);
  });
});
