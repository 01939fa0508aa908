import { and, desc, eq, ne, sql as text } from 'drizzle-orm';
import { hasFailed, isGone, powerOf, type MachineFailure } from '@hangar/gateway';
import type { Executor } from '../../database.ts';
import {
  extensions,
  gatewayEnvironments,
  gatewayMachines,
  gatewayWorkspaces,
  type StoredFailure,
} from '../../schema/index.ts';
import { failureOf } from '../gateway/rows.ts';
import {
  isoTime,
  isUuid,
  type Page,
  PAGE_ROWS,
  pageOf,
  visibleExtension,
  workspaceOfExtension,
} from './tenant.ts';

/** An environment as the page shows it. */
export interface EnvironmentFacts {
  readonly id: string;
  readonly name: string;
  readonly phase: string;
  readonly failure: string | null;
  readonly power: string;
  readonly bucket: string | null;
  readonly machines: number;
  /** One that is down, or goes down again and again, without having been asked to. */
  readonly failedMachine: FailedMachine | null;
  readonly createdAt: string;
}

/** Why a machine is down. */
export interface FailedMachine {
  readonly id: string;
  readonly reason: MachineFailure['reason'];
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  readonly at: string | null;
}

/** Power is never stored: it is read off the machines. */
const machinesOf = text<readonly { id: string; state: string; failure: StoredFailure | null }[]>`coalesce((
  select json_agg(json_build_object(
    'id', ${gatewayMachines.id}, 'state', ${gatewayMachines.state}, 'failure', ${gatewayMachines.failure}
  )) from ${gatewayMachines}
  where ${gatewayMachines.environment} = ${gatewayEnvironments.id} and ${gatewayMachines.destroyedAt} is null
), '[]')`;

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
      machines: machinesOf,
    })
    .from(gatewayEnvironments)
    .innerJoin(gatewayWorkspaces, eq(gatewayWorkspaces.number, gatewayEnvironments.workspace))
    .innerJoin(extensions, workspaceOfExtension)
    .where(and(visibleExtension(organizationIds, extensionId), ne(gatewayEnvironments.phase, 'deleted')))
    .orderBy(desc(gatewayEnvironments.createdAt), desc(gatewayEnvironments.id))
    .limit(PAGE_ROWS + 1);
  return pageOf(rows, ({ machines: rowsOf, createdAt, bucket, ...row }) => {
    const machines = rowsOf.map(({ failure, ...one }) => ({
      ...one,
      failure: failure ? failureOf(failure) : undefined,
    }));
    const failed = machines.find((machine) => !isGone(machine.state) && hasFailed(machine));
    return {
      ...row,
      // The name is decided before the bucket is made; a failed environment never had it or lost it.
      bucket: row.phase === 'failed' ? null : bucket,
      power: powerOf(machines),
      machines: machines.filter(({ state }) => !isGone(state)).length,
      failedMachine: failed === undefined ? null : failedMachineOf(failed),
      createdAt: isoTime(createdAt),
    };
  });
}

function failedMachineOf({
  id,
  failure,
}: {
  id: string;
  failure: MachineFailure | undefined;
}): FailedMachine {
  return {
    id,
    reason: failure?.reason ?? 'exited',
    exitCode: failure?.exitCode ?? null,
    oomKilled: failure?.oomKilled ?? false,
    at: failure === undefined ? null : isoTime(failure.at),
  };
}
