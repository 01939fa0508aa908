import type { Gateway } from '@hangar/gateway';
import type { UsageQuestion } from './dashboard/ports.ts';
import { linesOf } from './environments.ts';

/** What the page shows as usage: the lines that are billed, added up by meter. */
export function environmentsUsage(gateway: Pick<Gateway, 'environments' | 'workspaces'>): UsageQuestion {
  return async (extensionId, period) => {
    const workspace = await gateway.workspaces.ofExtension(extensionId);
    if (workspace === undefined) return [];
    const lines = linesOf(await gateway.environments.usage({ workspace: workspace.number, ...period }));
    const meters = new Map<string, { meter: string; quantity: number; unit: string }>();
    for (const { meter, quantity, unit } of lines) {
      meters.set(meter, { meter, unit, quantity: (meters.get(meter)?.quantity ?? 0) + Number(quantity) });
    }
    return [...meters.values()];
  };
}
