import { and, desc, eq, ne, sql as text } from 'drizzle-orm';
import { isGone, powerOf } from '@hangar/gateway';
import type { Executor } from '../database.ts';
import { extensions, gatewayEnvironments, gatewayMachines, gatewayWorkspaces } from '../schema/index.ts';
import {
  isoTime,
  isUuid,
  type Page,
  PAGE_ROWS,
  pageOf,
  visibleExtension,
  workspaceOfExtension,
} from './dashboard-tenant.ts';

/** An environment as the page shows it. */
export interface EnvironmentFacts {
  readonly id: string;
  readonly name: string;
  readonly phase: string;
  readonly failure: string | null;
  readonly power: string;
  readonly bucket: string | null;
  readonly machines: number;
  readonly createdAt: string;
}

/** Power is never stored: it is read off the machines. */
const machineStates = text<readonly string[]>`coalesce((
  select array_agg(${gatewayMachines.state}) from ${gatewayMachines}
  where ${gatewayMachines.environment} = ${gatewayEnvironments.id} and ${gatewayMachines.destroyedAt} is null
), '{}')`;

/** The environments of one extension, newest first. Deleted ones are not listed; failed ones are, with their reason. */
export async function readEnvironments(
  sql: Executor,
  organizationIds: readonly string[],
  extensionId: string,
): Promise<Page<EnvironmentFacts>> {
  if (!isUuid(extensionId)) return { items: [], more: false };
  const rows = await sql
    .select({
      id: gatewayEnvironments.id,
      name: gatewayEnvironments.name,
      phase: gatewayEnvironments.phase,
      failure: gatewayEnvironments.failure,
      bucket: gatewayEnvironments.bucket,
      createdAt: gatewayEnvironments.createdAt,
      states: machineStates,
    })
    .from(gatewayEnvironments)
    .innerJoin(gatewayWorkspaces, eq(gatewayWorkspaces.number, gatewayEnvironments.workspace))
    .innerJoin(extensions, workspaceOfExtension)
    .where(and(visibleExtension(organizationIds, extensionId), ne(gatewayEnvironments.phase, 'deleted')))
    .orderBy(desc(gatewayEnvironments.createdAt), desc(gatewayEnvironments.id))
    .limit(PAGE_ROWS + 1);
  return pageOf(rows, ({ states, createdAt, bucket, ...row }) => ({
    ...row,
    // The name is decided before the bucket is made; a failed environment never had it or lost it.
    bucket: row.phase === 'failed' ? null : bucket,
    power: powerOf(states),
    machines: states.filter((state) => !isGone(state)).length,
    createdAt: isoTime(createdAt),
  }));
}
