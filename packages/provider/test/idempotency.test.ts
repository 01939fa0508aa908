import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate } from './world/seller.ts';
import { HURRY, openWorld, order, type World } from './world/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const post = (members: Record<string, unknown>) =>
  world.draft({ method: 'POST', path: '/extensions', members });
const send = async (members: Record<string, unknown>, to = world.provider) =>
  await world.send(post(members), to);

const ofFly = async (flyId: unknown) =>
  (await world.provider.extensions.list({ limit: 1000 })).find((extension) => extension.flyId === flyId);

describe('the same id of Fly.io', () => {
  test('IDE-01, IDE-02: gives the same id, name and config again', async () => {
    const members = order();
    const one = await send(members);
    const two = await send(members);
    expect([one.status, two.status]).toEqual([201, 200]);
    expect(two.json).toEqual(one.json);
    expect(world.seller.calls.filter((call) => call.endsWith(one.json['id']))).toHaveLength(1);
  });

  test('IDE-03: whoever asks and whatever the organization is called', async () => {
    const members = order();
    const one = await send(members);
    const two = await send({
      ...members,
      user_id: 'someoneelse',
      user_email: 'other@customer.fly.io',
      user_role: 'member',
      organization_name: 'Higher Flyers',
    });
    expect(two.json['id']).toBe(one.json['id']);
    expect((await world.get(one.json['id'])).json['user_id']).toBe(members['user_id']);
  });

  test('the order of read regions and of options carries no meaning', async () => {
    const members = order({ read_regions: ['syd', 'scl'], options: { a: 1, b: { c: 2, d: 3 } } });
    const one = await send(members);
    const two = await send({
      ...members,
      read_regions: ['scl', 'syd'],
      options: { b: { d: 3, c: 2 }, a: 1 },
    });
    expect([two.status, two.json['id']]).toEqual([200, one.json['id']]);
  });

  test.each([
    ['IDE-04', { organization_id: 'zgyep87w1m4q06d4' }],
    ['IDE-05', { primary_region: 'ams' }],
    ['', { read_regions: ['ams'] }],
    ['', { name: 'renamed' }],
    ['', { plan: 'pro' }],
    ['', { options: { public: true } }],
    ['', { ip_address: 'fdaa:0:47fb:0:1::2' }],
  ])('%s with %j is a conflict that shows nothing of the first', async (_, change) => {
    const members = order();
    const one = await send(members);
    const two = await send({ ...members, ...change });
    expect([two.status, two.json['code']]).toEqual([409, 'conflict']);
    expect(two.text).not.toContain(one.json['config']['LOGJAM_URL']);
    expect(two.text).not.toContain(one.json['id']);
  });

  test('another spelling of the same address is the same request', async () => {
    const members = order({ ip_address: 'fdaa:0:47fb:0:1::1d' });
    const one = await send(members);
    expect((await send({ ...members, ip_address: 'FDAA:0000:47fb:0:1:0:0:1d' })).json['id']).toBe(
      one.json['id'],
    );
  });

  test('IDE-08: of a deleted resource is refused, for good', async () => {
    const members = order();
    const one = await send(members);
    await world.remove(one.json['id']);
    const two = await send(members);
    expect([two.status, two.json['error']]).toEqual([409, 'the id was used by a deleted resource']);
  });

  test('after a failure takes the work up again under the same id of ours', async () => {
    const members = order();
    let broken = true;
    world.seller.onProvision = async (context) => {
      if (broken) throw new Error('no');
      return world.seller.make(context);
    };
    expect((await send(members)).status).toBe(502);
    const failed = await ofFly(members['id']);
    expect(failed).toMatchObject({
      status: 'error',
      flyId: members['id'],
      errorMessage: 'the provider could not complete this',
    });
    broken = false;
    const again = await send(members);
    world.seller.onProvision = undefined;
    expect([again.status, again.json['id']]).toEqual([201, failed?.id]);
    expect((await world.get(again.json['id'])).json).toMatchObject({ status: 'ready' });
    expect((await world.get(again.json['id'])).json['error_message']).toBeUndefined();
  });
});

test('IDE-07: two ids in one organization are two resources', async () => {
  const [one, two] = [await world.create(), await world.create()];
  expect(one.json['id']).not.toBe(two.json['id']);
  expect(one.json['config']).not.toEqual(two.json['config']);
});

test('IDE-06, PRO-2: fifty at once over two replicas are one resource with one answer', async () => {
  const members = order();
  const replica = world.replica();
  const answers = await Promise.all(
    Array.from(
      { length: 50 },
      async (_, index) => await send(members, index % 2 === 0 ? world.provider : replica),
    ),
  );
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201, 200]));
  expect(
    new Set(answers.map((answer) => JSON.stringify([answer.json['id'], answer.json['config']]))).size,
  ).toBe(1);
  expect(world.seller.calls.filter((call) => call === `provision ${answers[0]?.json['id']}`)).toHaveLength(1);
});

test('IDE-09, PRO-9: a customer who hung up finds the one resource on the next try', async () => {
  const members = order();
  const held = gate();
  world.seller.onProvision = async (context) => {
    await held.promise;
    return world.seller.make(context);
  };
  const abandoned = send(members);
  const second = send(members);
  held.open();
  world.seller.onProvision = undefined;
  expect((await second).json['id']).toBe((await abandoned).json['id']);
});

describe('a process that dies', () => {
  test('PRO-1: in the middle of provisioning is replaced by the next request, once its lease has lapsed', async () => {
    const members = order();
    const never = gate<never>();
    const attempts: number[] = [];
    world.seller.onProvision = async (context) => {
      attempts.push(context.attempt);
      return attempts.length === 1 ? await never.promise : world.seller.make(context);
    };
    // This process takes the work and never finishes it, as if it had been killed.
    const dying = world.replica({ timing: HURRY });
    expect((await send(members, dying)).status).toBe(503);
    const tooEarly = await send(members, world.replica({ timing: HURRY }));
    expect(tooEarly.status).toBe(503);
    expect(attempts).toEqual([1]);
    world.clock.advance(31);
    const again = await send(members);
    expect(again.status).toBe(201);
    expect(attempts).toEqual([1, 2]);
    expect(world.seller.resources.has(again.json['id'])).toBe(true);
    // The first one wakes up too late to change anything.
    never.fail(new Error('woken up'));
    await dying.idle();
    expect((await world.get(again.json['id'])).json['status']).toBe('ready');
    world.seller.onProvision = undefined;
  });

  test('PRO-1: is replaced by the task when no request comes', async () => {
    const never = gate<never>();
    let dead = true;
    world.seller.onProvision = async (context) => (dead ? await never.promise : world.seller.make(context));
    const members = order();
    const dying = world.replica({ timing: HURRY });
    expect((await send(members, dying)).status).toBe(503);
    const record = await ofFly(members['id']);
    dead = false;
    await world.run('resume');
    expect((await world.provider.extensions.get(record?.id ?? ''))?.status).toBe('provisioning');
    world.clock.advance(31);
    await world.run('resume');
    await world.provider.idle();
    expect((await send(members)).json).toMatchObject({ id: record?.id, status: 'ready' });
    never.fail(new Error('over'));
    await dying.idle();
    world.seller.onProvision = undefined;
  });
});
