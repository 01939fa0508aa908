import type { Gateway } from '@hangar/gateway';
import type { UsageQuestion } from './dashboard/ports.ts';
import { linesOf } from './environments.ts';

/** What the page shows as usage: the very lines that are billed. */
export function environmentsUsage(gateway: Pick<Gateway, 'environments' | 'workspaces'>): UsageQuestion {
  return async (extensionId, period) => {
    const workspace = await gateway.workspaces.ofExtension(extensionId);
    if (workspace === undefined) return [];
    return linesOf(await gateway.environments.usage({ workspace: workspace.number, ...period })).map(
      ({ meter, quantity, unit }) => ({ meter, quantity: Number(quantity), unit }),
    );
  };
}
