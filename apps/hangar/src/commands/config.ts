import { processEnvironment, readConfig } from '../config.ts';
import { isPassthrough, readPassthroughConfig } from '../config/passthrough.ts';
import { effectivePolicy } from '../config/policy-file.ts';
import { failConfiguration, say } from '../processes/terminal.ts';

/** `hangar config`: what the environment came to, secrets as fingerprints, and where each value of the policy is from. */
export function printConfig(): void {
  const environment = processEnvironment();
  if (isPassthrough(environment)) {
    const config = readPassthroughConfig(environment);
    if (config.ok) say(JSON.stringify(config.value, null, 2));
    else failConfiguration(config.reason);
    return;
  }
  const config = readConfig(environment);
  if (!config.ok) {
    failConfiguration(config.reason);
    return;
  }
  const shown = { ...config.value, policy: effectivePolicy(config.value.policy) };
  say(JSON.stringify(shown, null, 2));
}
