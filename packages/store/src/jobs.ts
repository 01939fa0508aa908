import PgBoss from 'pg-boss';
import { type Log, silentLog } from '@hangar/security';
import type { Store } from './open.ts';

/** Scheduled background work, shared by every process on one database. */
export interface Jobs {
  /** Runs `work` every `minutes` (1 to 59), in one process at a time. A run that fails is not repeated before its next time. */
  schedule(name: string, minutes: number, work: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** How long a run may take before another process may start the next one. */
const EXPIRE_SECONDS = 15 * 60;

/** How often a process looks for due work; a sweep by the minute needs no more. */
const POLL_SECONDS = 10;

/** Starts pg-boss on the store: a schema of its own beside ours, on PGlite and Postgres alike. */
export async function startJobs(store: Store, log: Log = silentLog): Promise<Jobs> {
  const boss = new PgBoss({
    db: { executeSql: async (text, values) => await store.execute(text, values) },
    schema: 'jobs',
  });
  boss.on('error', (error) => log.warn({ error }, 'job queue'));
  await boss.start();
  return {
    schedule: async (name, minutes, work) => {
      await boss.createQueue(name, {
        name,
        policy: 'stately',
        retryLimit: 0,
        expireInSeconds: EXPIRE_SECONDS,
      });
      await boss.schedule(name, `*/${minutes} * * * *`);
      await boss.work(name, { pollingIntervalSeconds: POLL_SECONDS }, work);
    },
    stop: async () => await boss.stop({ graceful: true, wait: true, timeout: 5_000 }),
  };
}
