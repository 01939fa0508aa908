import { execFileSync } from 'node:child_process';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import pg from 'pg';
import { asHangarError, HangarError, type Log, silentLog } from '@hangar/http';
import { Secret } from '@hangar/security';
import { openScratchDatabase, openStore, type ScratchDatabase, type Store } from '@hangar/store';
import { asOutage } from '../src/open/outage.ts';

const server = inject('postgresUrl');

/** Ends every other connection to the same database. */
const TERMINATE = `
  import pg from 'pg';
  const client = new pg.Client({ connectionString: process.env.URL });
  await client.connect();
  await client.query('select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
  await client.end();
`;

describe('an error of the driver', () => {
  test.each([
    ['a server that is stopped', { code: '57P01' }, 'unavailable'],
    ['one that starts', { code: '57P03' }, 'unavailable'],
    ['one with no connection left', { code: '53300' }, 'unavailable'],
    ['a refused connection', { code: 'ECONNREFUSED' }, 'unavailable'],
    ['a reset one', { code: 'ECONNRESET' }, 'unavailable'],
    ['a full disk', { code: '53100' }, 'unavailable'],
    ['a full folder', { code: 'ENOSPC' }, 'unavailable'],
    ['a read-only database', { code: '25006' }, 'unavailable'],
    ['a broken unique index', { code: '23505' }, 'internal'],
    ['a mistake in a statement', { code: '42601' }, 'internal'],
  ])('%s', (_, members, code) => {
    const error = Object.assign(new Error('as the driver says it'), members);
    const wrapped = new Error('Failed query', { cause: asOutage(error) });
    const answer = asHangarError(wrapped);
    expect(answer.code).toBe(code);
    expect(answer.retryAfterSeconds).toBe(code === 'unavailable' ? 5 : undefined);
  });

  test('that is ours already stays as it is', () => {
    const ours = new HangarError('conflict');
    expect(asOutage(ours)).toBe(ours);
    expect(asOutage(undefined)).toBeUndefined();
  });
});

describe.skipIf(server === '')('a connection that the server ends', () => {
  let scratch: ScratchDatabase;
  let admin: pg.Client;
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_, message) => void warnings.push(message) };

  const open = async (connections?: number): Promise<Store> =>
    await openStore({
      databaseUrl: Secret.of(scratch.url),
      log,
      connections,
    });
  /** Ends every connection to the scratch database that matches, and says how many there were. */
  const terminate = async (where = 'true'): Promise<number> => {
    const ended = await admin.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1 and ${where}`,
      [new URL(scratch.url).pathname.slice(1)],
    );
    return ended.rows.length;
  };
  const one = async (store: Store): Promise<unknown> => (await store.execute('select 1 as one')).rows;
  const codeOf = async (work: Promise<unknown>): Promise<string> =>
    await work.then(
      () => 'no error',
      (error: unknown) => asHangarError(error).code,
    );

  beforeAll(async () => {
    const made = await openScratchDatabase(server, 'outage');
    if (made === undefined) throw new Error('the test user may not create databases');
    scratch = made;
    admin = new pg.Client({ connectionString: server });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.end();
    await scratch.drop();
  });

  test('while idle is replaced, with one warning for all of them', async () => {
    const store = await open(4);
    await Promise.all([1, 2, 3, 4].map(async () => await store.execute('select pg_sleep(0.05)')));
    warnings.length = 0;
    expect(await terminate()).toBe(4);
    await expect.poll(() => warnings).toEqual(['database connection lost']);
    // One that was handed out before its end was noticed fails this query, and only this.
    await one(store).catch((error: unknown) => expect(asHangarError(error).code).toBe('unavailable'));
    expect(await one(store)).toEqual([{ one: 1 }]);
    await store.close();
  });

  test('in a query fails that query with `unavailable`', async () => {
    const store = await open();
    const asleep = codeOf(store.db.execute(sql`select pg_sleep(60)`));
    await expect
      .poll(async () => await terminate("state = 'active' and query like '%pg_sleep(60)%'"))
      .toBe(1);
    expect(await asleep).toBe('unavailable');
    expect(await one(store)).toEqual([{ one: 1 }]);
    await store.close();
  });

  test('in an open transaction fails the transaction, and nothing of it stays', async () => {
    const store = await open();
    await store.execute('create table if not exists kept (number int)');
    const code = await codeOf(
      store.db.transaction(async (tx) => {
        await tx.execute(sql`insert into kept values (1)`);
        expect(await terminate("state = 'idle in transaction'")).toBe(1);
        await tx.execute(sql`insert into kept values (2)`);
      }),
    );
    expect(code).toBe('unavailable');
    expect((await store.execute('select * from kept')).rows).toEqual([]);
    await store.close();
  });

  test('lets who waits in the pool have another one', async () => {
    const store = await open(1);
    let waiting: Promise<unknown> = Promise.resolve();
    const code = await codeOf(
      store.db.transaction(async (tx) => {
        await tx.execute(sql`select 1`);
        waiting = one(store);
        expect(await terminate("state = 'idle in transaction'")).toBe(1);
        await tx.execute(sql`select 1`);
      }),
    );
    expect(code).toBe('unavailable');
    expect(await waiting).toEqual([{ one: 1 }]);
    await store.close();
  });

  test('before a transaction could begin is not missing from the pool afterwards', async () => {
    const store = await open(2);
    const codes: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      await one(store);
      // From a process of its own, and waited for without a turn of the event loop: the pool hands out what is dead already.
      execFileSync(process.execPath, ['--input-type=module', '-e', TERMINATE], {
        env: { URL: scratch.url },
        cwd: import.meta.dirname,
      });
      codes.push(await codeOf(store.db.transaction(async (tx) => await tx.execute(sql`select 1`))));
    }
    expect(codes).toEqual(['unavailable', 'unavailable', 'unavailable']);
    expect(await Promise.all([one(store), one(store)])).toEqual([[{ one: 1 }], [{ one: 1 }]]);
    await store.close();
  });

  test('to a database that is read-only says so, and that it can be written again', async () => {
    const store = await open();
    await store.tryWrite();
    const name = pg.escapeIdentifier(new URL(scratch.url).pathname.slice(1));
    await admin.query(`alter database ${name} set default_transaction_read_only = on`);
    await terminate();
    await expect
      .poll(async () => await store.tryWrite().catch((error: unknown) => asHangarError(error).detail))
      .toBe('the database is read-only');
    await admin.query(`alter database ${name} reset default_transaction_read_only`);
    await terminate();
    await expect.poll(async () => await codeOf(store.tryWrite()), { timeout: 10_000 }).toBe('no error');
    await store.close();
  });

  test('a probe gives its connection back when what it writes to is locked, and waits for no other process', async () => {
    const store = await open(1);
    const other = new pg.Client({ connectionString: scratch.url });
    await other.connect();
    // Another process that hangs in the middle of its own probe.
    await store.tryWrite();
    await other.query(`begin; select from house_facts where name like 'write-probe%' for update`);
    expect(await codeOf(store.tryWrite())).toBe('no error');
    await other.query('rollback; begin; lock table house_facts');
    const probe = codeOf(store.tryWrite());
    expect(await one(store)).toEqual([{ one: 1 }]);
    expect(await probe).not.toBe('no error');
    await other.query('rollback');
    expect(await codeOf(store.tryWrite())).toBe('no error');
    expect((await store.execute(`select from house_facts where name like 'write-probe %'`)).rows).toEqual([]);
    await other.end();
    await store.close();
  });

  test('that listened dials again, and hears what was announced in between', async () => {
    const store = await open();
    let heard = 0;
    const stop = await store.listen('knock', () => {
      heard += 1;
    });
    warnings.length = 0;
    expect(await terminate("query like 'listen %'")).toBe(1);
    await expect.poll(() => warnings).toEqual(['listener lost its connection']);
    // The reconnect itself counts as an announcement.
    await expect.poll(() => heard, { timeout: 10_000 }).toBe(1);
    await store.execute("select pg_notify('knock', '')");
    await expect.poll(() => heard).toBe(2);
    await stop();
    await store.close();
  });
});
