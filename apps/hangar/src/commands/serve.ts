import { processEnvironment, readConfig } from '../config.ts';
import { isPassthrough, readPassthroughConfig } from '../config/passthrough.ts';
import { runPassthrough } from '../passthrough/run-passthrough.ts';
import { runHangar } from '../processes/run-hangar.ts';
import { failConfiguration } from '../processes/terminal.ts';
import { untilSignal } from './until-signal.ts';

/** `hangar serve`: Hangar alone, logging JSON lines, until a signal asks it to stop. */
export async function serveCommand(): Promise<void> {
  const environment = processEnvironment();
  if (isPassthrough(environment)) {
    const config = readPassthroughConfig(environment);
    if (config.ok) await untilSignal(() => runPassthrough(config.value));
    else failConfiguration(config.reason);
    return;
  }
  const config = readConfig(environment);
  if (config.ok) await untilSignal(() => runHangar(config.value));
  else failConfiguration(config.reason);
}
