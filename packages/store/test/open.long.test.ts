import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { describe, expect, inject, test } from 'vitest';
import { HangarError } from '@hangar/http';
import { Secret } from '@hangar/security';
import { installationId, openScratchDatabase, openStore, startJobs } from '@hangar/store';
import { openTestDatabase } from '../../../test/harness/database.ts';
import { freePort } from '../../../test/harness/postgres.ts';

const server = inject('postgresUrl');
const now = (): Date => new Date('2026-11-20T12:00:00Z');

describe('opening the database', () => {
  test('an installation has one id, whoever asks and however often', async () => {
    const store = await openTestDatabase();
    const second = await store.another();
    const ids = await Promise.all(
      [store, second, store].map(async (each) => await installationId(each.db, now)),
    );
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[a-z2-7]{8}$/);
    await second.close();
    await store.close();
  });

  test('a folder remembers what was committed when it is opened again', async () => {
    const dataDir = join(mkdtempSync(join(tmpdir(), 'hangar-open-')), 'deep', 'data');
    const first = await openStore({ dataDir });
    const id = await installationId(first.db, now);
    await first.close();
    const again = await openStore({ dataDir });
    expect(await installationId(again.db, now)).toBe(id);
    await again.close();
  });

  test('a folder that cannot be written is one sentence with the remedy', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'hangar-open-')), 'a-file');
    writeFileSync(file, '');
    const failure = await openStore({ dataDir: join(file, 'data') }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HangarError);
    expect((failure as HangarError).sentence).toMatch(/cannot be written .*HANGAR_DATA_DIR/);
  });

  test('a server that does not answer is one sentence, without the password', async () => {
    const url = `postgres://hangar:very-secret-password@127.0.0.1:${await freePort()}/none`;
    const failure = await openStore({ databaseUrl: Secret.of(url) }).catch((error: unknown) => error);
    expect((failure as HangarError).sentence).toMatch(/DATABASE_URL does not answer/);
    expect(JSON.stringify(failure)).not.toContain('very-secret-password');
  });

  test('a notification reaches a listener after the commit', async () => {
    const store = await openTestDatabase();
    let heard = 0;
    const arrived = new Promise<void>((resolve) => {
      void store
        .listen('knock', () => {
          heard += 1;
          resolve();
        })
        .then(async () => await store.db.execute(sql`select pg_notify('knock', '')`));
    });
    await arrived;
    expect(heard).toBe(1);
    await store.close();
  });

  test('the job queue starts, schedules and stops on this engine', async () => {
    const store = await openTestDatabase();
    const jobs = await startJobs(store);
    await jobs.schedule('sweep-nonces', 300, async () => {});
    const { rows } = await store.execute("select name, cron from jobs.schedule where name = 'sweep-nonces'");
    expect(rows).toEqual([{ name: 'sweep-nonces', cron: '*/5 * * * *' }]);
    await jobs.stop();
    await store.close();
  });
});

describe.skipIf(server === '')('on a Postgres server', () => {
  test('KEY-8: twenty starters migrate an empty database together, once', async () => {
    const scratch = await openScratchDatabase(server, 'race');
    if (scratch === undefined) throw new Error('the test user may not create databases');
    const databaseUrl = Secret.of(scratch.url);
    const stores = await Promise.all(
      Array.from({ length: 20 }, async () => await openStore({ databaseUrl, connections: 2 })),
    );
    const { rows } = await stores
      .at(0)!
      .execute('select count(*)::int - count(distinct hash)::int as twice from drizzle.__drizzle_migrations');
    expect(rows).toEqual([{ twice: 0 }]);
    await Promise.all(stores.map(async (store) => await store.close()));
    await scratch.drop();
  });
});
