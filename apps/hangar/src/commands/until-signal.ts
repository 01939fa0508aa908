import type { Running } from '../processes/run-hangar.ts';
import { failStart } from '../processes/start-failure.ts';

/** Runs until SIGTERM or SIGINT. A start that fails, or a stop that leaves something open, ends the process with code 1. */
export async function untilSignal(start: () => Promise<Running>): Promise<Running> {
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    failStart(error);
    // Whatever was started is closed; what a library leaves behind must not keep a supervisor waiting.
    process.exit(1);
  }
  const stop = (): void => {
    // A second signal ends the process at once, as people expect of a second Ctrl-C.
    process.once('SIGINT', () => process.exit(130));
    void running.stop().then((closed) => process.exit(closed ? 0 : 1));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  return running;
}
