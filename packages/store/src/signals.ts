import { sql } from 'drizzle-orm';
import pg from 'pg';
import type { Log, Secret } from '@hangar/security';
import type { Executor } from './database.ts';

/** Announces on `channel` when the surrounding transaction commits; at once when there is none. */
export async function notify(executor: Executor, channel: string): Promise<void> {
  await executor.execute(sql`select pg_notify(${channel}, '')`);
}

/** A connection of its own that listens until stopped, and comes back when the server goes away. */
export interface Listener {
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** How long a lost listener waits before it dials again; pollers cover the gap. */
const REDIAL_MS = 1_000;

/**
 * LISTEN needs a session that stays, so it does not come from the pool. After a reconnect `heard` is
 * called once, because whatever was announced in between was missed.
 */
export function listenOnPool(url: Secret, channel: string, heard: () => void, log: Log): Listener {
  let stopped = false;
  let client: pg.Client | undefined;
  let redial: NodeJS.Timeout | undefined;

  const dial = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: url.reveal() });
    client = next;
    next.on('notification', heard);
    next.on('error', () => {});
    next.on('end', () => {
      if (stopped || client !== next) return;
      log.warn({ channel }, 'listener lost its connection');
      redial = setTimeout(() => void again(), REDIAL_MS);
    });
    await next.connect();
    await next.query(`listen ${pg.escapeIdentifier(channel)}`);
  };
  const again = async (): Promise<void> => {
    if (stopped) return;
    try {
      await dial();
      heard();
    } catch {
      redial = setTimeout(() => void again(), REDIAL_MS);
    }
  };
  return {
    ready: dial(),
    stop: async () => {
      stopped = true;
      clearTimeout(redial);
      await client?.end();
    },
  };
}
