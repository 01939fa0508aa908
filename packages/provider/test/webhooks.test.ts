import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { webhookMessage } from '@hangar/flyio';
import { openWorld, WEBHOOK_SECRET, type World } from './world/world.ts';

let world: World;
let id: string;

beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  await world.provider.idle();
  await world.database.execute('delete from outbox; delete from webhook_endpoint');
  world.receiver.received.length = 0;
  world.receiver.answers = [];
  id = (await world.create()).json['id'] as string;
});
afterAll(async () => await world.close());

const received = () => world.receiver.received;
const change = async (status: 'ready' | 'sleeping' | 'suspended' | 'error', detail?: string) => {
  await world.provider.extensions.setStatus(id, status, detail);
  await world.provider.idle();
};
const later = async (seconds: number) => {
  world.clock.advance(seconds);
  await world.run('webhooks');
};

describe('a change at the provider', () => {
  test('WH-01 to WH-04, WH-07, HOOK-4: is one signed POST in the form that Fly.io reads', async () => {
    await change('sleeping', 'idle for an hour');
    expect(received()).toHaveLength(1);
    const [hook] = received();
    expect(hook).toMatchObject({ path: '/api/hooks/extensions/logjam', verified: true });
    expect(hook?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.any(String),
    });
    expect(hook?.headers['x-signature']).toMatch(/^[0-9a-f]{64}$/);
    expect(webhookMessage.safeParse(hook?.message).success).toBe(true);
    expect(hook?.message).toEqual({
      timestamp: String(world.clock.seconds()),
      action: 'resource.updated',
      resource: (await world.get(id)).json,
    });
    expect(hook?.message.resource).toMatchObject({
      id,
      status: 'sleeping',
      status_detail: 'idle for an hour',
    });
    expect(hook?.body).not.toContain('LOGJAM');
  });

  test('that is none is not announced', async () => {
    expect(await world.provider.extensions.setStatus(id, 'ready')).toBe(false);
    await change('sleeping');
    expect(await world.provider.extensions.setStatus(id, 'sleeping')).toBe(false);
    await world.provider.idle();
    expect(received()).toHaveLength(1);
  });

  test('WH-05: a new resource says for whom', async () => {
    const made = await world.provider.extensions.create({
      name: 'made-here',
      organizationId: '04La2mblTaz',
      userId: 'NeBO2G0l0yJ6',
      role: 'admin',
    });
    await world.provider.idle();
    expect(received()).toMatchObject([
      {
        message: {
          action: 'resource.created',
          resource: { id: made.id, organization_id: '04La2mblTaz', user_id: 'NeBO2G0l0yJ6', status: 'ready' },
        },
      },
    ]);
  });

  test('WH-06: a removal', async () => {
    expect(await world.provider.extensions.remove(id)).toBe('deleted');
    await world.provider.idle();
    expect(received().map((hook) => hook.message)).toEqual([
      {
        timestamp: String(world.clock.seconds()),
        action: 'resource.deleted',
        resource: { id, status: 'deleted' },
      },
    ]);
  });

  test('rotated credentials are announced, and are not in it', async () => {
    const seller = {
      ...world.seller,
      rotate: async () => ({ config: { LOGJAM_URL: 'https://rotated.logjam.example' } }),
    };
    const provider = world.replica({ seller });
    expect(await provider.extensions.rotate(id)).toEqual({ LOGJAM_URL: 'https://rotated.logjam.example' });
    await provider.idle();
    expect(received().map((hook) => hook.message.action)).toEqual(['resource.updated']);
    expect(received()[0]?.body).not.toContain('rotated');
    expect((await world.get(id)).json['status']).toBe('ready');
  });

  test('of what is being deleted, or was never ready, is refused', async () => {
    await world.remove(id);
    await expect(world.provider.extensions.setStatus(id, 'ready')).rejects.toMatchObject({
      code: 'not_found',
    });
    const other = (await world.create()).json['id'] as string;
    await expect(world.provider.extensions.setStatus(other, 'deleted')).rejects.toMatchObject({
      code: 'state_conflict',
    });
  });

  test("that the seller's status reports is followed", async () => {
    const seller = {
      ...world.seller,
      status: async () => ({ status: 'suspended' as const, detail: 'unpaid' }),
    };
    const provider = world.replica({ seller });
    await provider.tasks.find((task) => task.name === 'provider.status')?.run(new AbortController().signal);
    await provider.idle();
    expect((await world.get(id)).json).toMatchObject({ status: 'suspended', status_detail: 'unpaid' });
  });
});

describe('a receiver that is not well', () => {
  test('WH-08: is tried again with growing gaps, the same id, and a fresh time and signature', async () => {
    world.receiver.answers = [500, 500, 500];
    await change('sleeping');
    await later(1);
    expect(received()).toHaveLength(1);
    await later(1.3);
    expect(received()).toHaveLength(2);
    await later(8);
    expect(received()).toHaveLength(2);
    await later(3.1);
    expect(received()).toHaveLength(3);
    await later(26);
    expect(received()).toHaveLength(3);
    await later(7);
    expect(received()).toHaveLength(4);
    expect(new Set(received().map((hook) => hook.headers['webhook-id'])).size).toBe(1);
    expect(new Set(received().map((hook) => hook.message.timestamp)).size).toBe(4);
    expect(new Set(received().map((hook) => hook.headers['x-signature'])).size).toBe(4);
    expect(received().every((hook) => hook.verified)).toBe(true);
    await later(3600);
    expect(received()).toHaveLength(4);
  });

  test('WH-09: hears of two changes in order, each with the newest state', async () => {
    world.receiver.answers = [500];
    await change('sleeping');
    await change('suspended');
    await change('ready');
    expect(received()).toHaveLength(1);
    await later(3);
    expect(
      received()
        .slice(1)
        .map((hook) => hook.message.resource['status']),
    ).toEqual(['ready', 'ready', 'ready']);
    const ids = received().map((hook) => hook.headers['webhook-id']);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
  });

  test('HOOK-8: holds up nobody else', async () => {
    const other = (await world.create()).json['id'] as string;
    world.receiver.answers = [500];
    await change('sleeping');
    await world.provider.extensions.setStatus(other, 'sleeping');
    await world.provider.idle();
    expect(received().map((hook) => [hook.message.resource['id'], hook.answered])).toEqual([
      [id, 500],
      [other, 200],
    ]);
  });

  test('HOOK-1: that is down for an hour misses nothing, and nothing is more than half an hour late', async () => {
    const others = [id];
    for (let index = 0; index < 9; index += 1) others.push((await world.create()).json['id'] as string);
    world.receiver.answers = Array.from({ length: 2_000 }, () => 'reset' as const);
    for (const status of ['sleeping', 'ready', 'suspended'] as const) {
      for (const one of others) await world.provider.extensions.setStatus(one, status);
    }
    for (let minute = 0; minute < 60; minute += 1) await later(60);
    // Each of the ten was tried more than once in that hour, and none came through.
    expect(received().length).toBeGreaterThan(others.length);
    expect(received().every((hook) => hook.answered === 0)).toBe(true);
    world.receiver.answers = [];
    for (let minute = 0; minute < 30; minute += 1) await later(60);
    const delivered = received().filter((hook) => hook.answered === 200);
    expect(new Set(delivered.map((hook) => hook.headers['webhook-id'])).size).toBe(30);
    expect((await world.provider.webhooks.backlog()).pending).toBe(0);
  });

  test('is given up after three days, and can be sent by hand', async () => {
    world.receiver.answers = Array.from({ length: 200 }, () => 500);
    await change('sleeping');
    for (let half = 0; half < 160; half += 1) await later(1800);
    expect((await world.provider.webhooks.backlog()).pending).toBe(0);
    const tries = received().length;
    // Every hour and a tenth at most, looked at every half hour: in 72 hours, whatever the jitter of this id.
    expect(tries).toBeGreaterThanOrEqual(72 / 1.5);
    await later(86_400);
    expect(received()).toHaveLength(tries);
    world.receiver.answers = [];
    const [last] = await world.provider.extensions.deliveries({ extensionId: id });
    expect(await world.provider.extensions.redeliver(last?.id ?? '')).toBe(true);
    await world.provider.idle();
    expect(received().at(-1)).toMatchObject({ answered: 200, verified: true });
  });

  test('WH-10: is not followed to where it redirects', async () => {
    const status = { status: 302, headers: { location: `${world.twin.origin}/oauth/token` } };
    world.receiver.answers = [status];
    await change('sleeping');
    expect(world.twin.tokenRequests).toHaveLength(0);
    await later(3);
    expect(received().map((hook) => hook.answered)).toEqual([302, 200]);
  });

  test('WH-11: that hangs is left, and the next try comes', async () => {
    world.receiver.answers = ['hang'];
    const impatient = world.replica({ timing: { webhookMs: 300 } });
    await impatient.extensions.setStatus(id, 'sleeping');
    await impatient.idle();
    expect((await world.provider.extensions.deliveries({})).at(0)).toMatchObject({
      status: undefined,
      outcome: 'timeout',
    });
    await later(3);
    expect(received()).toHaveLength(2);
  });

  test('WH-13: that answers 410 is sent nothing until somebody resumes', async () => {
    world.receiver.answers = [410];
    const stoppedAt = world.clock.now();
    await change('sleeping');
    await change('ready');
    await later(86_400);
    expect(received()).toHaveLength(1);
    expect((await world.provider.webhooks.endpoint()).stoppedAt).toEqual(stoppedAt);
    await world.provider.webhooks.resume();
    await world.provider.idle();
    expect(received()).toHaveLength(3);
  });

  test.each([401, 403])('that answers %i is left in peace for an hour, then asked once', async (status) => {
    world.receiver.answers = [status, status];
    await change('sleeping');
    const other = (await world.create()).json['id'] as string;
    await world.provider.extensions.setStatus(other, 'sleeping');
    await world.provider.idle();
    await later(3500);
    expect(received()).toHaveLength(1);
    await later(120);
    expect(received()).toHaveLength(2);
    await later(3700);
    expect(received()).toHaveLength(4);
    expect((await world.provider.webhooks.endpoint()).reason).toBeUndefined();
  });

  test.each([
    [429, '120', 119, 121],
    [503, 'a date', 298, 301],
    [429, '999999999', 86_399, 86_401],
  ])('that asks for patience with %i and %s gets it', async (status, retryAfter, before, after) => {
    const date = new Date(world.clock.now().getTime() + 300_000).toUTCString();
    world.receiver.answers = [
      { status, headers: { 'retry-after': retryAfter === 'a date' ? date : retryAfter } },
    ];
    await change('sleeping');
    await later(before);
    expect(received()).toHaveLength(1);
    await later(after - before);
    expect(received()).toHaveLength(2);
  });

  test.each(['-1', 'soon', ''])('whose Retry-After is %j is tried on schedule', async (retryAfter) => {
    world.receiver.answers = [{ status: 429, headers: { 'retry-after': retryAfter } }];
    await change('sleeping');
    await later(2.3);
    expect(received()).toHaveLength(2);
  });

  test('that refuses with 404 is asked three times', async () => {
    world.receiver.answers = [404, 404, 404, 404];
    await change('sleeping');
    await later(3);
    await later(12);
    await later(86_400);
    expect(received()).toHaveLength(3);
    // What comes later is not held up by it.
    world.receiver.answers = [];
    await change('ready');
    expect(received()).toHaveLength(4);
  });

  test('HOOK-3: that answers without end is cut off', async () => {
    world.receiver.answers = [{ status: 200, body: 'x'.repeat(300_000) }];
    await change('sleeping');
    expect((await world.provider.extensions.deliveries({})).at(0)).toMatchObject({
      outcome: 'answer_too_large',
    });
  });
});

describe('the record', () => {
  test('keeps every attempt with what was answered', async () => {
    world.receiver.answers = [{ status: 500, body: `broken\0 ${'y'.repeat(5000)} ${WEBHOOK_SECRET}` }];
    await change('sleeping');
    await later(3);
    const [second, first] = await world.provider.extensions.deliveries({ extensionId: id });
    expect(first).toMatchObject({
      extensionId: id,
      action: 'resource.updated',
      attempt: 1,
      status: 500,
      outcome: 'failed',
      replay: false,
    });
    expect(first?.answer).toMatch(/^broken y/);
    expect(first?.answer.length).toBeLessThanOrEqual(2048);
    expect(second).toMatchObject({ attempt: 2, status: 200, outcome: 'delivered' });
  });

  test('HOOK-7: sending again keeps the id, and is marked', async () => {
    await change('sleeping');
    const [delivery] = await world.provider.extensions.deliveries({});
    world.clock.advance(60);
    expect(await world.provider.extensions.redeliver(delivery?.id ?? '')).toBe(true);
    await world.provider.idle();
    const [one, two] = received();
    expect(two?.headers['webhook-id']).toBe(one?.headers['webhook-id']);
    expect(two?.message.timestamp).not.toBe(one?.message.timestamp);
    expect((await world.provider.extensions.deliveries({})).at(0)).toMatchObject({
      replay: true,
      outcome: 'delivered',
    });
    expect(await world.provider.extensions.redeliver('00000000-0000-4000-8000-000000000000')).toBe(false);
    expect(await world.provider.extensions.redeliver('nonsense')).toBe(false);
  });
});

describe('WH-14, HOOK-2: a crash', () => {
  test('between the change and the sending loses nothing', async () => {
    // The announcement is in the database with the change; this process never sends.
    const outgoing = {
      ...world.options.outgoing,
      send: async () => await new Promise<never>(() => undefined),
    };
    const dying = world.replica({ outgoing });
    // Nothing of the dead process may be waited for.
    Object.assign(dying, { idle: async () => undefined });
    await dying.extensions.setStatus(id, 'sleeping');
    await expect
      .poll(
        async () =>
          (await world.database.execute('select 1 from outbox where claimed_by is not null')).rows.length,
      )
      .toBe(1);
    await later(1);
    expect(received()).toHaveLength(0);
    await later(46);
    expect(received()).toHaveLength(1);
  });

  test('of the change takes its announcement with it', async () => {
    const { extensions } = world.options.store;
    const failing = extensions.change(id, () => {
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect((await world.provider.webhooks.backlog()).pending).toBe(0);
  });

  test('two senders deliver each announcement once', async () => {
    const ids = [id];
    for (let index = 0; index < 10; index += 1) ids.push((await world.create()).json['id'] as string);
    for (const one of ids)
      await world.options.store.extensions.change(one, () => ({
        set: { status: 'sleeping' },
        announce: 'resource.updated',
        result: 0,
      }));
    const drains = [world.provider, world.replica(), world.replica()].map(
      async (provider) =>
        await provider.tasks
          .find((task) => task.name === 'provider.webhooks')
          ?.run(new AbortController().signal),
    );
    await Promise.all(drains);
    expect(
      received()
        .map((hook) => hook.message.resource['id'])
        .toSorted(),
    ).toEqual(ids.toSorted());
  });
});
