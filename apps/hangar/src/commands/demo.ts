import { processEnvironment } from '../config.ts';
import { type DemoOptions, runDemo } from '../demo/run.ts';
import { failStart } from '../processes/start-failure.ts';
import { EXIT_USAGE, fail, say } from '../processes/terminal.ts';

/** The flags of `hangar demo`. */
export type DemoFlags = Omit<DemoOptions, 'databaseUrl' | 'write'>;

/** `hangar demo`: exit code 0 when every step went well. Runs on Postgres when DATABASE_URL is set. */
export async function demo(options: DemoFlags): Promise<void> {
  const databaseUrl = processEnvironment()['DATABASE_URL'];
  if (!Number.isInteger(options.processes) || options.processes < 1 || options.processes > 8) {
    fail('--processes must be a number from 1 to 8', EXIT_USAGE);
    return;
  }
  if (options.processes > 1 && databaseUrl === undefined) {
    fail('--processes above 1 needs DATABASE_URL: the embedded database has one writer', EXIT_USAGE);
    return;
  }
  try {
    process.exitCode = await runDemo({ ...options, databaseUrl, write: say });
  } catch (error) {
    failStart(error);
  }
}
