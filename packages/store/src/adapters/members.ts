import { and, inArray, isNull } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { gatewayWorkspaces } from '../schema/gateway.ts';

/** The open workspaces of the given organizations: what a login may act for. */
export async function workspacesOf(db: Database, organizationIds: readonly string[]): Promise<bigint[]> {
  if (organizationIds.length === 0) return [];
  const rows = await db
    .select({ number: gatewayWorkspaces.number })
    .from(gatewayWorkspaces)
    .where(
      and(
        inArray(gatewayWorkspaces.organizationId, [...organizationIds]),
        isNull(gatewayWorkspaces.closedAt),
      ),
    );
  return rows.map((row) => row.number);
}
