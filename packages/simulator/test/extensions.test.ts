import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { control, send, stage, webhookSecret, type Received, type Stage } from './world.ts';

const hmac = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text).digest('hex');
const provisioningKey = 'hangar-provisioning-secret';

const answerWith = (on: Stage, answers: Record<string, { status: number; body?: unknown }>): void => {
  on.provider.answer = (request: Received) =>
    answers[`${request.method} ${request.target.split('?')[0] ?? ''}`] ?? { status: 404 };
};

const provisioned = {
  'POST /flyio/extensions': {
    status: 201,
    body: {
      id: 'p-1',
      name: 'renamed',
      status: 'ready',
      fly_app_name: 'gateway',
      config: { HANGAR_API_TOKEN: 'fm2_secret' },
    },
  },
  'GET /flyio/extensions/p-1': { status: 200, body: { id: 'p-1', status: 'sleeping' } },
  'PATCH /flyio/extensions/p-1': { status: 200, body: { id: 'p-1', status: 'ready' } },
  'DELETE /flyio/extensions/p-1': { status: 204 },
  'GET /flyio/billing/charges': { status: 200, body: { charges: [] } },
};

describe('Fly.io calls the provider', () => {
  test('provisioning sends what the docs show, signed over the very bytes', async () => {
    const on = await stage();
    answerWith(on, provisioned);
    const second = (): number => Math.floor(on.simulator.clock.nowMs() / 1000);
    const before = second();
    const made = await control(on)('POST', '/extensions', {
      name: 'envs',
      primary_region: 'mad',
      read_regions: ['syd'],
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      extension: {
        id: 'p-1',
        name: 'renamed',
        fly_app_name: 'gateway',
        config: { HANGAR_API_TOKEN: 'fm2_secret' },
      },
      exchange: { status: 201, method: 'POST' },
    });
    const request = on.provider.received[0];
    expect(request?.headers['x-signature']).toBe(hmac(provisioningKey, request?.body ?? ''));
    const sent = JSON.parse(request?.body ?? '') as { timestamp: number };
    // A second may have begun in between.
    expect(sent.timestamp).toBeGreaterThanOrEqual(before);
    expect(sent.timestamp).toBeLessThanOrEqual(second());
    expect(sent).toEqual({
      name: 'envs',
      id: made.at('extension.fly_id'),
      organization_id: '04La2mblTaz',
      organization_name: 'High Flyers',
      user_email: 'v9WvKokd@customer.fly.io',
      user_id: 'NeBO2G0l0yJ6',
      user_role: 'admin',
      primary_region: 'mad',
      ip_address: expect.stringMatching(/^fdaa:/),
      read_regions: ['syd'],
      url: `${on.provider.baseUrl}/extensions`,
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
      timestamp: sent.timestamp,
    });
  });

  test('GET and DELETE carry the envelope in the query, and the query is what is signed', async () => {
    const on = await stage();
    answerWith(on, provisioned);
    const fly = control(on);
    const id = (await fly('POST', '/extensions', { name: 'envs' })).text('extension.id');
    expect((await fly('GET', `/extensions/${id}`)).at('extension.status')).toBe('sleeping');
    expect((await fly('PATCH', `/extensions/${id}`, { plan: 'pro' })).at('status')).toBe(200);
    expect(
      (await fly('POST', '/billing/pull', { from: '2026-11-19T00:00:00Z', to: '2026-11-20T00:00:00Z' })).body,
    ).toMatchObject({
      status: 200,
      body: '{"charges":[]}',
    });
    expect((await fly('DELETE', `/extensions/${id}`)).at('extension.deleted')).toBe(true);
    const [, get, patch, bill, remove] = on.provider.received;
    for (const request of [get, bill, remove]) {
      const query = request?.target.split('?')[1] ?? '';
      expect(request?.headers['x-signature']).toBe(hmac(provisioningKey, query));
      const fields = new URLSearchParams(query);
      expect(fields.get('url')).toBe(
        `${on.provider.baseUrl}${request?.target.split('?')[0]?.slice('/flyio'.length)}`,
      );
      expect(fields.get('nonce')).toMatch(/^[0-9a-f]{32}$/);
    }
    expect(new URLSearchParams(bill?.target.split('?')[1]).get('from')).toBe('2026-11-19T00:00:00Z');
    expect(JSON.parse(patch?.body ?? '')).toMatchObject({
      plan: 'pro',
      url: `${on.provider.baseUrl}/extensions/p-1`,
    });
    expect((await fly('GET', '/inventory')).at('extensions')).toEqual([]);
  });

  test('an exchange is replayed byte for byte, to another address and with another method', async () => {
    const on = await stage();
    answerWith(on, provisioned);
    const fly = control(on);
    const id = (await fly('POST', '/extensions', { name: 'envs' })).text('extension.id');
    const exchange = (await fly('GET', `/extensions/${id}`)).text('exchange.id');
    const base_url = on.provider.baseUrl.replace('/flyio', '/other');
    const replay = await fly('POST', `/exchanges/${exchange}/replay`, { base_url, method: 'DELETE' });
    expect(replay.at('status')).toBe(404);
    const [, original, again] = on.provider.received;
    expect(again?.method).toBe('DELETE');
    expect(again?.target).toBe(original?.target.replace('/flyio', '/other'));
    expect(again?.headers['x-signature']).toBe(original?.headers['x-signature']);
  });

  test('the log of exchanges knows everything but the values of config', async () => {
    const on = await stage();
    answerWith(on, provisioned);
    const fly = control(on);
    await fly('POST', '/extensions', { name: 'envs' });
    const log = await fly('GET', '/exchanges');
    expect(log.at('exchanges.0.response_body')).toContain('"HANGAR_API_TOKEN":"[value]"');
    expect(JSON.stringify(log.body)).not.toContain('fm2_secret');
  });

  test('a provider that refuses leaves nothing behind', async () => {
    const on = await stage();
    on.provider.answer = () => ({ status: 422, body: { error: 'no' } });
    const refused = await control(on)('POST', '/extensions', { name: 'envs' });
    expect([refused.status, refused.at('status'), refused.at('body')]).toEqual([502, 422, '{"error":"no"}']);
    expect((await control(on)('GET', '/extensions')).at('extensions')).toEqual([]);
  });

  test('a provider that dies in the middle is asked again under the same id with a fresh nonce', async () => {
    const on = await stage();
    let died = false;
    on.provider.answer = () => {
      if (died) return provisioned['POST /flyio/extensions'];
      died = true;
      return { status: 200, drop: true };
    };
    const made = await control(on)('POST', '/extensions', { name: 'envs', id: 'f-1' });
    expect(made.status).toBe(201);
    const [first, second] = on.provider.received.map(
      (one) => JSON.parse(one.body) as { id: string; nonce: string },
    );
    expect(first?.id).toBe(second?.id);
    expect(first?.nonce).not.toBe(second?.nonce);
  });

  test('a provider that says "not now" is asked again, unless one try was ordered', async () => {
    const on = await stage();
    let refusals = 1;
    on.provider.answer = () => (refusals-- > 0 ? { status: 503 } : provisioned['POST /flyio/extensions']);
    expect((await control(on)('POST', '/extensions', { name: 'envs' })).status).toBe(201);
    on.provider.answer = () => ({ status: 503 });
    const once = await control(on)('POST', '/extensions?patience_seconds=0', { name: 'more' });
    expect([once.status, once.at('status')]).toEqual([502, 503]);
    expect(on.provider.received).toHaveLength(3);
  });

  test('people who do not belong together are no order', async () => {
    const fly = control(await stage());
    const order = { name: 'envs', user_id: 'rzjkdw3g0ypx061q', organization_id: '04La2mblTaz' };
    expect((await fly('POST', '/extensions', order)).status).toBe(422);
    expect((await fly('POST', '/extensions', { nam: 'envs' })).status).toBe(422);
  });

  test('the sign-on link points at the provider', async () => {
    const on = await stage();
    answerWith(on, provisioned);
    await control(on)('POST', '/extensions', { name: 'envs' });
    const link = await control(on)('GET', '/extensions/p-1/sso');
    expect(link.at('url')).toBe(`${on.provider.baseUrl}/extensions/p-1/sso`);
  });
});

describe('webhooks of the provider', () => {
  const hook = async (
    on: Stage,
    message: unknown,
    change: { secret?: string; slug?: string; signature?: string } = {},
  ) => {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    return await send('POST', `${on.api}/api/hooks/extensions/${change.slug ?? 'hangar'}`, {
      body: JSON.parse(body) as unknown,
      headers: {
        'x-signature': change.signature ?? hmac(change.secret ?? webhookSecret.reveal(), body),
        'webhook-id': 'w-1',
      },
    });
  };
  const now = (on: Stage): string => String(Math.floor(on.simulator.clock.nowMs() / 1000));
  const update = (on: Stage) => ({
    timestamp: now(on),
    action: 'resource.updated',
    resource: { id: 'p-1', status: 'sleeping' },
  });

  test('a timestamp is taken as text and as a number, and kept as text', async () => {
    const on = await stage();
    for (const timestamp of [now(on), Number(now(on))]) {
      expect((await hook(on, { ...update(on), timestamp })).status).toBe(200);
    }
    const kept = (await control(on)('GET', '/webhooks')).at('webhooks') as { timestamp: unknown }[];
    expect(kept.map((one) => one.timestamp)).toEqual([expect.any(String), expect.any(String)]);
  });

  test('a signed webhook is accepted, stored, and changes what Fly.io knows', async () => {
    const on = await stage();
    answerWith(on, provisioned);
    await control(on)('POST', '/extensions', { name: 'envs' });
    expect((await hook(on, update(on))).status).toBe(200);
    expect((await control(on)('GET', '/webhooks')).at('webhooks')).toMatchObject([
      {
        verified: true,
        action: 'resource.updated',
        resource: { id: 'p-1' },
        webhook_id: 'w-1',
        received_at: expect.any(String),
      },
    ]);
    expect((await control(on)('GET', '/extensions')).at('extensions.0.status')).toBe('sleeping');
    await hook(on, { ...update(on), action: 'resource.deleted' });
    expect((await control(on)('GET', '/inventory')).at('extensions')).toEqual([]);
  });

  test('a resource that was made at the provider becomes an extension', async () => {
    const on = await stage();
    const resource = {
      id: 'p-2',
      status: 'ready',
      name: 'own',
      organization_id: '04La2mblTaz',
      user_id: 'NeBO2G0l0yJ6',
    };
    await hook(on, { timestamp: now(on), action: 'resource.created', resource });
    expect((await control(on)('GET', '/extensions')).at('extensions.0')).toMatchObject({
      id: 'p-2',
      name: 'own',
    });
  });

  test.each<[string, number, (on: Stage) => Promise<{ status: number }>]>([
    ['signed with the provisioning secret', 401, (on) => hook(on, update(on), { secret: provisioningKey })],
    ['without a signature', 401, (on) => hook(on, update(on), { signature: '' })],
    ['with an old timestamp', 401, (on) => hook(on, { ...update(on), timestamp: '1693513586' })],
    ['with an old timestamp as a number', 401, (on) => hook(on, { ...update(on), timestamp: 1693513586 })],
    [
      'with a fraction as timestamp',
      422,
      (on) => hook(on, { ...update(on), timestamp: Number(now(on)) + 0.5 }),
    ],
    ['with an unknown action', 422, (on) => hook(on, { ...update(on), action: 'resource.sold' })],
    ['without an id', 422, (on) => hook(on, { ...update(on), resource: {} })],
    ['to another slug', 404, (on) => hook(on, update(on), { slug: 'logjam' })],
  ])('one %s is refused', async (_title, status, attempt) => {
    const on = await stage();
    expect((await attempt(on)).status).toBe(status);
    const stored = (await control(on)('GET', '/webhooks')).at('webhooks') as { verified: boolean }[];
    expect(stored.every((one) => !one.verified)).toBe(true);
  });
});
