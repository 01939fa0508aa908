import { readConfig } from '../config.ts';
import { failConfiguration, say } from '../terminal.ts';

/** `hangar config`: what the environment came to, secrets as fingerprints. */
export function printConfig(): void {
  const config = readConfig();
  if (!config.ok) failConfiguration(config.reason);
  else say(JSON.stringify(config.value, null, 2));
}
