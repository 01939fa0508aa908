import { and, eq, inArray, isNull, notInArray } from 'drizzle-orm';
import type { Directory } from '@hangar/authority';
import type { Database } from '../database.ts';
import {
  gatewayEnvironments,
  gatewayMachines,
  gatewayVolumes,
  gatewayWorkspaces,
} from '../schema/gateway.ts';

/** Phases in which a name no longer belongs to the environment. */
const TOMBSTONES = ['failed', 'deleted'] as const;

/** Names and numbers, as the authority asks for them; every answer stays inside the given workspace. */
export function createDirectory(db: Database): Directory {
  const living = (workspace: bigint) =>
    and(eq(gatewayEnvironments.workspace, workspace), notInArray(gatewayEnvironments.phase, [...TOMBSTONES]));
  return {
    workspaceNumber: async (slug) => {
      const [row] = await db
        .select({ number: gatewayWorkspaces.number })
        .from(gatewayWorkspaces)
        .where(and(eq(gatewayWorkspaces.slug, slug), isNull(gatewayWorkspaces.closedAt)));
      return row?.number;
    },
    workspaceSlug: async (workspace) => {
      const [row] = await db
        .select({ slug: gatewayWorkspaces.slug })
        .from(gatewayWorkspaces)
        .where(eq(gatewayWorkspaces.number, workspace));
      return row?.slug;
    },
    appNumber: async (workspace, name) => {
      const [row] = await db
        .select({ number: gatewayEnvironments.numericId })
        .from(gatewayEnvironments)
        .where(and(living(workspace), eq(gatewayEnvironments.name, name)));
      return row?.number ?? undefined;
    },
    appNames: async (workspace, apps) => {
      const { numericId: number, name } = gatewayEnvironments;
      const rows = await db
        .select({ number, name })
        .from(gatewayEnvironments)
        .where(and(living(workspace), inArray(number, [...apps])));
      return new Map(rows.flatMap((row) => (row.number === null ? [] : [[row.number, row.name] as const])));
    },
    appOfMachine: async (workspace, machine) => {
      const [row] = await db
        .select({ number: gatewayEnvironments.numericId })
        .from(gatewayMachines)
        .innerJoin(gatewayEnvironments, eq(gatewayMachines.environment, gatewayEnvironments.id))
        .where(and(living(workspace), eq(gatewayMachines.id, machine)));
      return row?.number ?? undefined;
    },
    appOfVolume: async (workspace, volume) => {
      const [row] = await db
        .select({ number: gatewayEnvironments.numericId })
        .from(gatewayVolumes)
        .innerJoin(gatewayEnvironments, eq(gatewayVolumes.environment, gatewayEnvironments.id))
        .where(and(living(workspace), eq(gatewayVolumes.id, volume)));
      return row?.number ?? undefined;
    },
  };
}
