import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type * as schema from './schema/index.ts';

/** The shape of the whole database, as Drizzle sees it. */
export type Schema = typeof schema;

/**
 * Anything that can run SQL: the database or a transaction. Functions that touch tables take it as
 * their first argument, so that a caller's transaction always reaches them. On PGlite there is one
 * connection: reaching for the outer database inside a transaction waits for ever.
 */
export type Executor = PgDatabase<PgQueryResultHKT, Schema>;

/** The outer database, which can also open transactions. */
export type Database = Executor;

/**
 * The SQLSTATE of a failed statement, wherever the driver put it, or undefined when the error is not
 * the database's.
 */
export function sqlState(error: unknown): string | undefined {
  for (let current: unknown = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    const code = (current as { code?: unknown }).code;
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
    current = current.cause;
  }
  return undefined;
}

/** True when the statement broke a unique index (SQLSTATE 23505). */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}
