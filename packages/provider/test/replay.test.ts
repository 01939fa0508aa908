import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { gate } from './world/seller.ts';
import { openWorld, order, type Draft, type World } from './world/world.ts';

let world: World;
let first: string;
let second: string;

beforeAll(async () => {
  world = await openWorld();
  first = (await world.create()).json['id'] as string;
  second = (await world.create()).json['id'] as string;
});
afterAll(async () => await world.close());

const post = (change: Partial<Draft> = {}) =>
  world.draft({ method: 'POST', path: '/extensions', members: order(), ...change });
const get = (change: Partial<Draft> = {}) =>
  world.draft({ method: 'GET', path: `/extensions/${first}`, ...change });

describe('the same signed bytes', () => {
  test('REP-01, REP-02: a second time they are a 401 and hold no config', async () => {
    const draft = post();
    expect((await world.send(draft)).status).toBe(201);
    const replay = await world.send(draft);
    expect(replay.status).toBe(401);
    expect(replay.text).not.toContain('LOGJAM_URL');
  });

  test('PRO-3: a replica of the same database refuses them too', async () => {
    const draft = get();
    expect((await world.send(draft)).status).toBe(200);
    expect((await world.send(draft, world.replica())).status).toBe(401);
  });

  test('REP-14: of twenty at once exactly one is accepted, over two replicas', async () => {
    const draft = post();
    const replica = world.replica();
    const answers = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, index) => await world.send(draft, index % 2 === 0 ? world.provider : replica),
      ),
    );
    expect(answers.map((answer) => answer.status).toSorted()).toEqual([
      201,
      ...Array.from({ length: 19 }, () => 401),
    ]);
    expect(
      world.seller.calls.filter(
        (call) => call === `provision ${answers.find((a) => a.status === 201)?.json['id']}`,
      ),
    ).toHaveLength(1);
  });

  test('REP-10, PRO-4: a captured GET is not a DELETE', async () => {
    const draft = get();
    expect((await world.send(draft)).status).toBe(200);
    for (const method of ['DELETE', 'HEAD', 'OPTIONS', 'PATCH']) {
      expect([401, 405]).toContain((await world.send({ ...draft, method })).status);
    }
    expect((await world.get(first)).json['status']).toBe('ready');
  });

  test('a method override is ignored', async () => {
    const answer = await world.send(get({ headers: { 'x-http-method-override': 'DELETE' } }));
    expect(answer.json['status']).toBe('ready');
  });

  test('HEAD is not a GET that costs a nonce', async () => {
    const draft = get();
    const head = await world.send({ ...draft, method: 'HEAD' });
    expect([head.status, head.text]).toEqual([405, '']);
    expect((await world.send(draft)).status).toBe(200);
  });

  test('a failure of ours gives the nonce back, so that the same bytes may come again', async () => {
    const draft = post();
    world.seller.onProvision = async () => {
      throw new Error('the backend is down');
    };
    expect((await world.send(draft)).status).toBe(502);
    world.seller.onProvision = undefined;
    expect((await world.send(draft)).status).toBe(201);
    expect((await world.send(draft)).status).toBe(401);
  });

  test('a refusal that is not our failure keeps the nonce', async () => {
    const draft = post({ members: order({ name: '' }) });
    expect((await world.send(draft)).status).toBe(422);
    expect((await world.send(draft)).status).toBe(401);
  });

  test('when nonces cannot be stored nothing is accepted', async () => {
    const store = {
      ...world.options.store,
      nonces: {
        ...world.options.store.nonces,
        consume: async () => await Promise.reject(new Error('no database')),
      },
    };
    const answer = await world.send(get(), world.replica({ store }));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
  });
});

describe('a request that we failed', () => {
  const EVENTS_URL = 'https://logjam.example/flyio/extensions/events';
  /** Every signed request there is, each as it would be right. */
  const requests: Record<string, (nonce: string) => Draft> = {
    'POST /extensions': (nonce) => post({ nonce }),
    'GET /extensions/:id': (nonce) => get({ nonce }),
    'PATCH /extensions/:id': (nonce) => get({ nonce, method: 'PATCH' }),
    'DELETE /extensions/:id': (nonce) => ({ ...get({ nonce, method: 'DELETE' }) }),
    'GET /billing/charges': (nonce) =>
      world.draft({
        method: 'GET',
        path: '/billing/charges',
        members: { from: '2026-11-19T00:00:00Z', to: '2026-11-20T00:00:00Z' },
        nonce,
      }),
    'POST /extensions/events': (nonce) =>
      world.draft({
        method: 'POST',
        path: '/extensions/events',
        raw: JSON.stringify({
          machine_id: '5683977ad31768',
          url: EVENTS_URL,
          nonce,
          timestamp: world.clock.seconds(),
        }),
        headers: {
          'ce-specversion': '1.0',
          'ce-id': `event-of-${nonce}`,
          'ce-source': '/fly/machines',
          'ce-type': 'io.fly.machine.started',
          'content-type': 'application/json',
        },
      }),
  };
  const names = Object.keys(requests);
  const fails = async () => await Promise.reject(new Error('no database'));
  /** Another process, whose database went away after the nonces were written. */
  const failing = () => {
    const { store } = world.options;
    const insertSigned = async () => 'unusual' as const;
    const broken = { insertSigned, insert: fails, find: fails, change: fails, usable: fails };
    return world.replica({
      seller: { ...world.seller, usage: async () => [] },
      store: {
        ...store,
        extensions: { ...store.extensions, ...broken },
        events: { ...store.events, accept: fails },
      },
    });
  };
  const ofRow = (name: string, nonce: string): Draft => {
    const draft = requests[name]?.(nonce);
    if (draft === undefined) throw new Error(`there is no request ${name}`);
    return draft;
  };
  let counter = 0;

  test.each(names)(
    '%s may be sent again, on another process, and nothing else in its place',
    async (name) => {
      const nonce = `given-back-${(counter += 1)}`;
      const draft = ofRow(name, nonce);
      expect((await world.send(draft, failing())).status).toBe(500);
      for (const other of names.filter((candidate) => candidate !== name)) {
        expect([other, (await world.send(ofRow(other, nonce))).status]).toEqual([other, 401]);
      }
      // The same bytes and signature, under another method, or with one slash more: nothing that is signed differs.
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE'].filter((method) => method !== draft.method)) {
        expect([401, 405]).toContain((await world.send({ ...draft, method })).status);
      }
      expect((await world.send({ ...draft, path: `${draft.path}/` })).status).toBe(401);
      expect((await world.get(first)).json['status']).toBe('ready');
      if (draft.method === 'DELETE') return;
      expect((await world.send(draft)).status).toBeLessThan(300);
      expect((await world.send(draft)).status).toBe(401);
    },
  );

  test('a DELETE that failed may be sent again', async () => {
    const { id } = (await world.create()).json;
    const draft = world.draft({ method: 'DELETE', path: `/extensions/${id}` });
    expect((await world.send(draft, failing())).status).toBe(500);
    expect((await world.send({ ...draft, method: 'GET' })).status).toBe(401);
    expect((await world.send(draft)).status).toBe(204);
    expect((await world.send(draft)).status).toBe(401);
  });

  test('a process that dies before it answers gives nothing back; a new signature finds the effect', async () => {
    const dead = gate();
    const { store } = world.options;
    const dying = world.replica({
      store: {
        ...store,
        extensions: {
          ...store.extensions,
          // Everything is done by then, and nobody will say so.
          change: async (id, decide) => {
            const result = await store.extensions.change(id, decide);
            await dead.promise;
            return result;
          },
        },
      },
    });
    const order1 = order();
    const draft = post({ members: order1 });
    const unanswered = world.send(draft, dying);
    await vi.waitFor(async () => {
      const { rows } = await world.database.execute('select status from extensions where fly_id = $1', [
        order1['id'],
      ]);
      expect(rows).toEqual([{ status: 'ready' }]);
    });
    expect((await world.send(draft)).status).toBe(401);
    const again = await world.send(post({ members: order1 }));
    expect([again.status, Object.keys(again.json.config)]).toEqual([200, ['LOGJAM_URL']]);
    dead.open();
    expect((await unanswered).status).toBe(201);
  });

  test('a nonce that cannot be given back is no other failure', async () => {
    const { store } = world.options;
    const nonces = { ...store.nonces, release: fails };
    const draft = get();
    const broken = { ...store.extensions, find: fails };
    const answer = await world.send(
      draft,
      world.replica({ store: { ...store, nonces, extensions: broken } }),
    );
    expect(answer.status).toBe(500);
    expect((await world.send(draft)).status).toBe(401);
  });
});

describe('time', () => {
  test('PRO-6, REP-03 to REP-05: a timestamp is accepted exactly within 300 seconds, both ways', async () => {
    const now = world.clock.seconds();
    const status = async (offset: number) => (await world.send(get({ timestamp: now + offset }))).status;
    const offsets = [-301, -300, -299, -60, 0, 60, 299, 300, 301];
    expect(await Promise.all(offsets.map(status))).toEqual([401, 200, 200, 200, 200, 200, 200, 200, 401]);
  });

  test('PRO-6: a nonce stays used for as long as its timestamp could be accepted', async () => {
    const draft = get({ timestamp: world.clock.seconds() + 300 });
    expect((await world.send(draft)).status).toBe(200);
    for (const seconds of [1, 299, 300, 1]) {
      world.clock.advance(seconds);
      await world.run('sweep');
      expect((await world.send(draft)).status).toBe(401);
    }
  });

  const malformed: [string, unknown][] = [
    ['in milliseconds', () => world.clock.seconds() * 1000],
    ['negative', () => -1],
    ['with an exponent', () => '1e9'],
    ['with a fraction', () => world.clock.seconds() + 0.5],
    ['beyond what a number holds', () => '9007199254740993'],
    ['null', () => null],
    ['missing', () => undefined],
    ['a list', () => [1]],
  ];
  test.each(malformed)('REP-06: a timestamp %s is a 401', async (_, make) => {
    expect((await world.send(post({ timestamp: (make as () => unknown)() }))).status).toBe(401);
  });

  test('REP-07: a timestamp as text of digits is accepted', async () => {
    expect((await world.send(post({ timestamp: String(world.clock.seconds()) }))).status).toBe(201);
  });
});

describe('PRO-7: the signed address', () => {
  const wrong: [string, string | undefined][] = [
    ['REP-08 of another host', 'https://evil.example/flyio/extensions/ID'],
    ['of another scheme', 'http://logjam.example/flyio/extensions/ID'],
    ['of another port', 'https://logjam.example:8443/flyio/extensions/ID'],
    ['with user information', 'https://x@logjam.example/flyio/extensions/ID'],
    ['with dot segments', 'https://logjam.example/flyio/x/../extensions/ID'],
    ['with a fragment', 'https://logjam.example/flyio/extensions/ID#a'],
    ['REP-12 missing', undefined],
    ['empty', ''],
    ['relative', '/flyio/extensions/ID'],
    ['with another letter case in the path', 'https://logjam.example/Flyio/extensions/ID'],
  ];
  test.each(wrong)('%s is a 401', async (_, url) => {
    const draft = get();
    const changed =
      url === undefined
        ? { ...draft, url: undefined as unknown as string }
        : { ...draft, url: url.replace('ID', first) };
    expect((await world.send(changed)).status).toBe(401);
  });

  test('REP-09: of another resource is a 401', async () => {
    expect((await world.send(get({ url: `https://logjam.example/flyio/extensions/${second}` }))).status).toBe(
      401,
    );
  });

  test.each([
    ['with the default port', 'https://logjam.example:443/flyio/extensions/ID'],
    ['with a trailing slash', 'https://logjam.example/flyio/extensions/ID/'],
    ['with another case in the host', 'https://LogJam.example/flyio/extensions/ID'],
    ['with its own query', 'https://logjam.example/flyio/extensions/ID?a=b'],
  ])('%s means the same', async (_, url) => {
    expect((await world.send(get({ url: url.replace('ID', first) }))).status).toBe(200);
  });

  test('with a query is a 401 for a body, which has no business with one', async () => {
    expect((await world.send(post({ url: 'https://logjam.example/flyio/extensions?a=b' }))).status).toBe(401);
  });

  test('REP-15: a Host header that agrees with a foreign address does not help', async () => {
    const draft = get({
      url: `https://evil.example/flyio/extensions/${first}`,
      headers: { host: 'evil.example' },
    });
    expect((await world.send(draft)).status).toBe(401);
  });

  test.each(['url', 'nonce', 'timestamp'])(
    'REP-17: a second %s in the query is a 401, whichever is right',
    async (name) => {
      const draft = get();
      const right = new URLSearchParams({
        url: draft.url,
        nonce: draft.nonce,
        timestamp: String(draft.timestamp),
      });
      const wrong = `${name}=1`;
      const same = `${name}=${encodeURIComponent(right.get(name) ?? '')}`;
      for (const raw of [`${right}&${wrong}`, `${wrong}&${right}`, `${right}&${same}`]) {
        expect((await world.send({ ...draft, raw })).status).toBe(401);
      }
    },
  );
});

test.each([
  ['missing', undefined],
  ['empty', ''],
  ['of 10,000 characters', 'n'.repeat(10_000)],
  ['too short', 'abc'],
  ['with a space', 'abcdefgh ijkl'],
])('REP-13: a nonce that is %s is a 401', async (_, nonce) => {
  expect((await world.send(post({ nonce: nonce as string }))).status).toBe(401);
});

test('the same nonce under another body is a 401', async () => {
  const draft = post();
  await world.send(draft);
  expect((await world.send({ ...draft, members: order() })).status).toBe(401);
});
