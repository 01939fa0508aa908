import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { FileLockedError, type Secret } from '@hangar/security';
import { lockFolder } from './folder-lock.ts';
import { migrationsFolder } from './migrate.ts';

/** What a Postgres is found to be, without changing anything in it. */
export interface ServerFindings {
  /** Such as 18. */
  readonly major: number;
  readonly isReadOnly: boolean;
  /** Whether this user may make tables in it. */
  readonly mayCreate: boolean;
  /** Changes of the schema that a start would make; all of them where Hangar never started. */
  readonly pending: number;
  /** By how much its clock is ahead of ours, in milliseconds; the way there and back halved. */
  readonly clockAheadMs: number;
}

/** Somebody waits at a terminal for it. */
const WITHIN_MS = 5_000;

/**
 * Looks at a Postgres.
 *
 * @throws the driver's error when it does not answer or refuses the user.
 */
export async function examineServer(databaseUrl: Secret, nowMs: () => number): Promise<ServerFindings> {
  const client = new pg.Client({
    connectionString: databaseUrl.reveal(),
    connectionTimeoutMillis: WITHIN_MS,
    query_timeout: WITHIN_MS,
  });
  // A lost connection fails the statement; the event itself needs a listener, or it ends the process.
  client.on('error', () => {});
  try {
    await client.connect();
    const asked = nowMs();
    const facts = await client.query<{
      version: number;
      standby: boolean;
      create: boolean;
      ms: string;
      made: boolean;
    }>(
      `select current_setting('server_version_num')::int as version,
        pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as standby,
        has_database_privilege(current_database(), 'CREATE') and has_schema_privilege('public', 'CREATE') as create,
        extract(epoch from clock_timestamp()) * 1000 as ms,
        to_regclass('drizzle.__drizzle_migrations') is not null as made`,
    );
    const answered = nowMs();
    const [row] = facts.rows;
    if (row === undefined) throw new Error('a select without a row');
    const made = row.made
      ? (
          await client.query<{ count: number }>(
            'select count(*)::int as count from drizzle.__drizzle_migrations',
          )
        ).rows
      : [];
    return {
      major: Math.floor(row.version / 10_000),
      isReadOnly: row.standby,
      mayCreate: row.create,
      pending: knownMigrations() - (made[0]?.count ?? 0),
      clockAheadMs: Math.round(Number(row.ms) - (asked + answered) / 2),
    };
  } finally {
    await client.end();
  }
}

/** What the folder of an embedded database is found to be, without opening or making anything. */
export interface FolderFindings {
  /** The process that has it open; undefined when none has. */
  readonly heldBy: number | undefined;
  readonly isMade: boolean;
  readonly isWritable: boolean;
  readonly freeBytes: number;
}

/** Looks at a folder that may not be there yet. */
export function examineFolder(dataDir: string): FolderFindings {
  let nearest = dataDir;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  const { bavail, bsize } = statfsSync(nearest);
  const isWritable = allows(nearest);
  return {
    heldBy: existsSync(dataDir) && isWritable ? holderOf(join(dataDir, 'pg.lock')) : undefined,
    isMade: existsSync(join(dataDir, 'pg')),
    isWritable,
    freeBytes: bavail * bsize,
  };
}

function holderOf(file: string): number | undefined {
  try {
    lockFolder(file).release();
    return undefined;
  } catch (error) {
    if (error instanceof FileLockedError) return error.holder?.pid ?? 0;
    throw error;
  }
}

function allows(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

function knownMigrations(): number {
  const journal = JSON.parse(readFileSync(join(migrationsFolder, 'meta/_journal.json'), 'utf8')) as {
    entries: readonly unknown[];
  };
  return journal.entries.length;
}
