import { BLANK_FOLDER, finishBlankDatabase, forgetBlankDatabase } from './blank-database.ts';
import { startJobs } from '../jobs.ts';
import { openEngine } from './engine.ts';
import { migrateEmbedded } from './migrate.ts';
import { embeddedStore } from './open.ts';

/**
 * Makes an embedded database with all migrations and the schema of the schedules, and no rows of anybody. A build calls it; the
 * first start of an installation copies what it made. `schedules` are names that will be scheduled in it: each that is missing
 * costs that first start a tenth of a second.
 */
export async function makeBlankDatabase(schedules: readonly string[]): Promise<void> {
  forgetBlankDatabase();
  const client = await openEngine(BLANK_FOLDER);
  await migrateEmbedded(client);
  const jobs = await startJobs(embeddedStore(client));
  for (const name of schedules) await jobs.prepare(name);
  await jobs.stop();
  await client.close();
  finishBlankDatabase();
}
