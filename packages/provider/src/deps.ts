import { systemClock, type Clock, type Log, withDefaults } from '@hangar/http';
import { warningLog } from '@hangar/security';
import type { ExtensionRecord } from './ports.ts';
import { defaultTiming, type ProviderOptions, type Timing } from './options.ts';
import type { Config } from './seller.ts';

/** The options with their defaults, and the few things that every room of the kit needs. */
export interface Deps {
  readonly options: ProviderOptions;
  readonly timing: Timing;
  readonly now: Clock;
  readonly log: Log;
  /** Starts a round of deliveries in this process; the polling task is what can be relied on. */
  wake(): void;
  sealConfig(id: string, config: Config): Uint8Array;
  openConfig(record: ExtensionRecord): Config | undefined;
}

/** Fills in the defaults. */
export function createDeps(options: ProviderOptions, wake: () => void): Deps {
  return {
    options,
    timing: withDefaults(defaultTiming, options.timing),
    now: options.now ?? systemClock,
    log: options.log ?? warningLog,
    wake,
    sealConfig: (id, config) => options.sealer.seal(JSON.stringify(config), configPlace(id)),
    openConfig: ({ id, sealedConfig }) =>
      sealedConfig === undefined
        ? undefined
        : (JSON.parse(options.sealer.openText(sealedConfig, configPlace(id))) as Config),
  };
}

/** Binds a sealed config to its row: moved to another one it does not open. */
function configPlace(id: string): string {
  return `extensions.sealed_config:${id}`;
}
