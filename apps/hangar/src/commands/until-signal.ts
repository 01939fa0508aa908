import type { Running } from '../processes/run-hangar.ts';
import { failStart } from '../processes/start-failure.ts';

/** The code of a process that a signal ended, as shells tell it. */
const ENDED_BY = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs until SIGTERM or SIGINT. A start that fails, or a stop that leaves something open, ends the process with code 1; a
 * signal during the start ends it at once.
 */
export async function untilSignal<Started extends Pick<Running, 'stop'>>(
  start: () => Promise<Started>,
): Promise<Started> {
  let running: Started | undefined;
  const stop = (signal: keyof typeof ENDED_BY): void => {
    if (running === undefined) process.exit(ENDED_BY[signal]);
    // A second signal ends the process at once, as people expect of a second Ctrl-C.
    process.once('SIGINT', () => process.exit(ENDED_BY.SIGINT));
    void running.stop().then((closed) => process.exit(closed ? 0 : 1));
  };
  // Before the start: whoever reads that we serve may ask us to stop in the same moment, and would kill us otherwise.
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    running = await start();
  } catch (error) {
    failStart(error);
    // Whatever was started is closed; what a library leaves behind must not keep a supervisor waiting.
    process.exit(1);
  }
  return running;
}
