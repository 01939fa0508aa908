import PgBoss from 'pg-boss';
import { type Log, silentLog } from '@hangar/http';
import type { Store } from './open/open.ts';

/** Scheduled background work, shared by every process on one database. */
export interface Jobs {
  /**
   * Runs `work` every so many seconds, in one process at a time. A run that fails is not repeated before its next time.
   *
   * @throws RangeError for a time that a schedule cannot keep: it must divide an hour or a day into whole minutes or hours.
   */
  schedule(name: string, everySeconds: number, work: () => Promise<void>): Promise<void>;
  /** Makes the tables that a schedule of this name needs, and nothing else: the dear part of its first time. */
  prepare(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** How long a run may take before another process may start the next one. */
const EXPIRE_SECONDS = 15 * 60;

/** How often a process looks for due work; a sweep by the minute needs no more. */
const POLL_SECONDS = 10;

/** The times of a schedule: whole minutes that divide an hour, or whole hours that divide a day. Cron knows no others. */
export function cronOf(everySeconds: number): string {
  const minutes = everySeconds / 60;
  if (Number.isInteger(minutes) && minutes > 0) {
    if (60 % minutes === 0 && minutes < 60) return `*/${minutes} * * * *`;
    const hours = minutes / 60;
    if (Number.isInteger(hours) && 24 % hours === 0) return hours === 24 ? '0 0 * * *' : `0 */${hours} * * *`;
  }
  throw new RangeError(
    `every ${everySeconds} seconds is no schedule: it must divide an hour or a day evenly`,
  );
}

/** Starts pg-boss on the store: a schema of its own beside ours, on PGlite and Postgres alike. */
export async function startJobs(store: Store, log: Log = silentLog): Promise<Jobs> {
  const boss = new PgBoss({
    db: { executeSql: async (text, values) => await store.execute(text, values) },
    schema: 'jobs',
  });
  boss.on('error', (error) => log.warn({ error }, 'job queue'));
  await boss.start();
  const prepare = async (name: string): Promise<void> =>
    await boss.createQueue(name, { name, policy: 'stately', retryLimit: 0, expireInSeconds: EXPIRE_SECONDS });
  return {
    prepare,
    schedule: async (name, everySeconds, work) => {
      await prepare(name);
      await boss.schedule(name, cronOf(everySeconds));
      await boss.work(name, { pollingIntervalSeconds: POLL_SECONDS }, work);
    },
    stop: async () => await boss.stop({ graceful: true, wait: true, timeout: 5_000 }),
  };
}
