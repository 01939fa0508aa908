import type { LimitedToken } from '../../world/limited-tokens.ts';
import type { Asked } from '../asked.ts';
import { timeOf, type Node, type Nodes } from './nodes.ts';

/** What the platform remembers of a token. */
export function tokenNode(row: LimitedToken, { simulation }: Asked, nodes: Nodes): Node {
  return {
    id: row.id,
    name: row.name,
    profile: row.profile,
    createdAt: timeOf(row.createdAtMs),
    expiresAt: row.expiresAtMs === undefined ? null : timeOf(row.expiresAtMs),
    revokedAt: row.revokedAtMs === undefined ? null : timeOf(row.revokedAtMs),
    revokedBy: row.revokedBy ?? null,
    organization: () => {
      const owner = simulation.world.organizations.get(row.organization);
      return owner ? nodes.organization(owner) : null;
    },
    user: { email: row.createdBy },
  };
}
