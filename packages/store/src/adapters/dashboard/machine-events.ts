import { desc, eq } from 'drizzle-orm';
import type { Executor } from '../../database.ts';
import { exitFacts, type MachineExitFacts } from './machine-exit.ts';
import {
  extensions,
  gatewayEnvironments,
  gatewayMachines,
  gatewayWorkspaces,
  machineEvents,
} from '../../schema/index.ts';
import {
  isoTime,
  isUuid,
  type Page,
  PAGE_ROWS,
  pageOf,
  visibleExtension,
  workspaceOfExtension,
} from './tenant.ts';

/** A machine event as the page shows it. */
export interface MachineEventFacts {
  readonly id: string;
  readonly type: string;
  readonly machineId: string | null;
  readonly status: string | null;
  readonly exit: MachineExitFacts | null;
  /** How often the same bytes came; `receivedAt` is of the newest. */
  readonly times: number;
  readonly receivedAt: string;
}

/**
 * Events about the machines of one extension, newest first. An event names only a machine; whose it is, the gateway's
 * own record of the machine says. Events about machines it does not know are nobody's and are not shown.
 */
export async function readMachineEvents(
  sql: Executor,
  organizationIds: readonly string[],
  extensionId: string,
): Promise<Page<MachineEventFacts>> {
  if (!isUuid(extensionId)) return { items: [], more: false };
  const rows = await sql
    .select({
      id: machineEvents.key,
      type: machineEvents.type,
      machineId: machineEvents.machineId,
      status: machineEvents.status,
      data: machineEvents.data,
      times: machineEvents.times,
      receivedAt: machineEvents.receivedAt,
    })
    .from(machineEvents)
    .innerJoin(gatewayMachines, eq(gatewayMachines.id, machineEvents.machineId))
    .innerJoin(gatewayEnvironments, eq(gatewayEnvironments.id, gatewayMachines.environment))
    .innerJoin(gatewayWorkspaces, eq(gatewayWorkspaces.number, gatewayEnvironments.workspace))
    .innerJoin(extensions, workspaceOfExtension)
    .where(visibleExtension(organizationIds, extensionId))
    .orderBy(desc(machineEvents.receivedAt), desc(machineEvents.key))
    .limit(PAGE_ROWS + 1);
  return pageOf(rows, ({ receivedAt, data, ...row }) => ({
    ...row,
    exit: exitFacts(data),
    receivedAt: isoTime(receivedAt),
  }));
}
