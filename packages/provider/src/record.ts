import type { Extension } from './extension.ts';
import type { ExtensionRecord } from './ports.ts';

/** The extension inside a record, without what only the kit may see: no sealed config, no lease. */
export function extensionOf(record: ExtensionRecord): Extension {
  const { requestedName, fingerprint, sealedConfig, operation, lease, ...extension } = record;
  return extension;
}
