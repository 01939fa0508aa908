import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HangarError } from '@hangar/http';
import type { Prepared, Seller } from '@hangar/provider';
import { createProviderStore } from '@hangar/store';
import { openWorld, order, type World } from './world/world.ts';

let world: World;
let prepared: string[];
/** What the seller makes ready; replaced by tests. */
let ready: (id: string) => Promise<Prepared | undefined>;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());
beforeEach(() => {
  prepared = [];
  ready = async (id) => ({ config: { LOGJAM_URL: `https://${id}.logjam.example` } });
});

const seller = (): Seller => ({
  ...world.seller,
  prepare: async ({ extension }) => {
    prepared.push(extension.id);
    return await ready(extension.id);
  },
});
/** Another process, whose seller can prepare. */
const replica = (change: Partial<ReturnType<typeof createProviderStore>['extensions']> = {}) => {
  const { store } = world.options;
  return world.replica({
    seller: seller(),
    store: { ...store, extensions: { ...store.extensions, ...change } },
  });
};
const post = (members: Record<string, unknown>) =>
  world.draft({ method: 'POST', path: '/extensions', members });
const fails = async () => await Promise.reject(new Error('no database'));
const called = (id: string) => world.seller.calls.includes(`provision ${id}`);
const rowsOf = async (flyId: unknown) =>
  (await world.database.execute('select status, operation from extensions where fly_id = $1', [flyId])).rows;

describe('a seller that can prepare', () => {
  test('is stored with the nonce in one statement, and is answered as ever', async () => {
    const members = order();
    const alone = replica({ insert: fails, change: fails, find: fails });
    const draft = post(members);
    const made = await world.send(draft, alone);
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      name: members['name'],
      status: 'ready',
      config: { LOGJAM_URL: `https://${made.json.id}.logjam.example` },
    });
    expect(called(made.json.id)).toBe(false);
    expect((await world.get(made.json.id)).json).toMatchObject({ status: 'ready', user_id: 'NeBO2G0l0yJ6' });
    // A replay gets nothing; Fly.io's own next try gets the same once more.
    expect((await world.send(draft, replica())).status).toBe(401);
    const again = await world.send(post(members), replica());
    expect([again.status, again.json]).toEqual([200, made.json]);
    expect((await world.send(post({ ...members, plan: 'other' }), replica())).status).toBe(409);
    // Where it was made, nothing is prepared in vain.
    prepared = [];
    const here = replica();
    const known = post(order());
    const first = await world.send(known, here);
    expect((await world.send(known, here)).status).toBe(401);
    expect((await world.send(post(known.members), here)).json).toEqual(first.json);
    expect(prepared).toEqual([first.json.id]);
  });

  test('may choose another name and the app that Flycast leads to', async () => {
    ready = async () => ({ config: {}, name: `chosen-${prepared.length}`, flyAppName: 'logjam-app' });
    const made = await world.send(post(order()), replica());
    expect(made.json).toMatchObject({ name: 'chosen-1', fly_app_name: 'logjam-app' });
  });

  test('is told when all of it is stored, and only then', async () => {
    const told: string[] = [];
    ready = async (id) => ({ config: {}, stored: () => void told.push(id) });
    const members = order();
    const made = await world.send(post(members), replica());
    expect(told).toEqual([made.json.id]);
    await world.send(post(members), replica());
    expect(told).toEqual([made.json.id]);
  });

  test('does not announce what the answer says', async () => {
    const made = await world.send(post(order()), replica());
    const { rows } = await world.database.execute('select 1 from outbox where extension_id = $1', [
      made.json.id,
    ]);
    expect(rows).toEqual([]);
  });
});

describe('what is unusual goes the ordinary road, with its nonce unspent until then', () => {
  test('a name that is taken gets another ending', async () => {
    const taken = await world.send(post(order()), replica());
    const other = await world.send(post(order({ name: taken.json.name })), replica());
    expect(other.status).toBe(201);
    expect(other.json.name).toMatch(new RegExp(`^${taken.json.name}-[0-9a-f]{8}$`));
    expect(called(other.json.id)).toBe(true);
  });

  test('a request that cannot be read is refused, and its nonce is spent', async () => {
    const draft = post(order({ name: '' }));
    expect((await world.send(draft, replica())).status).toBe(422);
    expect((await world.send(draft, replica())).status).toBe(401);
    expect(prepared).toEqual([]);
  });

  test.each<[string, () => Promise<Prepared | undefined>]>([
    ['has nothing ready', async () => undefined],
    ['fails', fails],
    ['prepares what no app may be given', async () => ({ config: { PATH: '/tmp' } })],
  ])('a seller that %s is asked to provision', async (_, makes) => {
    ready = makes;
    const made = await world.send(post(order()), replica());
    expect([made.status, called(made.json.id)]).toEqual([201, true]);
    expect(Object.keys(made.json.config)).toEqual(['LOGJAM_URL']);
  });

  test('a seller that never has anything ready keeps nobody waiting', async () => {
    ready = async () => await new Promise(() => undefined);
    const patient = { ...world.options, seller: seller(), timing: { answerMs: 800 } };
    const made = await world.send(post(order()), world.replica(patient));
    expect([made.status, called(made.json.id)]).toEqual([201, true]);
  });

  test('an answer that was lost on its way from the database is given to the next try, and to no replay', async () => {
    const { extensions } = world.options.store;
    const draft = post(order());
    const loses = replica({
      insertSigned: async (wanted) => {
        const inserted = await extensions.insertSigned(wanted);
        if (inserted === 'inserted') throw new HangarError('unavailable');
        return inserted;
      },
    });
    expect((await world.send(draft, loses)).status).toBe(503);
    for (const process of [loses, replica()]) expect((await world.send(draft, process)).status).toBe(401);
    const next = await world.send(post(draft.members), loses);
    const again = await world.send(post(draft.members), replica());
    expect([next.status, again.status, again.json]).toEqual([200, 200, next.json]);
    expect(await rowsOf(draft.members['id'])).toEqual([{ status: 'ready', operation: null }]);
    expect(prepared[0]).toBe(next.json.id);
  });

  test('a statement that fails has changed nothing, so that the same bytes may come again', async () => {
    const draft = post(order());
    expect((await world.send(draft, replica({ insertSigned: fails }))).status).toBe(500);
    expect(await rowsOf(draft.members['id'])).toEqual([]);
    expect((await world.send(draft, replica())).status).toBe(201);
    expect((await world.send(draft, replica())).status).toBe(401);
  });
});

describe('at two processes at once', () => {
  const processes = async () => {
    const other = await world.database.another();
    const store = createProviderStore(other.db);
    return { both: [replica(), world.replica({ seller: seller(), store })] as const, other };
  };

  test('one signed request is carried out once, and every replay of it refused', async () => {
    const { both, other } = await processes();
    const draft = post(order());
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => await world.send(draft, both[index % 2])),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(19).fill(401)]);
    expect(await rowsOf(draft.members['id'])).toEqual([{ status: 'ready', operation: null }]);
    await other.close();
  });

  test('many requests for one id make one resource with one config', async () => {
    const { both, other } = await processes();
    const members = order();
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => await world.send(post(members), both[index % 2])),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array<number>(19).fill(200), 201]);
    expect(new Set(answers.map(({ json }) => JSON.stringify([json.id, json.config]))).size).toBe(1);
    await other.close();
  });

  test('members of one organization do not wait for each other in a circle', async () => {
    const { both, other } = await processes();
    const answers = await Promise.all(
      Array.from(
        { length: 40 },
        async (_, index) =>
          // Every third goes the ordinary road, which writes the same rows of people.
          await world.send(
            post(order({ user_id: `user${index % 3}`, ...(index % 3 === 0 ? { name: 'circle' } : {}) })),
            both[index % 2],
          ),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    await other.close();
  });
});

test('a seller that cannot prepare is claimed in one statement and settled in one transaction', async () => {
  const { store } = world.options;
  const alone = world.replica({
    store: {
      ...store,
      nonces: { ...store.nonces, consume: fails },
      extensions: { ...store.extensions, insert: fails, find: fails },
    },
  });
  const made = await world.send(post(order()), alone);
  expect([made.status, called(made.json.id)]).toEqual([201, true]);
});

test('a column that a newer build adds meanwhile disturbs no statement of a process that runs', async () => {
  const before = await world.send(post(order()), replica());
  const run = async (id: string, status: 'sleeping' | 'ready') =>
    await world.provider.extensions.setStatus(id, status, status);
  await run(before.json.id, 'sleeping');
  await world.provider.idle();
  await world.database.execute(
    'alter table extensions add column newer text; alter table outbox add column newer text',
  );
  const after = await world.send(post(order()), replica());
  expect(after.status).toBe(201);
  await world.send(post(order({ name: after.json.name })), replica());
  await run(before.json.id, 'ready');
  await world.provider.idle();
  expect(world.receiver.received.map(({ message }) => message.resource['status'])).toEqual([
    'sleeping',
    'ready',
  ]);
});
