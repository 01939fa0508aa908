import type { Extension } from '../../world/extensions.ts';
import { organizationById } from '../../world/world.ts';
import type { Asked } from '../asked.ts';
import { planOf, providerNode } from '../operations/providers.ts';
import type { Node, Nodes } from './nodes.ts';

/** An extension as flyctl sees it: what was bought, and what its provider has said about it. */
export function addOnNode(one: Extension, { simulation }: Asked, nodes: Nodes): Node {
  const { world, settings } = simulation;
  return {
    id: one.id,
    name: one.name,
    status: one.status,
    errorMessage: one.errorMessage ?? null,
    primaryRegion: one.primaryRegion ?? null,
    readRegions: one.readRegions ?? [],
    options: one.options ?? {},
    metadata: one.metadata ?? {},
    // Null, and not empty: then flyctl sets no secrets.
    environment: Object.keys(one.config).length === 0 ? null : one.config,
    publicUrl: null,
    privateIp: one.ipAddress ?? null,
    password: null,
    ssoLink: `${settings.provider.baseUrl}/extensions/${one.providerId}/sso`,
    organization: () => {
      const owner = organizationById(world, one.organizationId);
      return owner ? nodes.organization(owner) : null;
    },
    app: () => {
      const app = world.apps.get(one.app ?? '');
      const owner = world.organizations.get(app?.organization ?? '');
      return app && owner ? nodes.app({ app, owner }) : null;
    },
    addOnProvider: () => providerNode(settings, one.type ?? settings.provider.slug),
    addOnPlan: () => planOf(settings, one.planId) ?? null,
  };
}
