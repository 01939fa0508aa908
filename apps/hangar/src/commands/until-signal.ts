import type { Running } from '../running.ts';
import { failStart } from '../start-failure.ts';

/** Runs until SIGTERM or SIGINT; undefined when it could not start. */
export async function untilSignal(start: () => Promise<Running>): Promise<Running | undefined> {
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    failStart(error);
    return undefined;
  }
  const stop = (): void => {
    // A second signal ends the process at once, as people expect of a second Ctrl-C.
    process.once('SIGINT', () => process.exit(130));
    void running.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  return running;
}
