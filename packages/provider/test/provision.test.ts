import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HangarError } from '@hangar/http';
import { openWorld, order, type Draft, type World } from './world/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const post = (change: Partial<Draft> = {}) =>
  world.draft({ method: 'POST', path: '/extensions', members: order(), ...change });
const living = async () => (await world.provider.extensions.list({ limit: 1000 })).length;

describe('a new extension', () => {
  test('CRE-01, CRE-07, CRE-25: is answered with an id that works at once, and a config of strings', async () => {
    const answer = await world.create({ name: 'collider-prod' });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.json).toSorted()).toEqual(['config', 'id', 'name', 'status']);
    expect(answer.json).toMatchObject({ name: 'collider-prod', status: 'ready' });
    expect(answer.json['config']['LOGJAM_URL']).toBe(world.seller.resources.get(answer.json['id'])?.url);
    expect((await world.get(answer.json['id'])).status).toBe(200);
  });

  test('GEN-05: carries the request id and is never cached', async () => {
    const { headers } = await world.create();
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-request-id')).toMatch(/^req-/);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  const fine: [string, Record<string, unknown>][] = [
    [
      'CRE-06 the required members only',
      { primary_region: undefined, read_regions: undefined, ip_address: undefined },
    ],
    ['CRE-08 unknown members', { favourite_colour: 'green', nested: { a: [1] } }],
    ['nulls in optional members', { primary_region: null, read_regions: null, plan: null }],
    ['CRE-15 a name with SQL in it', { name: "x'; DROP TABLE extensions; --" }],
    ['CRE-15 a name with markup', { name: '<script>alert(1)</script>' }],
    ['CRE-15 a name that is a picture', { name: '"><img src=x onerror=alert(1)>' }],
    ['CRE-15 a name that climbs', { name: '../../extensions' }],
    ['CRE-15 a name that climbs in disguise', { name: '..%2f..%2Fetc\\passwd?x#y' }],
    ['CRE-15 a name of emoji', { name: '🛩️🛩️' }],
    [
      '11.38 the primary region among the read regions',
      { primary_region: 'mad', read_regions: ['mad', 'syd', 'syd'] },
    ],
  ];
  test.each(fine)('with %s is made', async (_, members) => {
    const answer = await world.create(members);
    expect(answer.status).toBe(201);
    const shown = (await world.get(answer.json['id'])).json;
    if (typeof members['name'] === 'string') expect(shown['name']).toBe(members['name']);
  });

  test('CRE-14: a role that Fly.io invents later is a member, never an admin', async () => {
    const user = { user_id: 'owneruser', organization_id: 'ownerorg' };
    await world.create({ ...user, user_role: 'owner' });
    const { rows } = await world.database.execute('select role from memberships where user_id = $1', [
      'owneruser',
    ]);
    expect(rows).toEqual([{ role: 'member' }]);
  });

  test('read regions are a set without the primary region', async () => {
    const { json } = await world.create({
      primary_region: 'mad',
      read_regions: ['syd', 'mad', 'ams', 'syd'],
    });
    expect((await world.get(json['id'])).json['read_regions']).toEqual(['ams', 'syd']);
  });

  test('CRE-19: members called __proto__ and constructor change nothing', async () => {
    const draft = post();
    const { url, nonce, timestamp, members } = draft;
    const text = JSON.stringify({ ...members, url, nonce, timestamp });
    const raw = text.replace(
      /^\{/,
      '{"__proto__":{"user_role":"admin","plan":"x"},"constructor":{"prototype":{"plan":"x"}},',
    );
    expect((await world.send({ ...draft, raw })).status).toBe(201);
    expect((await world.get((await world.create()).json['id'])).json['plan']).toBeNull();
  });
});

describe('a request that is not in order', () => {
  const required = [
    'name',
    'id',
    'organization_id',
    'organization_name',
    'user_id',
    'user_email',
    'user_role',
  ];
  const wrong: unknown[] = [undefined, 7, null, ['x'], { x: 1 }, ''];
  test.each(required.flatMap((name) => wrong.map((value) => [name, value] as const)))(
    'CRE-09, CRE-10: %s as %j is refused by name, and nothing is made',
    async (name, value) => {
      const before = await living();
      const answer = await world.create({ [name]: value });
      expect(answer.status).toBe(422);
      expect(answer.json).toMatchObject({ code: 'invalid', error: expect.stringContaining(name) });
      expect(Object.keys(answer.json['fields'])).toEqual([name]);
      expect(await living()).toBe(before);
    },
  );

  const invalid: [string, Record<string, unknown>][] = [
    ['CRE-11', { read_regions: 'syd' }],
    ['CRE-12', { primary_region: 'MAD' }],
    ['CRE-12', { primary_region: '../' }],
    ['CRE-13', { ip_address: '10.0.0.1' }],
    ['CRE-13', { ip_address: '::1' }],
    ['CRE-13', { ip_address: 'fd00::1' }],
    ['CRE-13', { ip_address: 'here' }],
    ['CRE-15', { name: 'n'.repeat(5000) }],
    ['CRE-15', { name: 'a\0b' }],
    ['', { name: 'a\r\nb' }],
    ['', { name: 'half \ud83d of a pair' }],
    ['', { organization_name: 'a\0b' }],
    ['', { options: 'public' }],
    ['', { options: { note: 'a\0b' } }],
    ['', { options: { note: 'half \udc00' } }],
    ['', { options: { blob: 'x'.repeat(20_000) } }],
  ];
  test.each(invalid)('%s %j is refused', async (_, members) => {
    const answer = await world.create(members);
    expect(answer.status).toBe(422);
    expect(Object.keys(answer.json['fields'])).toEqual(Object.keys(members));
  });

  const bodies: [string, string | Uint8Array, number][] = [
    ['not JSON', 'hello', 400],
    ['a list', '[1]', 400],
    ['null', 'null', 400],
    ['cut short', '{"name": "x"', 400],
    ['not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['with a BOM, signed with it', '\ufeff{}', 400],
    ['CRE-17 of 1 MiB', JSON.stringify({ pad: 'x'.repeat(1_048_576) }), 413],
    ['CRE-18 10,000 deep', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 400],
  ];
  test.each(bodies)('CRE-16: a signed body that is %s is refused', async (_, raw, status) => {
    const answer = await world.send(post({ raw }));
    expect(answer.status).toBe(status);
    // CRE-24
    expect(typeof answer.json['error']).toBe('string');
    expect((await world.create()).status).toBe(201);
  });

  test('CRE-20: a member named twice is refused', async () => {
    const draft = post();
    const { url, nonce, timestamp, members } = draft;
    const text = JSON.stringify({ ...members, url, nonce, timestamp });
    const answer = await world.send({ ...draft, raw: text.replace(/^\{/, '{"organization_id":"other",') });
    expect(answer.status).toBe(400);
  });

  test('a compressed body is refused', async () => {
    expect((await world.send(post({ headers: { 'content-encoding': 'gzip' } }))).status).toBe(415);
  });
});

describe('names', () => {
  test('CRE-21: a name that another resource has is given an ending', async () => {
    const one = await world.create({ name: 'shared-name' });
    const two = await world.create({ name: 'shared-name' });
    expect(one.json['name']).toBe('shared-name');
    expect(two.json['name']).toMatch(/^shared-name-[0-9a-f]{8}$/);
    expect(two.json['id']).not.toBe(one.json['id']);
  });

  test('a name is free again when its resource is deleted', async () => {
    const one = await world.create({ name: 'used-twice' });
    await world.remove(one.json['id']);
    expect((await world.create({ name: 'used-twice' })).json['name']).toBe('used-twice');
  });

  test('CRE-22, CRE-23: a name that the seller chose is what everybody sees', async () => {
    world.seller.onProvision = async (context) => ({
      ...world.seller.make(context),
      name: 'logjam-1bd03ba',
      flyAppName: 'logjam-production',
    });
    const { json } = await world.create();
    world.seller.onProvision = undefined;
    expect(json).toMatchObject({ name: 'logjam-1bd03ba', fly_app_name: 'logjam-production' });
    expect((await world.get(json['id'])).json).toMatchObject({
      name: 'logjam-1bd03ba',
      fly_app_name: 'logjam-production',
    });
  });
});

describe('what the seller answers', () => {
  const configs: [string, unknown][] = [
    ['a number', { LOGJAM_URL: 7 }],
    ['an object', { LOGJAM_URL: { href: 'https://x.example' } }],
    ['a name that is not listed', { OTHER_URL: 'https://x.example' }],
    ['a name of Fly.io', { FLY_REGION: 'mad' }],
    ['PATH', { PATH: '/tmp' }],
    ['a lower-case name', { logjam_url: 'https://x.example' }],
    ['a URL that is none', { LOGJAM_URL: 'x.example' }],
    ['a NUL', { LOGJAM_TOKEN: 'a\0b' }],
    ['a value over 32 KiB', { LOGJAM_TOKEN: 'x'.repeat(33 * 1024) }],
    ['no config', undefined],
  ];
  test.each(configs)('CRE-02 to CRE-04: %s never reaches Fly.io', async (_, config) => {
    world.seller.onProvision = async () => ({ config: config as Record<string, string> });
    const answer = await world.create();
    world.seller.onProvision = undefined;
    expect(answer.status).toBe(502);
    expect(answer.json['code']).toBe('hook_failed');
    expect(answer.json['config']).toBeUndefined();
  });

  test("a refusal reaches the customer in the seller's words, and leaves nothing behind", async () => {
    const members = order();
    world.seller.onProvision = async () => {
      throw new HangarError('plan_required', {
        public: 'Free databases are limited to one; choose a paid plan.',
      });
    };
    const before = await living();
    const refused = await world.send(post({ members }));
    world.seller.onProvision = undefined;
    expect([refused.status, refused.json['error']]).toEqual([
      402,
      'Free databases are limited to one; choose a paid plan.',
    ]);
    expect(await living()).toBe(before);
    // The same id may ask for something else now.
    expect((await world.send(post({ members: { ...members, plan: 'paid' } }))).status).toBe(201);
  });

  test('GEN-04: a failure tells the customer nothing of its cause', async () => {
    world.seller.onProvision = async () => {
      throw new Error('postgres://admin:hunter2@10.0.0.1/prod refused the connection');
    };
    const answer = await world.create();
    world.seller.onProvision = undefined;
    expect(answer.status).toBe(502);
    expect(answer.text).not.toMatch(/hunter2|postgres|10\.0\.0\.1/);
    expect(answer.json['error']).toBe('the provider could not complete this');
  });
});

describe('an offer', () => {
  test('regions and plans outside it are refused with the list', async () => {
    const provider = world.replica({ regions: ['mad', 'syd'], plans: ['free', 'pro'] });
    const region = await world.create({ primary_region: 'zzz', read_regions: [] }, provider);
    expect([region.status, region.json['code'], region.json['fields']]).toEqual([
      422,
      'region_unavailable',
      { primary_region: 'zzz is not offered; choose one of mad, syd' },
    ]);
    const plan = await world.create({ read_regions: ['syd'], plan: 'gold' }, provider);
    expect([plan.status, plan.json['fields']]).toEqual([
      422,
      { plan: 'no such plan; choose one of free, pro' },
    ]);
    expect((await world.create({ read_regions: ['syd'], plan_id: 'pro' }, provider)).status).toBe(201);
  });
});

test('createdStatus answers 200 for a peer that insists', async () => {
  expect((await world.create({}, world.replica({ createdStatus: 200 }))).status).toBe(200);
});

test('configs lie sealed in the database, bound to their row', async () => {
  const { json } = await world.create();
  const secret = String(json['config']['LOGJAM_URL']);
  const { rows } = await world.database.execute(
    "select encode(sealed_config, 'escape') as text from extensions",
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(JSON.stringify(row)).not.toContain(secret.slice(8, 30));
});

test.each([
  ['PUT', '/extensions', 405, 'POST'],
  ['OPTIONS', '/extensions', 405, 'POST'],
  ['GET', '/extensions', 405, 'POST'],
  ['POST', '/extensions/abc', 405, 'GET, PATCH, DELETE'],
  ['GET', '/nowhere', 404, null],
  ['GET', '/extensions/a/b/c', 404, null],
])('GEN-01, GEN-02: %s %s is a %i in JSON', async (method, path, status, allow) => {
  const answer = await world.send(world.draft({ method, path }));
  expect([answer.status, answer.headers.get('allow')]).toEqual([status, allow]);
  expect(typeof answer.json['error']).toBe('string');
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
});
