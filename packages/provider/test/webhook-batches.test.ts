import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Attempt, OutboxStore, ProviderOptions } from '@hangar/provider';
import type { Outgoing } from '@hangar/security/outgoing';
import { createProviderStore, type Store } from '@hangar/store';
import { openWorld, type World } from './world/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => await world.close());

const received = () => world.receiver.received;
/** Extensions, by id. */
const create = async (count: number): Promise<string[]> => {
  const made: string[] = [];
  for (let index = 0; index < count; index += 1) made.push((await world.create()).json.id);
  return made;
};
/** A process whose outbox is watched or broken; none of them wakes another one. */
const process = (
  outbox: Partial<OutboxStore>,
  { db, ...change }: Partial<ProviderOptions> & { readonly db?: Store['db'] } = {},
) => {
  const store = createProviderStore(db ?? world.database.db);
  return world.replica({ ...change, store: { ...store, outbox: { ...store.outbox, ...outbox } } });
};
const send = async (provider: ReturnType<typeof process>) => {
  const task = provider.tasks.find(({ name }) => name === 'provider.webhooks');
  await task?.run(new AbortController().signal);
};
/** Announced by somebody who sends nothing. */
const silent = () => process({ claim: async () => [] });

test('many announcements go out once each, in order for each extension, and are settled together', async () => {
  const ids = await create(30);
  const silently = silent();
  for (const status of ['sleeping', 'ready', 'suspended'] as const)
    for (const id of ids) await silently.extensions.setStatus(id, status, status);
  const settled: number[] = [];
  const other = await world.database.another();
  const watched = (db: Store['db']) => {
    const { outbox } = createProviderStore(db);
    const { outgoing } = world.options;
    let sent = 0;
    const settle = async (holder: string, attempts: readonly Attempt[]): Promise<void> => {
      settled.push(attempts.length);
      // A database that takes its time with the first one: meanwhile others are answered.
      if (attempts.length === sent)
        await vi.waitFor(() => expect(sent).toBeGreaterThanOrEqual(10)).catch(() => undefined);
      await outbox.settle(holder, attempts);
    };
    const sending: Outgoing['send'] = async (request) => {
      const answer = await outgoing.send(request);
      sent += 1;
      return answer;
    };
    return process({ settle }, { db, outgoing: { ...outgoing, send: sending } });
  };
  await Promise.all([send(watched(world.database.db)), send(watched(other.db))]);
  expect(received()).toHaveLength(90);
  expect(new Set(received().map(({ headers }) => headers['webhook-id'])).size).toBe(90);
  const { rows } = await world.database.execute('select id, sequence::int from outbox order by sequence');
  const places = new Map((rows as { id: string; sequence: number }[]).map((row) => [row.id, row.sequence]));
  for (const id of ids) {
    const order = received()
      .filter(({ message }) => message.resource['id'] === id)
      .map(({ headers }) => places.get(headers['webhook-id'] ?? ''));
    expect(order).toHaveLength(3);
    expect(order).toEqual(order.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
  }
  expect(settled.reduce((sum, count) => sum + count)).toBe(90);
  expect(settled.length).toBeLessThan(90);
  expect(await world.provider.webhooks.backlog()).toEqual({ pending: 0, oldest: undefined });
  await other.close();
});

test('an extension whose receiver is slow keeps nobody waiting who is announced meanwhile', async () => {
  const [slow = '', quick = ''] = await create(2);
  const provider = world.replica({ timing: { webhookMs: 2_000 } });
  world.receiver.answers = ['hang'];
  await provider.extensions.setStatus(slow, 'sleeping');
  await vi.waitFor(() => expect(received()).toHaveLength(1));
  await provider.extensions.setStatus(quick, 'sleeping');
  await vi.waitFor(() =>
    expect(received().map(({ message }) => message.resource['id'])).toEqual([slow, quick]),
  );
  // The first one is still on its way: nothing of it is on record.
  expect(await provider.extensions.deliveries({ extensionId: slow })).toEqual([]);
  await provider.idle();
  expect((await provider.extensions.deliveries({ extensionId: slow })).map(({ outcome }) => outcome)).toEqual(
    ['timeout'],
  );
});

test('after a pause one goes ahead alone, and nobody beside it until it is back', async () => {
  const ids = await create(3);
  const silently = silent();
  for (const id of ids) await silently.extensions.setStatus(id, 'sleeping');
  world.receiver.answers = [503, 503, 503].map((status) => ({ status, headers: { 'retry-after': '60' } }));
  await send(world.provider);
  world.clock.advance(3_600);
  received().length = 0;
  world.receiver.answers = ['hang'];
  const alone = world.replica({ timing: { webhookMs: 1_000 } });
  const sending = send(alone);
  await vi.waitFor(() => expect(received()).toHaveLength(1));
  alone.webhooks.wake();
  await sending;
  await alone.idle();
  // The one that hung was followed by the next one alone, which was answered; then all could go.
  expect(received()).toHaveLength(3);
  expect(await world.provider.webhooks.endpoint()).toEqual({
    stoppedAt: undefined,
    pausedUntil: undefined,
    reason: undefined,
  });
});

test('a settlement that fails is told, and what was sent is sent again under its id', async () => {
  const [id = ''] = await create(1);
  await silent().extensions.setStatus(id, 'sleeping');
  const settle = async () => await Promise.reject(new Error('no database'));
  await expect(send(process({ settle }))).rejects.toThrow('no database');
  expect(received()).toHaveLength(1);
  await send(world.provider);
  expect(received()).toHaveLength(1);
  world.clock.advance(60);
  await send(world.provider);
  expect(new Set(received().map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(received()).toHaveLength(2);
});

test('what is answered while nothing can be claimed is on record, and is not sent again', async () => {
  const [quick = '', slow = ''] = await create(2);
  const silently = silent();
  for (const id of [quick, slow]) await silently.extensions.setStatus(id, 'sleeping');
  const { outbox } = createProviderStore(world.database.db);
  const { outgoing } = world.options;
  let claims = 0;
  let failed: () => void = () => undefined;
  const cannotClaim = new Promise<void>((resolve) => (failed = resolve));
  const claim: OutboxStore['claim'] = async (wish) => {
    claims += 1;
    if (claims === 1) return await outbox.claim(wish);
    failed();
    throw new Error('no database');
  };
  const sending: Outgoing['send'] = async (request) => {
    const answer = await outgoing.send(request);
    if (String(request.body).includes(slow)) await cannotClaim;
    return answer;
  };
  const provider = process({ claim }, { outgoing: { ...outgoing, send: sending } });
  await expect(send(provider)).rejects.toThrow('no database');
  world.clock.advance(60);
  await send(world.provider);
  expect(received()).toHaveLength(2);
  expect(await world.provider.webhooks.backlog()).toEqual({ pending: 0, oldest: undefined });
});

test('a batch whose settlement fails once is settled before anybody could send it again', async () => {
  const ids = await create(3);
  const silently = silent();
  for (const id of ids) await silently.extensions.setStatus(id, 'sleeping');
  const { outbox } = createProviderStore(world.database.db);
  let settlements = 0;
  const settle: OutboxStore['settle'] = async (...given) => {
    settlements += 1;
    if (settlements === 1) throw new Error('no database');
    await outbox.settle(...given);
  };
  await expect(send(process({ settle }))).rejects.toThrow('no database');
  world.clock.advance(60);
  await send(world.provider);
  expect(received()).toHaveLength(3);
});

test('an answer that is cut within a character is settled with its neighbours', async () => {
  const ids = await create(3);
  const silently = silent();
  for (const id of ids) await silently.extensions.setStatus(id, 'sleeping');
  // Characters of two units each, at every place where a text may be cut.
  const bodies = ['', 'a', 'ab'].map((before) => before + '\u{1f680}'.repeat(3_000));
  world.receiver.answers = bodies.map((body) => ({ status: 500, body }));
  await send(world.provider);
  for (const id of ids) {
    const [delivery] = await world.provider.extensions.deliveries({ extensionId: id });
    expect(delivery?.outcome).toBe('failed');
    expect(delivery?.answer).toMatch(/\u{1f680}\u2026\[cut\]$/u);
  }
});

test('HOOK-9: a backlog is worked off sixteen at a time, however long it has become', async () => {
  const ids = await create(100);
  const silently = silent();
  for (const id of ids) await silently.extensions.setStatus(id, 'sleeping', 'sleeping');
  const { outgoing } = world.options;
  let [under, most] = [0, 0];
  const sending: Outgoing['send'] = async (request) => {
    most = Math.max(most, (under += 1));
    return await outgoing.send(request).finally(() => (under -= 1));
  };
  await send(process({}, { outgoing: { ...outgoing, send: sending } }));
  expect(received()).toHaveLength(100);
  expect(most).toBe(16);
});
