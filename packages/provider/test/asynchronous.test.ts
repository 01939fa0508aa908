import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HangarError } from '@hangar/http';
import { gate } from './world/seller.ts';
import { HURRY, openWorld, order, type World } from './world/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const post = (members: Record<string, unknown>) =>
  world.draft({ method: 'POST', path: '/extensions', members });

/** A seller who knows the config at once and is ready when the gate opens. */
function slow() {
  const ready = gate();
  world.seller.onProvision = async (context) => {
    await context.answer(world.seller.make(context));
    await ready.promise;
  };
  return ready;
}

describe('provisioning that takes longer than Fly.io waits', () => {
  test('ASY-01, ASY-03, ASY-04: is answered 202 with the config, and a repeat does not look finished', async () => {
    const ready = slow();
    const members = order();
    const one = await world.send(post(members), world.hurried);
    expect([one.status, one.json['status']]).toEqual([202, 'provisioning']);
    expect(one.json['config']['LOGJAM_URL']).toMatch(/^https:/);
    const two = await world.send(post(members), world.hurried);
    expect([two.status, two.json]).toEqual([202, one.json]);
    expect((await world.get(one.json['id'])).json['status']).toBe('provisioning');

    ready.open();
    await world.idle();
    expect((await world.get(one.json['id'])).json['status']).toBe('ready');
    const three = await world.send(post(members));
    expect([three.status, three.json['config']]).toEqual([200, one.json['config']]);
    expect(
      world.receiver.received.filter((hook) => hook.message.resource['id'] === one.json['id']),
    ).toMatchObject([{ message: { action: 'resource.updated', resource: { status: 'ready' } } }]);
  });

  test('CRE-05: answers in time even when the config is not known, and asks Fly.io to come again', async () => {
    const ready = gate();
    world.seller.onProvision = async (context) => {
      await ready.promise;
      return world.seller.make(context);
    };
    const draft = post(order());
    const early = await world.send(draft, world.hurried);
    expect([early.status, early.json['code'], early.headers.get('retry-after')]).toEqual([
      503,
      'not_ready',
      '2',
    ]);
    ready.open();
    await world.idle();
    // Byte for byte the same request: our answer was a failure, so it is no replay.
    const again = await world.send(draft);
    expect(again.status).toBe(200);
    expect(again.json['config']['LOGJAM_URL']).toMatch(/^https:/);
    expect(
      world.receiver.received.filter((hook) => hook.message.resource['id'] === again.json['id']),
    ).toEqual([]);
  });

  test('ASY-05: that fails ends in error with a sentence, and Fly.io is told', async () => {
    const ready = slow();
    const { json } = await world.create({}, world.hurried);
    ready.fail(new HangarError('region_unavailable', { public: 'The region mad has no room left.' }));
    await world.idle();
    expect((await world.get(json['id'])).json).toMatchObject({
      status: 'error',
      error_message: 'The region mad has no room left.',
    });
    expect(world.receiver.received.at(-1)?.message).toMatchObject({
      action: 'resource.updated',
      resource: { id: json['id'], status: 'error', error_message: 'The region mad has no room left.' },
    });
  });

  test('ASY-02, PRO-8: that never ends is an error after four minutes', async () => {
    const provider = world.replica({ timing: { ...HURRY, operationMs: 1_200 } });
    slow();
    const { json } = await world.create({}, provider);
    await provider.idle();
    expect((await world.get(json['id'])).json).toMatchObject({
      status: 'error',
      error_message: 'the provider took too long to complete this',
    });
  });

  test('PRO-8: whose process died ends in error when the four minutes are over', async () => {
    const never = slow();
    const dying = world.replica({ timing: HURRY });
    const { json } = await world.create({}, dying);
    world.clock.advance(241);
    await world.run('resume');
    await world.provider.idle();
    expect((await world.get(json['id'])).json['status']).toBe('error');
    never.open();
    await dying.idle();
    expect((await world.get(json['id'])).json['status']).toBe('error');
  });

  test("the signal tells the seller's code when the time is over", async () => {
    const provider = world.replica({ timing: { ...HURRY, operationMs: 1_200 } });
    const aborted = gate<string>();
    world.seller.onProvision = async (context) => {
      context.signal.addEventListener('abort', () => aborted.open('aborted'));
      await context.answer(world.seller.make(context));
      await gate().promise;
    };
    await world.create({}, provider);
    expect(await aborted.promise).toBe('aborted');
    await provider.idle();
  });

  test('another config than the one that was answered is never handed out', async () => {
    world.seller.onProvision = async (context) => {
      await context.answer(world.seller.make(context));
      return { config: { LOGJAM_URL: 'https://other.logjam.example' } };
    };
    const { status, json } = await world.create();
    expect(status).toBe(502);
    expect(json['config']).toBeUndefined();
  });

  test('a resumed run is told the config that customers may hold', async () => {
    const never = slow();
    const dying = world.replica({ timing: HURRY });
    const members = order();
    const one = await world.send(post(members), dying);
    const told: unknown[] = [];
    world.seller.onProvision = async (context) => {
      told.push(context.answered, context.attempt);
    };
    world.clock.advance(31);
    await world.run('resume');
    await world.provider.idle();
    expect(told).toEqual([one.json['config'], 2]);
    expect((await world.get(one.json['id'])).json['status']).toBe('ready');
    never.fail(new Error('over'));
    await dying.idle();
  });

  test('ASY-07: fifty polls are fifty answers', async () => {
    world.seller.onProvision = undefined;
    const { json } = await world.create();
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => (await world.get(json['id'])).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

test('a creation that failed is removed after a day, with whatever it left', async () => {
  world.seller.onProvision = async (context) => {
    world.seller.make(context);
    throw new Error('half made');
  };
  await world.create({ name: 'half-made' });
  world.seller.onProvision = undefined;
  const failed = (await world.provider.extensions.list({ limit: 1000 })).find(
    (one) => one.name === 'half-made',
  );
  expect(world.seller.resources.has(failed?.id ?? '')).toBe(true);
  world.clock.advance(24 * 3600 - 5);
  await world.run('sweep');
  expect(world.seller.resources.has(failed?.id ?? '')).toBe(true);
  world.clock.advance(10);
  await world.run('sweep');
  expect(world.seller.resources.has(failed?.id ?? '')).toBe(false);
  expect(await world.provider.extensions.get(failed?.id ?? '')).toBeUndefined();
});

describe('work whose lease another process has taken', () => {
  test('is broken off without a word, and ends as the other one ends it', async () => {
    const taken = gate();
    let attempts = 0;
    world.seller.onProvision = async (context) => {
      attempts += 1;
      if (attempts > 1) return world.seller.make(context);
      taken.open();
      await new Promise((_, reject) => context.signal.addEventListener('abort', reject));
      return undefined;
    };
    const quick = world.replica({ timing: { leaseMs: 30 } });
    const members = order();
    const first = world.send(post(members), quick);
    await taken.promise;
    const holder = `lease_holder = 'another', lease_until = '${world.clock.now().toISOString()}'`;
    await world.database.execute(`update extensions set ${holder} where fly_id = '${String(members['id'])}'`);
    expect(await first).toMatchObject({ status: 503, json: { code: 'not_ready' } });
    world.clock.advance(1);
    await world.run('resume');
    await world.idle();
    const { json, status } = await world.send(post(members));
    expect([status, json['status'], attempts]).toEqual([200, 'ready', 2]);
    world.seller.onProvision = undefined;
  });
});
