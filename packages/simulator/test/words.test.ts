import {
  appWire,
  authenticateResponse,
  authorizeResponse,
  currentTokens,
  flyUrls,
  ipWire,
  machinesError,
  machineWire,
  parseCloudEvent,
  provisionRequest,
  secretsResponse,
  tokenInfo,
  tokenResponse,
  updateRequest,
  volumeWire,
} from '@hangar/flyio';
import { expect, test } from 'vitest';
import { control, flaps, send, stage } from './world.ts';

test('what the simulator says of machines is what the public documents say', async () => {
  const on = await stage();
  const call = flaps(on);
  appWire.parse((await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' })).body);
  appWire.parse((await call('GET', '/apps/one')).body);
  volumeWire.parse((await call('POST', '/apps/one/volumes', { name: 'data' })).body);
  const machine = (await call('POST', '/apps/one/machines', { config: { image: 'a' } })).body;
  machineWire.parse(machine);
  secretsResponse.parse((await call('POST', '/apps/one/secrets', { values: { A: 'b' } })).body);
  ipWire.parse((await call('POST', '/apps/one/ip_assignments', { type: 'private_v6' })).body);
  machinesError.parse((await call('GET', '/apps/none')).body);
  currentTokens.parse((await call('GET', '/tokens/current')).body);
  const header = (await control(on)('POST', '/tokens', { organization: 'operator' })).text('token');
  const verified = await send('POST', `${on.machines}/v1/tokens/authenticate`, { body: { header } });
  expect(authenticateResponse.parse(verified.body)).toHaveLength(1);
  const access = { app_name: 'one', action: 'r' };
  authorizeResponse.parse(
    (await send('POST', `${on.machines}/v1/tokens/authorize`, { body: { header, access } })).body,
  );
});

test('what it sends to a provider is what the public documents say', async () => {
  const on = await stage();
  on.provider.answer = (request) =>
    request.target.startsWith('/flyio/extensions/events')
      ? { status: 204 }
      : { status: 200, body: { id: 'p-1', config: {} } };
  await control(on)('POST', '/extensions', {
    name: 'envs',
    primary_region: 'mad',
    read_regions: ['syd'],
    options: {},
  });
  await control(on)('PATCH', '/extensions/p-1', { read_regions: [] });
  const [provision, update] = on.provider.received;
  provisionRequest.parse(JSON.parse(provision?.body ?? ''));
  updateRequest.parse(JSON.parse(update?.body ?? ''));
  await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  await flaps(on)('POST', '/apps/one/machines', { config: { image: 'a' }, skip_launch: true });
  await control(on)('POST', '/events/idle');
  const event = on.provider.received.at(-1);
  const headers = new Headers(
    Object.entries(event?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const read = parseCloudEvent(headers, Buffer.from(event?.body ?? ''));
  expect(read).toMatchObject({
    ok: true,
    value: { type: 'io.fly.machine.created', data: { status: 'created' } },
  });
});

test('what it says about a user is what the public documents say', async () => {
  const on = await stage();
  const redirect_uri = `${on.provider.baseUrl}/callback`;
  const query = { client_id: 'simulated-client', response_type: 'code', redirect_uri, scope: 'read' };
  const picked = await fetch(`${on.api}/oauth/authorize`, {
    method: 'POST',
    body: new URLSearchParams({ ...query, user_id: 'm1l0k45tw9q2x7dz' }),
    redirect: 'manual',
  });
  const code = new URL(picked.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const client = { client_id: 'simulated-client', client_secret: 'simulated-client-secret' };
  const exchanged = await fetch(`${on.api}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', redirect_uri, code, ...client }),
  });
  const token = tokenResponse.parse(await exchanged.json());
  const headers = { authorization: `Bearer ${token.access_token}` };
  const info = tokenInfo.parse((await send('GET', `${on.api}/oauth/token/info`, { headers })).body);
  expect(info.organizations.map((one) => one.role)).toEqual(['member', 'member']);
});

test('the doors stand in the order in which Hangar looks for them', async () => {
  const { simulator } = await stage();
  const urls = flyUrls({ simulatorPort: 4700 });
  const expected = Object.keys(simulator.doors).map((_name, at) => `http://127.0.0.1:${4700 + at}`);
  expect([urls.api, urls.machines, urls.s3, urls.iam]).toEqual(expected);
  expect(Object.keys(simulator.doors)).toEqual(['api', 'machines', 's3', 'iam']);
});
