import { readConfig } from '../config.ts';
import { runHangar } from '../processes/run-hangar.ts';
import { failConfiguration } from '../processes/terminal.ts';
import { untilSignal } from './until-signal.ts';

/** `hangar serve`: Hangar alone, logging JSON lines, until a signal asks it to stop. */
export async function serveCommand(): Promise<void> {
  const config = readConfig();
  if (config.ok) await untilSignal(() => runHangar(config.value));
  else failConfiguration(config.reason);
}
