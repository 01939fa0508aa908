import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chargesResponse,
  dischargeRequest,
  dischargeResponse,
  extensionResource,
  extensionStatus,
  provisionRequest,
  provisionResponse,
  updateRequest,
  webhookMessage,
} from '@hangar/flyio';
import {
  createdWebhook,
  provisioningAnswer,
  provisioningRequest,
  updatedWebhook,
} from './fixtures/extensions-page.ts';

const { url: _url, nonce: _nonce, timestamp: _timestamp, ...plain } = provisioningRequest;
const required = ['name', 'id', 'organization_id', 'organization_name', 'user_id', 'user_email', 'user_role'];

function without(member: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(provisioningRequest).filter(([name]) => name !== member));
}

describe('a provisioning request', () => {
  test('of the page is read, and the signing trio is not part of it', () => {
    expect(provisionRequest.parse(provisioningRequest)).toEqual(plain);
  });

  test('needs no region and no address, and may carry a plan, options and members nobody knows', () => {
    const minimal = Object.fromEntries(
      required.map((name) => [name, Reflect.get(provisioningRequest, name)]),
    );
    expect(provisionRequest.parse(minimal)).toEqual(minimal);
    const rich = { ...minimal, plan_id: 'scaler', options: { public: true, website: { domain_name: '' } } };
    expect(provisionRequest.parse({ ...rich, prio: 1, __proto__x: 2 })).toEqual(rich);
    expect(provisionRequest.parse({ ...minimal, read_regions: null, plan: null, ip_address: null })).toEqual(
      minimal,
    );
  });

  test.each(required)('without %s, or with another type there, is refused naming it', (member) => {
    for (const value of [undefined, null, 7, true, [], {}, '']) {
      const body = value === undefined ? without(member) : { ...provisioningRequest, [member]: value };
      const read = provisionRequest.safeParse(body);
      expect(read.success, JSON.stringify(value)).toBe(false);
      expect(new Set(read.error?.issues.map((issue) => issue.path[0]))).toEqual(new Set([member]));
    }
  });

  test.each([
    ['read_regions', 'syd'],
    ['read_regions', ['SYD']],
    ['primary_region', 'MAD'],
    ['primary_region', '../'],
    ['ip_address', '10.0.0.1'],
    ['ip_address', '::1'],
    ['ip_address', 'fd00::1'],
    ['ip_address', 'fdaa'],
    ['ip_address', 'here'],
    ['user_email', 'nobody'],
    ['user_email', 'a@b\r\nBcc: c@d'],
    ['organization_id', 'a b'],
    ['options', 'x'],
    ['name', 'x'.repeat(5000)],
    ['name', 'nul\0inside'],
    ['name', 'half \ud800 a character'],
    ['organization_name', 'two\nlines'],
  ])('with %s %j is refused', (member, value) => {
    expect(
      provisionRequest.safeParse({ ...provisioningRequest, [member]: value }).error?.issues[0]?.path[0],
    ).toBe(member);
  });

  test('takes display names in any script, and odd ones as text', () => {
    for (const name of ['Hïïgh ✈ Flyers', '高飛', "'; DROP TABLE x", '<script>', '👩‍✈️', 'null']) {
      const read = provisionRequest.parse({ ...provisioningRequest, name, organization_name: name });
      expect([read.name, read.organization_name]).toEqual([name, name]);
    }
  });

  test('a region twice counts once, and an unknown role is a member', () => {
    const odd = { ...provisioningRequest, read_regions: ['syd', 'scl', 'syd'], user_role: 'owner' };
    expect(provisionRequest.parse(odd)).toMatchObject({ read_regions: ['syd', 'scl'], user_role: 'member' });
  });

  test('of anything at all is a verdict, and pollutes nothing', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(provisionRequest.safeParse(value).success).toBe(false);
      }),
    );
    const polluted = JSON.parse(
      JSON.stringify(provisioningRequest).replace('{', '{"__proto__":{"admin":1},'),
    ) as unknown;
    expect(Reflect.get(provisionRequest.parse(polluted) as object, 'admin')).toBeUndefined();
  });
});

describe('an update', () => {
  test('has the same members, all optional; an empty list is not an absent one', () => {
    expect(updateRequest.parse(provisioningRequest)).toEqual(plain);
    expect(updateRequest.parse({})).toEqual({});
    expect(updateRequest.parse({ read_regions: [], name: null })).toEqual({ read_regions: [] });
    expect(updateRequest.safeParse({ primary_region: 'MAD' }).success).toBe(false);
    expect(updateRequest.safeParse([]).success).toBe(false);
  });
});

describe('what a provider answers', () => {
  test('to a provisioning request: the example of the page, and more members', () => {
    expect(provisionResponse.parse({ ...provisioningAnswer, status: 'ready' })).toEqual({
      ...provisioningAnswer,
      status: 'ready',
    });
  });

  test.each([
    ['no config', { id: 'x' }],
    ['no id', { config: {} }],
    ['an empty id', { id: '', config: {} }],
    ['a number in config, at which flyctl crashes', { id: 'x', config: { PORT: 5432 } }],
    ['null in config', { id: 'x', config: { URL: null } }],
    ['an object in config', { id: 'x', config: { A: { b: 'c' } } }],
    ['an empty name', { id: 'x', config: {}, name: '' }],
  ])('%s is a fault', (_name, answer) => {
    expect(provisionResponse.safeParse(answer).success).toBe(false);
  });

  test('about a resource: id and status, the rest as it is', () => {
    const resource = {
      id: 'p',
      status: 'ready',
      plan: null,
      usage: [{ meter: 'cpu', value: '1.5', unit: 'h' }],
      extra: [1],
    };
    expect(extensionResource.parse(resource)).toEqual(resource);
    expect(extensionStatus.safeParse('active').success).toBe(false);
  });
});

describe('a webhook', () => {
  test('of the page is read whole', () => {
    expect(webhookMessage.parse(updatedWebhook)).toEqual(updatedWebhook);
    expect(webhookMessage.parse(createdWebhook)).toEqual(createdWebhook);
  });

  test.each([
    ['a number as timestamp', { ...updatedWebhook, timestamp: 1693513586 }],
    ['another action', { ...updatedWebhook, action: 'resource.renamed' }],
    ['no resource', { ...updatedWebhook, resource: undefined }],
    ['a resource without id', { ...updatedWebhook, resource: { status: 'ready' } }],
    ['a creation for nobody', { ...updatedWebhook, action: 'resource.created' }],
  ])('with %s is refused', (_name, message) => {
    expect(webhookMessage.safeParse(message).success).toBe(false);
  });
});

describe('charges', () => {
  const line = {
    id: 'c1',
    organization_id: '04La2mblTaz',
    extension_id: null,
    resource_id: 'p1',
    category: 'usage',
    corrects: null,
    meter: 'machine_seconds',
    quantity: '3600',
    unit: 's',
    unit_price: '0.0000022',
    amount: '0.00792',
    currency: 'USD',
    start: '2026-11-19T00:00:00Z',
    end: '2026-11-20T00:00:00Z',
    final: true,
    updated_at: '2026-11-20T00:10:00Z',
  };
  const page = {
    schema: 1,
    currency: 'USD',
    from: line.start,
    to: line.end,
    complete_through: line.end,
    generated_at: line.updated_at,
    revision: 'r1',
    charges: [line],
    totals: { USD: '0.00792' },
    next_cursor: null,
  };

  test('are lines of decimal text', () => {
    expect(chargesResponse.parse(page)).toEqual(page);
    for (const amount of [0.00792, '1e3', '.5', '1.', '01', '0.12345678901', '', '-']) {
      expect(
        chargesResponse.safeParse({ ...page, charges: [{ ...line, amount }] }).success,
        String(amount),
      ).toBe(false);
    }
  });
});

describe('a discharge', () => {
  test.each([
    { discharge: 'fm2_x' },
    { poll_url: 'https://h/p' },
    { user_interactive: { user_url: 'https://h/u', poll_url: 'https://h/p' } },
    { error: 'no' },
  ])('answer %j is one of the four', (answer) => {
    expect(dischargeResponse.parse(answer)).toEqual(answer);
  });

  test.each([
    {},
    { discharge: 'x', error: 'y' },
    { discharge: '' },
    { user_interactive: {} },
    { error: 7 },
    null,
    [],
  ])('answer %j is none', (answer) => {
    expect(dischargeResponse.safeParse(answer).success).toBe(false);
  });

  test('question is a ticket in base64', () => {
    expect(dischargeRequest.parse({ ticket: 'YWJj' })).toEqual({ ticket: 'YWJj' });
    for (const ticket of ['', 'a b', 'a-_', 7])
      expect(dischargeRequest.safeParse({ ticket }).success).toBe(false);
  });
});
