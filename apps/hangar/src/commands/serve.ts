import { readConfig, type Config } from '../config.ts';
import { runHangar, type Running } from '../running.ts';
import { failStart } from '../start-failure.ts';
import { failConfiguration } from '../terminal.ts';

/** `hangar serve`: Hangar alone, logging JSON lines, until a signal asks it to stop. */
export async function serveCommand(): Promise<void> {
  const config = readConfig();
  if (!config.ok) {
    failConfiguration(config.reason);
    return;
  }
  await serveUntilSignal(config.value);
}

/** Serves until SIGTERM or SIGINT; undefined when it could not start. `beforeOpening` runs once folder and ports are ours. */
export async function serveUntilSignal(
  config: Config,
  beforeOpening?: () => Promise<void>,
): Promise<Running | undefined> {
  let running: Running;
  try {
    running = await runHangar(config, beforeOpening);
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
