import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { sqlState } from '../database.ts';

/** SQLSTATE of "you may not". */
const INSUFFICIENT_PRIVILEGE = '42501';

/** A database made for one purpose and dropped after it. */
export interface ScratchDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/**
 * Creates an empty database beside the one at `url`; undefined when that user may not create any.
 *
 * @throws the driver's error when the server does not answer.
 */
export async function openScratchDatabase(url: string, prefix: string): Promise<ScratchDatabase | undefined> {
  const name = `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  try {
    await onServer(url, `create database ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    if (sqlState(error) === INSUFFICIENT_PRIVILEGE) return undefined;
    throw error;
  }
  const scratch = new URL(url);
  scratch.pathname = `/${name}`;
  return {
    url: scratch.href,
    drop: async () =>
      await onServer(url, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`),
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  // A lost connection fails the statement; the event itself needs a listener, or it ends the process.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
