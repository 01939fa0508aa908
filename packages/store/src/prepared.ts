import { createHash } from 'node:crypto';
import { getTableColumns, type InferSelectModel } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Executor } from './database.ts';

/** A column as either driver answers it: whole numbers may be text, number or bigint. `read` makes one form of them. */
export type Raw = Readonly<Record<string, unknown>>;

/** A statement with its text fixed: run it on the database or in a transaction. */
export type Statement<Values extends readonly unknown[], Row> = (
  executor: Executor,
  ...values: Values
) => Promise<readonly Row[]>;

/** node-postgres, its pool or one client of it. */
interface Server {
  query(question: { name: string; text: string; values: unknown[] }): Promise<{ rows: Raw[] }>;
}

/** PGlite or one of its transactions. */
interface Embedded {
  query(text: string, values: unknown[]): Promise<{ rows: Raw[] }>;
  exec(text: string): Promise<unknown>;
}

/**
 * The one way to a statement of a hot path: no text is built when it runs, and a server parses it once for each
 * connection. JSON goes in as text with a cast in the statement, because drivers differ in what they make of lists.
 *
 * @param name what it is called on the server; the text's own digest is added, so that two versions of Hangar behind one
 *   connection pooler never mean different statements by one name
 * @param read makes a row of ours of what the driver answered
 */
export function statement<Values extends readonly unknown[], Row>(
  name: string,
  text: string,
  read: (row: Raw) => Row,
): Statement<Values, Row> {
  const named = `${name}_${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
  return async (executor, ...values) => {
    const driver = driverOf(executor);
    const { rows } =
      'exec' in driver
        ? await driver.query(text, [...values])
        : await driver.query({ name: named, text, values: [...values] });
    return rows.map(read);
  };
}

/**
 * All columns of a table as this build knows it, for a select whose rows {@link rowOf} reads. Never `*`: a newer build adds
 * columns while this one runs, and Postgres refuses a prepared statement whose result has got another form.
 *
 * @param from what to call the table in front of each
 */
export function columnsOf(table: PgTable, from: string): string {
  return Object.values(getTableColumns(table))
    .map((column) => `${from}.${column.name}`)
    .join(', ');
}

/** Reads rows that have all columns of a table, under the database's names, into the form that Drizzle gives them. */
export function rowOf<T extends PgTable>(table: T): (raw: Raw) => InferSelectModel<T> {
  const columns = Object.entries(getTableColumns(table));
  return (raw) => {
    const row: Record<string, unknown> = {};
    for (const [key, column] of columns) {
      const value = raw[column.name];
      row[key] = value === null ? null : column.mapFromDriverValue(value);
    }
    return row as InferSelectModel<T>;
  };
}

/** Drizzle keeps the driver in its session, of a transaction as of the database. */
function driverOf(executor: Executor): Server | Embedded {
  return (executor._.session as unknown as { readonly client: Server | Embedded }).client;
}
