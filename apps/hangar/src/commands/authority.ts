import { runAuthority } from '../authority-process/run.ts';
import { readAuthorityConfig } from '../config.ts';
import { failConfiguration } from '../processes/terminal.ts';
import { untilSignal } from './until-signal.ts';

/** `hangar authority`: the root keys in a process of their own, behind two sockets, until a signal asks it to stop. */
export async function authorityCommand(): Promise<void> {
  const config = readAuthorityConfig();
  if (config.ok) await untilSignal(() => runAuthority(config.value));
  else failConfiguration(config.reason);
}
