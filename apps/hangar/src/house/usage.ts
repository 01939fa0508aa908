import type { Gateway, Prices } from '@hangar/gateway';
import type { UsageQuestion } from '../dashboard/ports.ts';
import { linesOf } from './environments-seller.ts';

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

/** Amounts are exact: quantities and prices have ten places, so their products have twenty, and a cent is 1e18 of those. */
const PLACES = 10;
const CENT = 10n ** 18n;

/** What running times cost, for tokens with a budget: the same lines at the same prices as the bill. */
export const environmentsPrices: Prices = {
  currency: 'USD',
  costOf: (records) => {
    let total = 0n;
    for (const { quantity, unitPrice } of linesOf(records)) total += unitsOf(quantity) * unitsOf(unitPrice);
    return Number(total / CENT);
  },
};

function unitsOf(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, '0'));
}
