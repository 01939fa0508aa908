import type { PGlite } from '@electric-sql/pglite';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres';
import { HangarError, inWords, type Log, silentLog } from '@hangar/http';
import type { FileLock, Secret } from '@hangar/security';
import { type Database, sqlState } from '../database.ts';
import { claimFolder, isFull } from './claim-folder.ts';
import { openFolder, type EmbeddedFolder } from './embedded-folder.ts';
import { openEngine } from './engine.ts';
import { migrateEmbedded, migrateServer } from './migrate.ts';
import { reportingOutages } from './outage.ts';
import { openPool } from './pool.ts';
import * as schema from '../schema/index.ts';
import { listenOnPool, type Listener } from './signals.ts';
import { createWriteProbe } from './write-probe.ts';

/** An open database, whichever engine is behind it. */
export interface Store {
  readonly engine: 'pglite' | 'postgres';
  readonly db: Database;
  /** Runs SQL text as pg-boss writes it: several statements at once when there are no values. */
  execute(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  /** Calls `heard` for each NOTIFY on `channel`, until the returned function is called. */
  listen(channel: string, heard: () => void): Promise<() => Promise<void>>;
  /** Writes something tiny. Throws `unavailable` when nothing can be written, and says why in its detail. */
  tryWrite(): Promise<void>;
  close(): Promise<void>;
}

/** Where the data lives: a Postgres, or a folder for the embedded one. */
export interface OpenStoreOptions {
  /** `postgres://…`; when absent the embedded database is used. */
  readonly databaseUrl?: Secret | undefined;
  /** Folder of the embedded database; `undefined` keeps it in memory. */
  readonly dataDir?: string | undefined;
  /** The lock of that folder, when it was claimed before; the store gives it back when it closes. */
  readonly lock?: FileLock | undefined;
  /**
   * Connections to a Postgres server. Default 10: two cores gain nothing from more
   * (docs/specs/promises.md#connections).
   */
  readonly connections?: number;
  readonly log?: Log;
}

/**
 * Opens and migrates the database.
 *
 * @throws FileLockedError when another process holds the embedded folder.
 * @throws HangarError `config_invalid` when the server cannot be reached or the folder cannot be used.
 *
 * @example
 * const store = await openStore({ dataDir: '/var/lib/hangar' }); // or { databaseUrl: Secret.of('postgres://…') }
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  return options.databaseUrl === undefined
    ? await openEmbedded(options.dataDir, options.lock)
    : await openServer(options.databaseUrl, options);
}

async function openEmbedded(dataDir: string | undefined, held: FileLock | undefined): Promise<Store> {
  const lock = held ?? (dataDir === undefined ? undefined : claimFolder(dataDir));
  try {
    const { client, settled } = await openOrMake(dataDir).catch((error: unknown) => {
      throw doesNotOpen(dataDir ?? 'memory', error);
    });
    await migrateEmbedded(client).catch((error: unknown) => {
      throw new HangarError('config_invalid', {
        public: `The database in ${dataDir ?? 'memory'} cannot be brought up to date (${sqlState(error) ?? 'unknown'}). It was made by another version; see docs/decisions/0003, or choose another HANGAR_DATA_DIR.`,
        cause: error,
      });
    });
    settled();
    return embeddedStore(client, () => lock?.release());
  } catch (error) {
    lock?.release();
    throw error;
  }
}

async function openOrMake(dataDir: string | undefined): Promise<EmbeddedFolder> {
  if (dataDir === undefined) return { client: await openEngine(), settled: () => {} };
  return await openFolder(dataDir);
}

/** PGlite says only that it failed, and of a full disk not even that: which of the two it is, the disk itself says. */
function doesNotOpen(dataDir: string, error: unknown): HangarError {
  return new HangarError('config_invalid', {
    public: isFull(dataDir)
      ? `The disk that holds ${dataDir} is full. Make room, or set HANGAR_DATA_DIR to a folder on another one.`
      : `The database in ${dataDir} does not open (${inWords(error)}): it is damaged. Restore the folder from a backup, or move it away to begin with an empty one; docs/operating.md has more.`,
    cause: error,
  });
}

/** Wraps a PGlite that is already open and migrated; the test harness opens them from a template. */
export function embeddedStore(engine: PGlite, closed: () => void = () => {}): Store {
  const probe = createWriteProbe();
  const client = reportingOutages(engine, probe.heard);
  const db = drizzlePglite({ client, schema });
  return {
    engine: 'pglite',
    db,
    execute: async (text, values) =>
      values !== undefined && values.length > 0
        ? await client.query(text, values)
        : ((await client.exec(text)).at(-1) ?? { rows: [] }),
    listen: async (channel, heard) => await client.listen(channel, heard),
    tryWrite: async () => await probe.tryWrite(db),
    close: async () => {
      await client.close();
      closed();
    },
  };
}

async function openServer(databaseUrl: Secret, options: OpenStoreOptions): Promise<Store> {
  const log = options.log ?? silentLog;
  const probe = createWriteProbe();
  const pool = openPool(databaseUrl, { max: options.connections ?? 10, log, heard: probe.heard });
  try {
    await migrateServer(pool);
  } catch (error) {
    await pool.end();
    throw new HangarError('config_invalid', {
      public: `The database of DATABASE_URL does not answer or cannot be migrated (${(error as { code?: string }).code ?? 'unknown'}). Check that the server runs and that the user may create tables.`,
      cause: error,
    });
  }
  const listeners = new Set<Listener>();
  const db = drizzlePostgres({ client: pool, schema }) as unknown as Database;
  return {
    engine: 'postgres',
    db,
    execute: async (text, values) => await pool.query(text, values),
    listen: async (channel, heard) => {
      const listener = listenOnPool(databaseUrl, channel, heard, log);
      listeners.add(listener);
      await listener.ready;
      return async () => {
        listeners.delete(listener);
        await listener.stop();
      };
    },
    tryWrite: async () => await probe.tryWrite(db),
    close: async () => {
      await Promise.all([...listeners].map((listener) => listener.stop()));
      await pool.end();
    },
  };
}
