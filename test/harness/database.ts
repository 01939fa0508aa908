import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { openStore, type Store } from '@hangar/store';
import { Secret } from '@hangar/security';
import { openEmbedded } from './embedded.ts';
import { databaseAt, TEMPLATE } from './postgres.ts';

/** A database of a test's own, migrated and empty. */
export interface TestDatabase extends Store {
  /** True when several connections are possible, which PGlite cannot give. */
  readonly concurrent: boolean;
  /** A second, independent connection to the same data; the same object on PGlite. */
  another(): Promise<Store>;
}

/** Opens a fresh database: PGlite from the template, or a clone on the server of the Postgres lane. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  return server === '' ? await fromTemplate() : await fromServer(server);
}

async function fromTemplate(): Promise<TestDatabase> {
  const store = await openEmbedded(inject('pgliteTemplate'));
  return { ...store, concurrent: false, another: async () => ({ ...store, close: async () => {} }) };
}

async function fromServer(server: string): Promise<TestDatabase> {
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  // Cloning needs the template to itself; other test files may be cloning at this moment.
  await admin.query('select pg_advisory_lock(1)');
  await admin.query(`create database ${name} template ${TEMPLATE}`);
  await admin.query('select pg_advisory_unlock(1)');
  await admin.end();
  const databaseUrl = Secret.of(databaseAt(server, name));
  return {
    ...(await openStore({ databaseUrl })),
    concurrent: true,
    another: async () => await openStore({ databaseUrl }),
  };
}
