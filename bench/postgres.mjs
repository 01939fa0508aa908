// A Postgres that keeps its promises (every commit is flushed), and pgbench on it. Imported by the benchmarks.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../scripts/embedded-postgres.mjs';

const DURABLE = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'fsync=on',
  'synchronous_commit=on',
  'max_connections=100',
];

/** Starts the server of the npm package in a folder that goes with it, for as long as `use` takes. */
export async function withServer(use) {
  const folder = mkdtempSync(join(tmpdir(), 'hangar-bench-'));
  const server = await startEmbeddedPostgres(folder, DURABLE);
  try {
    await use({ folder, createDatabase: async (name) => await createDatabase(server.url, name) });
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function createDatabase(serverUrl, name) {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Where Debian's package of Postgres has pgbench; undefined where it is not installed. */
export function findPgbench() {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .map((version) => join(root, version, 'bin', 'pgbench'))
    .findLast((path) => existsSync(path));
}

/** Transactions a second of one statement, prepared, with 10 connections. */
export function pgbench({ path, url, folder, name, script, constants = {}, seconds }) {
  const file = join(folder, `${name}.sql`);
  writeFileSync(file, script);
  const { hostname, port, pathname, username, password } = new URL(url);
  const run = spawnSync(
    path,
    [
      '--no-vacuum',
      '--protocol=prepared',
      '--client=10',
      '--jobs=1',
      `--time=${seconds}`,
      `--file=${file}`,
      ...Object.entries(constants).map(([variable, value]) => `--define=${variable}=${value}`),
      `--host=${hostname}`,
      `--port=${port}`,
      `--username=${username}`,
      pathname.slice(1),
    ],
    { encoding: 'utf8', env: { ...process.env, PGPASSWORD: password } },
  );
  const rate = /tps = ([0-9.]+) \(without/.exec(run.stdout)?.[1];
  if (run.status !== 0 || rate === undefined) throw new Error(`pgbench failed: ${run.stderr.slice(0, 2000)}`);
  return Number(rate);
}

/** Commits so far that wrote something: each takes a number of its own, and so does this question. */
export async function commitsOf(client) {
  const { rows } = await client.query('select pg_current_xact_id()::text as number');
  return Number(rows[0].number);
}
