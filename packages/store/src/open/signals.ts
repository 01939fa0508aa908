import { sql } from 'drizzle-orm';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '@hangar/http';
import type { Secret } from '@hangar/security';
import type { Executor } from '../database.ts';

/** Announces on `channel` when the surrounding transaction commits; at once when there is none. */
export async function notify(executor: Executor, channel: string): Promise<void> {
  await executor.execute(sql`select pg_notify(${channel}, '')`);
}

/** A connection of its own that listens until stopped, and comes back when the server goes away. */
export interface Listener {
  /** The first connection listens. */
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
  const stopping = new AbortController();
  let client: pg.Client | undefined;

  /** Dials and listens; what it resolves with resolves when the connection is gone. */
  const dial = async (): Promise<{ gone: Promise<void> }> => {
    const next = new pg.Client({ connectionString: url.reveal(), keepAlive: true });
    client = next;
    const gone = new Promise<void>((resolve) => next.once('end', () => resolve()));
    next.on('notification', heard);
    // What breaks a connection ends it, and the end is waited for.
    next.on('error', () => {});
    try {
      await next.connect();
      await next.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      await next.end();
      throw error;
    }
    return { gone };
  };
  const stay = async (first: Promise<{ gone: Promise<void> }>): Promise<void> => {
    let { gone } = await first;
    while (!stopping.signal.aborted) {
      await gone;
      if (stopping.signal.aborted) return;
      log.warn({ channel }, 'listener lost its connection');
      ({ gone } = await redial());
      heard();
    }
  };
  const redial = async (): Promise<{ gone: Promise<void> }> => {
    for (;;) {
      await pause(REDIAL_MS, undefined, { signal: stopping.signal });
      const dialled = await dial().catch(() => undefined);
      if (dialled !== undefined) return dialled;
    }
  };
  const first = dial();
  // Ends by a stop, which interrupts the pause, or with the first dial, which `ready` tells.
  const staying = stay(first).catch(() => {});
  return {
    ready: first.then(() => undefined),
    stop: async () => {
      stopping.abort();
      await client?.end();
      await staying;
    },
  };
}
