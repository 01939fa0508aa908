import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HangarError } from '@hangar/http';
import { gate } from './world/seller.ts';
import { HURRY, openWorld, order, type World } from './world/world.ts';

let world: World;
let members: Record<string, unknown>;
let id: string;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());
beforeEach(async () => {
  members = order({ plan: 'free', options: { public: false } });
  const made = await world.send(world.draft({ method: 'POST', path: '/extensions', members }));
  id = made.json['id'] as string;
});

const hooks = () => world.receiver.received.filter((hook) => hook.message.resource['id'] === id);

describe('GET', () => {
  test('GET-01, GET-04, GET-06: tells everything but the config', async () => {
    const { status, json, text } = await world.get(id);
    expect(status).toBe(200);
    expect(json).toEqual({
      id,
      name: members['name'],
      status: 'ready',
      plan: 'free',
      primary_region: 'mad',
      read_regions: ['scl', 'syd'],
      ip_address: 'fdaa:0:47fb:0:1::1d',
      options: { public: false },
      organization_id: '04La2mblTaz',
      user_id: 'NeBO2G0l0yJ6',
      created_at: '2026-11-20T12:00:00.000Z',
      updated_at: '2026-11-20T12:00:00.000Z',
    });
    expect(text).not.toContain('logjam.example');
  });

  test('GET-05: is the same twice, and spares the body for who has it', async () => {
    const one = await world.get(id);
    expect((await world.get(id)).text).toBe(one.text);
    const etag = one.headers.get('etag') ?? '';
    const again = await world.send(
      world.draft({ method: 'GET', path: `/extensions/${id}`, headers: { 'if-none-match': etag } }),
    );
    expect([again.status, again.text]).toEqual([304, '']);
    await world.patch(id, { read_regions: [] });
    const changed = await world.send(
      world.draft({ method: 'GET', path: `/extensions/${id}`, headers: { 'if-none-match': etag } }),
    );
    expect(changed.status).toBe(200);
  });

  test.each([
    ['00000000-0000-4000-8000-000000000000', 404],
    ['unknown', 404],
    ['..', 404],
    ['%2e%2e%2f', 404],
    ['%00', 404],
    ["' OR 1=1", 404],
    ['%27%20OR%201=1', 404],
    ['a%2fb', 404],
    ['x'.repeat(2000), 404],
  ])('GET-02, GET-03: %s is not found', async (path, status) => {
    const answer = await world.send(world.draft({ method: 'GET', path: `/extensions/${path}` }));
    expect(answer.status).toBe(status);
    expect(answer.json['code']).toBe('not_found');
  });

  test.each([['http://evil.example/flyio/extensions/x'], ['/flyio/extensions/x#y'], ['*']])(
    'a request line with %s is a 400',
    async (target) => {
      const answer = await world.provider.fetch(new Request('http://inside.invalid/'), {
        rawTarget: target,
        requestId: 'r',
      });
      expect(answer.status).toBe(400);
    },
  );
});

describe('PATCH', () => {
  test('PAT-01: with the members of the creation changes nothing', async () => {
    const before = await world.get(id);
    const calls = world.seller.calls.length;
    const answer = await world.patch(id, members);
    expect([answer.status, answer.text]).toEqual([200, before.text]);
    expect(world.seller.calls).toHaveLength(calls);
  });

  test('PAT-02, PAT-03, PAT-04: replaces the read regions, empties them, or leaves them', async () => {
    expect((await world.patch(id, { read_regions: ['syd', 'scl', 'ams'] })).json['read_regions']).toEqual([
      'ams',
      'scl',
      'syd',
    ]);
    expect(world.seller.resources.get(id)?.readRegions).toEqual(['ams', 'scl', 'syd']);
    expect((await world.patch(id, {})).json['read_regions']).toEqual(['ams', 'scl', 'syd']);
    expect((await world.patch(id, { read_regions: [] })).json['read_regions']).toEqual([]);
    expect((await world.get(id)).json).toMatchObject({ read_regions: [], status: 'ready' });
  });

  test('replaces the options as a whole, and the plan', async () => {
    const { status, json } = await world.patch(id, { options: { accelerate: true }, plan: 'pro' });
    expect([status, json['options'], json['plan']]).toEqual([200, { accelerate: true }, 'pro']);
  });

  test.each([
    ['PAT-05', 'primary_region', 'ams'],
    ['PAT-06', 'organization_id', 'zgyep87w1m4q06d4'],
    ['', 'name', 'another'],
    ['', 'ip_address', 'fdaa:0:47fb:0:1::2'],
    ['PRO-12', 'id', 'another'],
  ])('%s: cannot change %s', async (_, name, value) => {
    const before = await world.get(id);
    const answer = await world.patch(id, { [name]: value, read_regions: [] });
    expect([answer.status, answer.json['code']]).toEqual([422, 'immutable']);
    expect(Object.keys(answer.json['fields'])).toEqual([name]);
    expect((await world.get(id)).text).toBe(before.text);
  });

  test('a person who acts is recorded, and the owner stays', async () => {
    await world.patch(id, {
      user_id: 'milo',
      user_email: 'milo@customer.fly.io',
      user_role: 'admin',
      organization_name: 'Highest Flyers',
      plan: 'pro',
    });
    const { rows } = await world.database.execute("select role from memberships where user_id = 'milo'");
    expect(rows).toEqual([{ role: 'admin' }]);
    expect((await world.get(id)).json['user_id']).toBe('NeBO2G0l0yJ6');
  });

  test('evidence that is older changes no role', async () => {
    const person = { user_id: 'ada', user_email: 'ada@customer.fly.io' };
    await world.patch(id, { ...person, user_role: 'member' });
    const late = world.draft({
      method: 'PATCH',
      path: `/extensions/${id}`,
      members: { ...person, user_role: 'admin' },
    });
    await world.send({ ...late, timestamp: world.clock.seconds() - 100 });
    const { rows } = await world.database.execute("select role from memberships where user_id = 'ada'");
    expect(rows).toEqual([{ role: 'member' }]);
  });

  test('PAT-07: of an unknown id is a 404', async () => {
    expect((await world.patch('00000000-0000-4000-8000-000000000000', { plan: 'pro' })).status).toBe(404);
  });

  test('PAT-08: with a wrong signature changes nothing', async () => {
    const draft = world.draft({
      method: 'PATCH',
      path: `/extensions/${id}`,
      members: { plan: 'pro' },
      secret: 'x'.repeat(20),
    });
    expect((await world.send(draft)).status).toBe(401);
    expect((await world.get(id)).json['plan']).toBe('free');
  });

  test('PAT-09: that the seller refuses changes nothing', async () => {
    world.seller.onUpdate = async () => {
      throw new HangarError('invalid', { public: 'There is no plan gold.', fields: { plan: 'unknown' } });
    };
    const answer = await world.patch(id, { plan: 'gold' });
    world.seller.onUpdate = undefined;
    expect([answer.status, answer.json['error']]).toEqual([422, 'There is no plan gold.']);
    expect((await world.get(id)).json).toMatchObject({ plan: 'free', status: 'ready' });
  });

  test('PAT-10: of two at once, one waits its turn or is told to', async () => {
    const answers = await Promise.all([world.patch(id, { plan: 'pro' }), world.patch(id, { plan: 'max' })]);
    const done = answers.filter((answer) => answer.status === 200);
    expect(
      answers.filter((answer) => answer.status !== 200).every((answer) => answer.json['code'] === 'conflict'),
    ).toBe(true);
    expect(done.length).toBeGreaterThan(0);
    expect(done.map((answer) => answer.json['plan'])).toContain((await world.get(id)).json['plan']);
  });

  test('WH-12: that is done in the answer is not announced; new credentials are', async () => {
    await world.patch(id, { plan: 'pro' });
    await world.provider.idle();
    expect(hooks()).toHaveLength(0);
    world.seller.onUpdate = async () => ({ config: { LOGJAM_URL: 'https://new.logjam.example' } });
    const answer = await world.patch(id, { plan: 'max' });
    world.seller.onUpdate = undefined;
    expect(answer.json['config']).toEqual({ LOGJAM_URL: 'https://new.logjam.example' });
    await world.provider.idle();
    expect(hooks().map((hook) => hook.message.action)).toEqual(['resource.updated']);
    expect(hooks()[0]?.body).not.toContain('new.logjam.example');
  });

  test('that takes longer is answered 202, blocks others, and its end is announced once', async () => {
    const held = gate();
    world.seller.onUpdate = async () => await held.promise;
    const answer = await world.patch(id, { read_regions: ['ams'] }, world.hurried);
    expect([answer.status, answer.json['status'], answer.json['read_regions']]).toEqual([
      202,
      'updating',
      ['scl', 'syd'],
    ]);
    const second = await world.patch(id, { plan: 'pro' });
    expect([second.status, second.json['code']]).toEqual([409, 'conflict']);
    held.open();
    await world.idle();
    world.seller.onUpdate = undefined;
    expect((await world.get(id)).json).toMatchObject({ status: 'ready', read_regions: ['ams'] });
    expect(hooks()).toMatchObject([
      { message: { action: 'resource.updated', resource: { status: 'ready', read_regions: ['ams'] } } },
    ]);
  });

  test('that fails after its 202 is an error the customer can read, and can be tried again', async () => {
    const held = gate();
    world.seller.onUpdate = async () => await held.promise;
    expect((await world.patch(id, { read_regions: ['ams'] }, world.hurried)).status).toBe(202);
    held.fail(new HangarError('region_unavailable', { public: 'ams is full' }));
    await world.idle();
    world.seller.onUpdate = undefined;
    expect((await world.get(id)).json).toMatchObject({
      status: 'error',
      error_message: 'ams is full',
      read_regions: ['scl', 'syd'],
    });
    expect((await world.patch(id, { read_regions: [] })).json).toMatchObject({
      status: 'ready',
      read_regions: [],
    });
  });

  test('of a sleeping extension leaves it asleep', async () => {
    await world.provider.extensions.setStatus(id, 'sleeping');
    expect((await world.patch(id, { plan: 'pro' })).json).toMatchObject({ status: 'sleeping', plan: 'pro' });
  });

  test('whose process died is finished by another, and then announced', async () => {
    const never = gate();
    world.seller.onUpdate = async () => await never.promise;
    const dying = world.replica({ timing: HURRY });
    await world.send(
      world.draft({ method: 'PATCH', path: `/extensions/${id}`, members: { plan: 'pro' } }),
      dying,
    );
    world.seller.onUpdate = undefined;
    world.clock.advance(31);
    await world.run('resume');
    await world.provider.idle();
    expect((await world.get(id)).json).toMatchObject({ status: 'ready', plan: 'pro' });
    expect(hooks().map((hook) => hook.message.action)).toEqual(['resource.updated']);
    never.open();
    await dying.idle();
    expect(hooks()).toHaveLength(1);
  });

  test('cannot change what the seller cannot update', async () => {
    const { provision, deprovision } = world.seller;
    const provider = world.replica({ seller: { provision, deprovision } });
    const answer = await world.send(
      world.draft({ method: 'PATCH', path: `/extensions/${id}`, members: { plan: 'pro' } }),
      provider,
    );
    expect([answer.status, answer.json['code']]).toEqual([422, 'immutable']);
    // flyctl always sends the list, also when it is empty (Tigris).
    const same = world.draft({
      method: 'PATCH',
      path: `/extensions/${id}`,
      members: { read_regions: ['syd', 'scl'] },
    });
    expect((await world.send(same, provider)).status).toBe(200);
  });
});

test('PRO-14: no config of one organization appears in anything another asks for', async () => {
  const mine = (await world.create({ organization_id: 'orgone' })).json;
  const yours = (await world.create({ organization_id: 'orgtwo' })).json;
  for (const [one, other] of [
    [mine, yours],
    [yours, mine],
  ] as const) {
    const texts = [(await world.get(one['id'])).text, (await world.patch(one['id'], {})).text];
    for (const text of texts) expect(text).not.toContain(other['config']['LOGJAM_URL']);
  }
});
