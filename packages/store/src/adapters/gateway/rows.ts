import type { Environment, Interval, Machine, MachineFailure, Operation, Workspace } from '@hangar/gateway';
import type {
  StoredFailure,
  gatewayEnvironments,
  gatewayIntervals,
  gatewayMachines,
  gatewayOperations,
  gatewayWorkspaces,
} from '../../schema/gateway.ts';

/** Rows hold null where the domain says undefined; bytes come as Buffer or Uint8Array. */

/** A workspace from its row. */
export function workspaceOf(row: typeof gatewayWorkspaces.$inferSelect): Workspace {
  return { ...row, closedAt: row.closedAt ?? undefined };
}

/** An environment from its row. */
export function environmentOf(row: typeof gatewayEnvironments.$inferSelect): Environment {
  return {
    ...row,
    numericId: row.numericId ?? undefined,
    upstreamId: row.upstreamId ?? undefined,
    accessKeyId: row.accessKeyId ?? undefined,
    sealedSecretKey: row.sealedSecretKey ? new Uint8Array(row.sealedSecretKey) : undefined,
    policyArn: row.policyArn ?? undefined,
    flycastAddress: row.flycastAddress ?? undefined,
    key: row.key ?? undefined,
    role: row.role ?? undefined,
    class: row.class ?? undefined,
    expiresAt: row.expiresAt ?? undefined,
    deleteAfter: row.deleteAfter ?? undefined,
    failure: row.failure ?? undefined,
    holder: row.holder ?? undefined,
    heldUntil: row.heldUntil ?? undefined,
    readyAt: row.readyAt ?? undefined,
    deletedAt: row.deletedAt ?? undefined,
  };
}

/** A machine from its row. */
export function machineOf(row: typeof gatewayMachines.$inferSelect): Machine {
  return {
    ...row,
    operation: row.operation ?? undefined,
    destroyedAt: row.destroyedAt ?? undefined,
    failure: row.failure ? failureOf(row.failure) : undefined,
  };
}

/** A failure from JSON, where what is undefined is left out. */
export function failureOf({ at, exitCode, ...failure }: StoredFailure): MachineFailure {
  return { ...failure, exitCode, at: new Date(at) };
}

/** A failure as it is stored. */
export function storedFailure(failure: MachineFailure | undefined): StoredFailure | null {
  return failure === undefined ? null : { ...failure, at: failure.at.toISOString() };
}

/** A running time from its row. */
export function intervalOf(row: typeof gatewayIntervals.$inferSelect): Interval {
  const { workspace: _, ...interval } = row;
  return { ...interval, stoppedAt: row.stoppedAt ?? undefined };
}

/** An operation from its row. */
export function operationOf(row: typeof gatewayOperations.$inferSelect): Operation {
  const { id, state, requestHash, status, sealedResponse, createdAt } = row;
  return {
    id,
    state,
    requestHash,
    status: status ?? undefined,
    sealedResponse: sealedResponse ? new Uint8Array(sealedResponse) : undefined,
    createdAt,
  };
}

/** Nothing runs in an environment that is gone, even if the news of a machine came in after its end. */
export function endedBy(interval: Interval, deletedAt: Date | null): Interval {
  if (deletedAt === null || (interval.stoppedAt !== undefined && interval.stoppedAt <= deletedAt))
    return interval;
  return { ...interval, stoppedAt: deletedAt < interval.startedAt ? interval.startedAt : deletedAt };
}
