import { fileURLToPath } from 'node:url';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import { migrate as migratePostgres } from 'drizzle-orm/node-postgres/migrator';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres';
import type { PGlite } from '@electric-sql/pglite';
import type { Pool } from 'pg';

/** Where the checked-in SQL lives, seen from `src` and from `dist` alike. */
export const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Any number; it only has to be the same in every process that migrates this database. */
const ADVISORY_LOCK = 7_241_600;

/** Brings an embedded database up to date. One process holds it, so nothing has to be locked. */
export async function migrateEmbedded(client: PGlite): Promise<void> {
  await migratePglite(drizzlePglite({ client }), { migrationsFolder });
}

/**
 * Brings a Postgres up to date. Drizzle's migrator is not safe for two starters (drizzle-orm issue
 * 874), so they queue on an advisory lock, taken and released on one connection.
 */
export async function migrateServer(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    try {
      await migratePostgres(drizzlePostgres({ client }), { migrationsFolder });
    } finally {
      await client.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK]);
    }
  } finally {
    client.release();
  }
}
