import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { gate } from './world/seller.ts';
import { HURRY, openWorld, order, type World } from './world/world.ts';

let world: World;
let id: string;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());
beforeEach(async () => {
  world.seller.onProvision = undefined;
  world.seller.onDeprovision = undefined;
  id = (await world.create()).json['id'] as string;
});

const hooks = (of = id) => world.receiver.received.filter((hook) => hook.message.resource['id'] === of);

test('DEL-01, DEL-02, DEL-09: removes it, and then it is not there', async () => {
  const answer = await world.remove(id);
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(world.seller.resources.has(id)).toBe(false);
  expect((await world.get(id)).status).toBe(404);
  expect((await world.patch(id, { plan: 'pro' })).status).toBe(404);
  expect(await world.provider.extensions.get(id)).toBeUndefined();
  const { rows } = await world.database.execute('select sealed_config from extensions where id = $1', [id]);
  expect(rows).toEqual([{ sealed_config: null }]);
});

test('DEL-03: a second time is fine and does nothing', async () => {
  await world.remove(id);
  const calls = world.seller.calls.length;
  expect((await world.remove(id)).status).toBe(204);
  expect(world.seller.calls).toHaveLength(calls);
});

test('DEL-04: an id that never was is a 404', async () => {
  expect((await world.remove('00000000-0000-4000-8000-000000000000')).status).toBe(404);
});

test('DEL-05: a wrong signature removes nothing', async () => {
  const draft = world.draft({ method: 'DELETE', path: `/extensions/${id}`, secret: 'somebody-elses-secret' });
  expect((await world.send(draft)).status).toBe(401);
  expect((await world.get(id)).json['status']).toBe('ready');
});

test('DEL-06: another with the same wish for a name is untouched', async () => {
  const one = await world.create({ name: 'twins' });
  const two = await world.create({ name: 'twins' });
  await world.remove(one.json['id']);
  expect((await world.get(two.json['id'])).json['status']).toBe('ready');
  expect(world.seller.resources.has(two.json['id'])).toBe(true);
});

test('DEL-07: ten at once are ten good answers and one removal', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, async () => await world.remove(id)));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([204]));
  expect(world.seller.calls.filter((call) => call === `deprovision ${id}`)).toHaveLength(1);
});

test('Fly.io hears no echo of a removal it asked for and was told of', async () => {
  await world.remove(id);
  await world.provider.idle();
  expect(hooks()).toEqual([]);
});

describe('a removal that takes longer', () => {
  test('is answered 202, shows as deleting, and its end is announced', async () => {
    const held = gate();
    world.seller.onDeprovision = async () => await held.promise;
    const answer = await world.remove(id, world.hurried);
    expect([answer.status, answer.json]).toEqual([202, { id, status: 'deleting' }]);
    expect((await world.get(id)).json['status']).toBe('deleting');
    held.open();
    await world.idle();
    expect((await world.get(id)).status).toBe(404);
    expect(hooks()).toMatchObject([
      { message: { action: 'resource.deleted', resource: { id, status: 'deleted' } } },
    ]);
  });

  test('is tried again when it failed, until it is done', async () => {
    let broken = true;
    world.seller.onDeprovision = async () => {
      if (broken) throw new Error('backend down');
    };
    expect((await world.remove(id)).status).toBe(202);
    expect((await world.get(id)).json['status']).toBe('deleting');
    await world.run('resume');
    expect(world.seller.calls.filter((call) => call === `deprovision ${id}`)).toHaveLength(1);
    broken = false;
    world.clock.advance(11);
    await world.run('resume');
    await world.idle();
    expect((await world.get(id)).status).toBe(404);
    expect(hooks().map((hook) => hook.message.action)).toEqual(['resource.deleted']);
  });

  test('may be asked for again meanwhile, without waiting for the pause', async () => {
    let broken = true;
    world.seller.onDeprovision = async () => {
      if (broken) throw new Error('backend down');
    };
    expect((await world.remove(id)).status).toBe(202);
    broken = false;
    expect((await world.remove(id)).status).toBe(204);
  });

  test('whose process died is finished by another', async () => {
    const never = gate();
    world.seller.onDeprovision = async () => await never.promise;
    const dying = world.replica({ timing: HURRY });
    await world.send(world.draft({ method: 'DELETE', path: `/extensions/${id}` }), dying);
    world.seller.onDeprovision = undefined;
    world.clock.advance(31);
    await world.run('resume');
    await world.provider.idle();
    expect(world.seller.resources.has(id)).toBe(false);
    never.open();
    await dying.idle();
    expect(hooks()).toHaveLength(1);
  });
});

describe('ASY-06, PRO-10: a removal during provisioning', () => {
  test('stops it, waits for it and leaves nothing', async () => {
    const stopped = gate();
    world.seller.onProvision = async (context) => {
      await context.answer(world.seller.make(context));
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      stopped.open();
      // Code that was stopped may still have made something in its last moment.
      world.seller.make(context);
      throw new Error('stopped');
    };
    const made = await world.create({}, world.hurried);
    expect(made.status).toBe(202);
    const answer = await world.remove(made.json['id'], world.hurried);
    await stopped.promise;
    expect(answer.status).toBe(204);
    expect(world.seller.resources.has(made.json['id'])).toBe(false);
    expect((await world.get(made.json['id'])).status).toBe(404);
    await world.idle();
    expect(hooks(made.json['id']).every((hook) => hook.message.resource['status'] !== 'ready')).toBe(true);
  });

  test('on another replica is heard of with the next renewal of the lease', async () => {
    const busy = world.replica({ timing: { ...HURRY, leaseMs: 900 } });
    world.seller.onProvision = async (context) => {
      await context.answer(world.seller.make(context));
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      throw new Error('stopped');
    };
    const made = await world.send(
      world.draft({ method: 'POST', path: '/extensions', members: order() }),
      busy,
    );
    await world.remove(made.json['id']);
    await busy.idle();
    await world.idle();
    expect((await world.get(made.json['id'])).status).toBe(404);
    expect(world.seller.resources.has(made.json['id'])).toBe(false);
  });

  test('racing the first answer ends with nothing, whoever wins', async () => {
    for (let round = 0; round < 10; round += 1) {
      const members = order();
      const creating = world.send(world.draft({ method: 'POST', path: '/extensions', members }));
      const record = async () =>
        (await world.provider.extensions.list({ limit: 1000 })).find((one) => one.flyId === members['id']);
      let found = await record();
      while (found === undefined) found = await record();
      const removed = await world.remove(found.id);
      const created = await creating;
      expect([201, 409]).toContain(created.status);
      expect(removed.status).toBe(204);
      expect(world.seller.resources.has(found.id)).toBe(false);
    }
  });
});
