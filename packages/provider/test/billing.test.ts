import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chargesResponse } from '@hangar/flyio';
import type { UsageContext, UsageLine } from '@hangar/provider';
import { openWorld, type World } from './world/world.ts';

let world: World;
let id: string;
let flyId: string;
let usage: (context: UsageContext) => UsageLine[];

/** Half a cent for every started hour, and a flat price a day. */
const metered = ({ from, to }: UsageContext): UsageLine[] => {
  const hours = (to.getTime() - from.getTime()) / 3_600_000;
  return [
    {
      meter: 'storage.gib_hours',
      description: 'Storage',
      quantity: (hours * 3).toFixed(4),
      unit: 'GiB-hours',
      unitPrice: '0.0001234567',
    },
    {
      meter: 'plan.days',
      description: 'Plan',
      quantity: '1',
      unit: 'days',
      unitPrice: '0.3333333333',
      category: 'subscription',
    },
  ];
};

beforeAll(async () => {
  world = await openWorld();
  world.seller.usage = async (context) => usage(context);
  const made = await world.create({ organization_id: 'payers' });
  id = made.json['id'] as string;
  flyId = (await world.provider.extensions.get(id))?.flyId ?? '';
  await world.create({ organization_id: 'others' });
  // It is the 20th at noon; everything below looks back from the 25th.
  world.clock.advance(5 * 86_400);
});
beforeEach(() => {
  usage = metered;
});
afterAll(async () => await world.close());

const pull = async (members: Record<string, string>) =>
  await world.send(world.draft({ method: 'GET', path: '/billing/charges', members }));
const days = (from: number, to: number, more: Record<string, string> = {}) =>
  pull({ from: `2026-11-${from}T00:00:00Z`, to: `2026-11-${to}T00:00:00Z`, ...more });
const cents = (text: string): bigint => {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  return BigInt(whole + fraction.padEnd(10, '0')) * (text.startsWith('-') ? -1n : 1n);
};

test('BIL-01, BIL-06: a day of charges is in the form that was agreed', async () => {
  const { status, json } = await days(21, 22);
  expect(status).toBe(200);
  expect(chargesResponse.safeParse(json).error).toBeUndefined();
  expect(json).toMatchObject({
    schema: 1,
    currency: 'USD',
    from: '2026-11-21T00:00:00.000Z',
    to: '2026-11-22T00:00:00.000Z',
    complete_through: '2026-11-22T00:00:00.000Z',
    next_cursor: null,
  });
  const charge = (json['charges'] as Record<string, unknown>[]).find(
    (one) => one['resource_id'] === id && one['meter'] === 'storage.gib_hours',
  );
  expect(charge).toMatchObject({
    id: expect.stringMatching(/^chg_[0-9a-f]{32}$/),
    organization_id: 'payers',
    extension_id: flyId,
    resource_id: id,
    quantity: '72',
    unit_price: '0.0001234567',
    amount: '0.0088888824',
    start: '2026-11-21T00:00:00.000Z',
    end: '2026-11-22T00:00:00.000Z',
  });
});

test("BIL-02: unsigned they are nobody's", async () => {
  const draft = world.draft({
    method: 'GET',
    path: '/billing/charges',
    members: {},
    signature: () => undefined,
  });
  expect((await world.send(draft)).status).toBe(401);
});

test('BIL-03: twice they are the same, with the same revision', async () => {
  const [one, two] = [await days(21, 24), await days(21, 24)];
  expect([two.json['charges'], two.json['revision'], two.json['totals']]).toEqual([
    one.json['charges'],
    one.json['revision'],
    one.json['totals'],
  ]);
});

test('BIL-04: page by page they are the same set', async () => {
  const whole = await days(21, 24);
  const pages: unknown[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { json } = await days(21, 24, { limit: '1', ...(cursor === '' ? {} : { cursor }) });
    expect(json['charges']).toHaveLength(1);
    expect(json['totals']).toEqual(whole.json['totals']);
    pages.push(...(json['charges'] as unknown[]));
    cursor = json['next_cursor'] as string | null;
  }
  expect(pages).toEqual(whole.json['charges']);
});

test('a page of charges that changed meanwhile is gone', async () => {
  const { json } = await days(21, 24, { limit: '1' });
  usage = (context) => metered(context).slice(1);
  const next = await days(21, 24, { limit: '1', cursor: json['next_cursor'] ?? '' });
  expect([next.status, next.json['code']]).toEqual([410, 'gone']);
});

test('BIL-05: totals are exactly the sum', async () => {
  const { json } = await days(20, 25);
  const charges = json['charges'] as { amount: string }[];
  expect(charges.length).toBeGreaterThan(10);
  expect(cents(json['totals']['USD'] ?? '')).toBe(
    charges.reduce((sum, charge) => sum + cents(charge.amount), 0n),
  );
});

test('BIL-07: a span is the sum of its days', async () => {
  const whole = (await days(20, 25)).json['charges'] as { start: string }[];
  const parts = [];
  for (let day = 20; day < 25; day += 1)
    parts.push(...((await days(day, day + 1)).json['charges'] as { start: string }[]));
  expect(parts).toEqual(whole);
});

test('BIL-08: one organization or one resource alone', async () => {
  const of = async (members: Record<string, string>) =>
    (await days(21, 22, members)).json['charges'] as Record<string, unknown>[];
  expect(
    new Set((await of({ organization_id: 'payers' })).map((charge) => charge['organization_id'])),
  ).toEqual(new Set(['payers']));
  expect((await of({ extension_id: flyId })).every((charge) => charge['resource_id'] === id)).toBe(true);
  expect(await of({ extension_id: id })).toEqual(await of({ extension_id: flyId }));
  expect(await of({ organization_id: 'nobody' })).toEqual([]);
});

test('BIL-11: charges run from ready to deleted, and no line crosses midnight', async () => {
  const made = (await world.create({ organization_id: 'leavers' })).json['id'] as string;
  world.clock.advance(86_400 + 3600);
  await world.remove(made);
  world.clock.advance(86_400);
  const { json } = await days(20, 30, { organization_id: 'leavers' });
  const spans = (json['charges'] as Record<string, string>[])
    .filter((one) => one['meter'] === 'plan.days')
    .map((one) => [one['start'], one['end']]);
  expect(spans).toEqual([
    ['2026-11-25T12:00:00.000Z', '2026-11-26T00:00:00.000Z'],
    ['2026-11-26T00:00:00.000Z', '2026-11-26T13:00:00.000Z'],
  ]);
});

test('a creation that failed is never charged', async () => {
  world.seller.onProvision = async () => {
    throw new Error('no');
  };
  await world.create({ organization_id: 'unlucky' });
  world.seller.onProvision = undefined;
  world.clock.advance(86_400);
  expect((await days(20, 30, { organization_id: 'unlucky' })).json['charges']).toEqual([]);
});

test('usage is never said to be complete beyond now', async () => {
  const { json } = await pull({ from: '2026-11-20T00:00:00Z', to: '2026-12-20T00:00:00Z' });
  expect(json['complete_through']).toBe(world.clock.now().toISOString());
});

describe('BIL-12: a query that makes no sense', () => {
  const from = '2026-11-20T00:00:00Z';
  const to = '2026-11-21T00:00:00Z';
  test.each<[Record<string, string>, string]>([
    [{ from: to, to: from }, 'to'],
    [{ from, to: from }, 'to'],
    [{ from: '2021-11-20T00:00:00Z', to }, 'to'],
    [{ from: '2026-11-20T00:00:00', to }, 'from'],
    [{ from: '2026-11-20', to }, 'from'],
    [{ from, to: '2026-11-21T00:00:00+02:00' }, 'to'],
    [{ from, to: '2026-13-41T00:00:00Z' }, 'to'],
    [{ from }, 'to'],
    [{ from, to, cursor: 'garbage' }, 'cursor'],
    [{ from, to, limit: '0' }, 'limit'],
    [{ from, to, limit: '1001' }, 'limit'],
    [{ from, to, limit: '1e2x' }, 'limit'],
    [{ from, to, updated_since: 'yesterday' }, 'updated_since'],
  ])('%j is a 422 naming %s', async (members, name) => {
    const answer = await pull(members);
    expect(answer.status).toBe(422);
    expect(Object.keys(answer.json['fields'])).toEqual([name]);
  });
});

test.each<[string, Partial<UsageLine>]>([
  ['a float', { quantity: '1.00000000001' }],
  ['an exponent', { unitPrice: '1e-7' }],
  ['words', { quantity: 'three' }],
  ['a time outside of what was asked', { to: new Date('2027-01-01T00:00:00Z') }],
])('a line with %s never reaches Fly.io', async (_, change) => {
  usage = (context) => metered(context).map((line) => ({ ...line, ...change }));
  expect((await days(21, 22)).status).toBe(502);
});

test('two lines that would have the same id never reach Fly.io', async () => {
  usage = (context) => [...metered(context), ...metered(context)];
  expect((await days(21, 22)).status).toBe(502);
});
