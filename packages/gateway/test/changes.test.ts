import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change, ChangePage, Environment, Workspace } from '@hangar/gateway';
import { changeFeedTask } from '../src/locate/feed.ts';
import { LocatorMemory } from '../src/locate/memory.ts';
import { openWorld, plainMachine, type World } from './world.ts';

let world: World;
let environment: Environment;
let machine: string;
beforeAll(async () => {
  world = await openWorld();
  await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'own' } });
  const made = await world.ask('POST', '/v1/apps/own/machines', { token: world.token, body: plainMachine });
  machine = made.json.id;
  const found = await world.store.environmentNamed('own');
  if (!found) throw new Error('the environment is not there');
  environment = found;
});
afterAll(async () => await world.close());

const named = (changes: readonly Change[]): string[] =>
  changes.map(({ kind, subject }) => `${kind} ${subject}`);

/**
 * Where the feed goes on behind all that was done before. Transactions of other databases on the same server hold it back while
 * they are open; so this waits for them.
 */
async function behindAll(): Promise<ChangePage> {
  let page = await world.store.changesSince(undefined);
  await expect
    .poll(
      async () => {
        page = await world.store.changesSince(undefined);
        return (await world.store.changesSince(page.horizon)).changes;
      },
      { timeout: 20_000 },
    )
    .toEqual([]);
  return page;
}

describe('the feed of changes', () => {
  it('has what requests are judged by, and not what only its maker looks at', async () => {
    const { store, database } = world;
    const { horizon, changes, readAt } = await behindAll();
    expect(changes).toEqual([]);
    expect((await store.changesSince(horizon)).readAt.getTime()).toBeGreaterThanOrEqual(readAt.getTime());
    const at = new Date();
    const held = { lease: { holder: 'somebody', heldUntil: at }, now: at };
    await store.claim({ id: environment.id, ...held, from: ['ready'], changes: {} });
    await store.record({ id: environment.id, ...held, changes: { journal: [] } });
    const known = await store.machine(machine);
    if (!known) throw new Error('the machine is not there');
    await store.saveMachine({ ...known, state: 'stopped' }, []);
    expect((await store.changesSince(horizon)).changes).toEqual([]);

    await store.record({ id: environment.id, ...held, changes: { phase: 'ready' } });
    await store.saveMachine({ ...known, destroyedAt: at }, []);
    await store.closeWorkspace(world.workspace.number, at);
    await database.execute('update gateway_workspaces set closed_at = null');
    const seen = named((await store.changesSince(horizon)).changes);
    expect(new Set(seen)).toEqual(
      new Set([`environment ${environment.id}`, `machine ${machine}`, `workspace ${world.workspace.number}`]),
    );
  });

  it('misses nothing of a transaction that was open while others came and went', async (test) => {
    if (!world.database.concurrent) return test.skip();
    const { store, database } = world;
    const start = (await behindAll()).horizon;
    let late: ChangePage | undefined;
    await database.db.transaction(async (tx) => {
      await tx.execute(`update gateway_machines set destroyed_at = now() where id = '${machine}'`);
      // A later transaction is over before this one, which still holds its place in the feed.
      await store.closeWorkspace(world.workspace.number, new Date());
      late = await store.changesSince(start);
    });
    expect(named(late?.changes ?? [])).toEqual([`workspace ${world.workspace.number}`]);
    const { changes } = await store.changesSince(late?.horizon);
    expect(named(changes)).toContain(`machine ${machine}`);
    await database.execute('update gateway_workspaces set closed_at = null');
  });

  it('drops nothing that somebody may still have to read', async () => {
    const { store, database } = world;
    const { horizon } = await behindAll();
    await database.execute('update gateway_machines set destroyed_at = null');
    await store.dropChanges();
    expect((await store.changesSince(horizon)).changes).toHaveLength(1);
    await database.execute(`update gateway_changes set at = now() - interval '61 minutes'`);
    await store.dropChanges();
    expect((await store.changesSince(horizon)).changes).toEqual([]);
  });
});

describe('what is remembered', () => {
  const changed: Change = { kind: 'environment', subject: 'env_1' };
  const row = { id: 'env_1', name: 'own', workspace: 70001n } as Environment;
  const pages = (...given: Partial<ChangePage>[]) => {
    let elapsed = 0;
    const memory = new LocatorMemory(() => elapsed);
    const readAt = new Date(0);
    const store = {
      changesSince: async () =>
        await Promise.resolve({ horizon: 1n, changes: [], isCut: false, readAt, ...given.shift() }),
    };
    const feed = changeFeedTask({ store, memory }, () => elapsed);
    return {
      memory,
      pass: (ms: number) => (elapsed += ms),
      read: async () => await feed.run(new AbortController().signal),
    };
  };

  it('is nothing before the feed was read, and nothing 750 ms after it was asked', async () => {
    const { memory, read, pass } = pages();
    memory.remember(memory.begin(), { environment: row });
    await read();
    expect(memory.environment('own')).toBeUndefined();
    memory.remember(memory.begin(), { environment: row });
    pass(750);
    expect(memory.environment('own')).toBe(row);
    pass(1);
    expect(memory.environment('own')).toBeUndefined();
    await read();
    expect(memory.environment('own')).toBeUndefined();
  });

  it('is not what was read before a change that has been heard of since', async () => {
    const { memory, read } = pages({}, { changes: [changed] });
    await read();
    const era = memory.begin();
    await read();
    memory.remember(era, { environment: row });
    expect(memory.environment('own')).toBeUndefined();
  });

  it.each<[string, Partial<ChangePage>]>([
    ['leaves something out', { isCut: true }],
    ['is that of an older database', { horizon: 0n }],
    [
      'comes so late that changes may have been dropped, as to one that was suspended',
      { readAt: new Date(1_800_001) },
    ],
    ['is from before the last one, by the clock of the database', { readAt: new Date(-1_800_001) }],
  ])('is nothing after a page that %s', async (_, page) => {
    const { memory, read } = pages({}, page);
    await read();
    memory.remember(memory.begin(), { environment: row, workspace: { number: 70001n } as Workspace });
    await read();
    expect(memory.environment('own')).toBeUndefined();
    expect(memory.workspace(70001n)).toBeUndefined();
    memory.remember(memory.begin(), { environment: row });
    expect(memory.environment('own')).toBe(row);
  });

  it('has a bound, and what was used longest ago goes first', async () => {
    const { memory, read } = pages();
    await read();
    const nth = (n: number) => ({ ...row, id: `env_${n}`, name: `app-${n}` });
    for (let n = 0; n <= 20_000; n += 1) {
      memory.remember(memory.begin(), { environment: nth(n) });
      if (n === 10_000) memory.environment('app-0');
    }
    expect(memory.environment('app-0')).toBeDefined();
    expect(memory.environment('app-1')).toBeUndefined();
    expect(memory.environment('app-20000')).toBeDefined();
  });
});
