import { readConfig } from '../config.ts';
import { effectivePolicy } from '../config/policy-file.ts';
import { failConfiguration, say } from '../processes/terminal.ts';

/** `hangar config`: what the environment came to, secrets as fingerprints, and where each value of the policy is from. */
export function printConfig(): void {
  const config = readConfig();
  if (!config.ok) {
    failConfiguration(config.reason);
    return;
  }
  const shown = { ...config.value, policy: effectivePolicy(config.value.policy) };
  say(JSON.stringify(shown, null, 2));
}
