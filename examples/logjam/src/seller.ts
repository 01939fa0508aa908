import type { Seller } from '@hangar/provider';
import { randomToken } from '@hangar/security';

/** What is sold: a place to send logs to. The service itself is a map; yours is a database, a cluster, an API. */
export function createSeller(): Seller {
  const drains = new Map<string, { readonly url: string; lines: number }>();
  return {
    // Called again after a crash, so it gives the same answer for the same extension.
    provision: async ({ extension }) => {
      const known = drains.get(extension.id);
      // The id, not the name: customers choose names, and not every name is a host.
      const url = known?.url ?? `https://drain:${randomToken(16)}@${extension.id}.logjam.example`;
      drains.set(extension.id, { url, lines: known?.lines ?? 0 });
      return { config: { LOGJAM_URL: url } };
    },
    deprovision: async ({ extension }) => void drains.delete(extension.id),
    // Quantities and prices are decimal text: money is never a float.
    usage: async ({ extension, from, to }) => [
      {
        meter: 'lines',
        description: 'Lines of log received',
        quantity: String(drains.get(extension.id)?.lines ?? 0),
        unit: 'line',
        unitPrice: '0.0000010000',
        from,
        to,
      },
    ],
  };
}
