import { and, asc, desc, eq, gt, inArray, isNull, lt, or, sql } from 'drizzle-orm';
import type { EnvironmentStore } from '@hangar/gateway';
import type { Database } from '../../database.ts';
import {
  gatewayAddresses,
  gatewayEnvironments,
  gatewayIntervals,
  gatewayMachines,
  gatewayReservations,
  gatewayVolumes,
} from '../../schema/gateway.ts';
import { endedBy, intervalOf, machineOf, storedFailure } from './rows.ts';

/** The workspace of an environment, inside a statement that writes what hangs on it. */
const workspaceOf = (environment: string) =>
  sql<bigint>`(select ${gatewayEnvironments.workspace} from ${gatewayEnvironments}
    where ${gatewayEnvironments.id} = ${environment})`;

type MachineRows = Pick<
  EnvironmentStore,
  'machine' | 'machinesOf' | 'machinesIn' | 'saveMachine' | 'intervalsIn' | 'latestInterval' | 'closeMachines'
>;

/** Machines and the times they ran. */
export function gatewayMachineRows(db: Database): MachineRows {
  const machines = gatewayMachines;
  const intervals = gatewayIntervals;
  /** Environments of a workspace, dead ones too: what they used stays to be billed. */
  const inWorkspace = (workspace: bigint) =>
    db
      .select({ id: gatewayEnvironments.id })
      .from(gatewayEnvironments)
      .where(eq(gatewayEnvironments.workspace, workspace));
  return {
    async machine(id) {
      const [row] = await db.select().from(machines).where(eq(machines.id, id));
      return row && machineOf(row);
    },
    async machinesOf(environment) {
      const rows = await db
        .select()
        .from(machines)
        .where(eq(machines.environment, environment))
        .orderBy(asc(machines.createdAt), asc(machines.id));
      return rows.map(machineOf);
    },
    async machinesIn(workspace) {
      const rows = await db
        .select()
        .from(machines)
        .where(inArray(machines.environment, inWorkspace(workspace)))
        .orderBy(asc(machines.createdAt), asc(machines.id));
      return rows.map(machineOf);
    },
    async saveMachine(machine, news) {
      await db.transaction(async (tx) => {
        const { state, region, guest, observedAt, destroyedAt } = machine;
        const failure = storedFailure(machine.failure);
        await tx
          .insert(machines)
          .values({ ...machine, failure })
          .onConflictDoUpdate({
            target: machines.id,
            set: { state, region, guest, observedAt, destroyedAt: destroyedAt ?? null, failure },
          });
        if (news.length === 0) return;
        // The size at the start of a running time stays; its end is corrected by the machine's own events only.
        await tx
          .insert(intervals)
          .values(news.map((interval) => ({ ...interval, workspace: workspaceOf(interval.environment) })))
          .onConflictDoUpdate({
            target: [intervals.machine, intervals.startedAt],
            set: {
              stoppedAt: sql`case when excluded.exact then coalesce(excluded.stopped_at, ${intervals.stoppedAt})
                else coalesce(${intervals.stoppedAt}, excluded.stopped_at) end`,
              exact: sql`case when ${intervals.stoppedAt} is null then excluded.exact
                else ${intervals.exact} or excluded.exact end`,
            },
          });
      });
    },
    async intervalsIn({ workspace, from, to }) {
      const rows = await db
        .select({ interval: intervals, deletedAt: gatewayEnvironments.deletedAt })
        .from(intervals)
        .leftJoin(gatewayEnvironments, eq(gatewayEnvironments.id, intervals.environment))
        .where(
          and(
            eq(intervals.workspace, workspace),
            lt(intervals.startedAt, to),
            or(isNull(intervals.stoppedAt), gt(intervals.stoppedAt, from)),
          ),
        )
        .orderBy(asc(intervals.startedAt), asc(intervals.machine));
      return rows.map(({ interval, deletedAt }) => endedBy(intervalOf(interval), deletedAt));
    },
    async latestInterval(machine) {
      const [row] = await db
        .select()
        .from(intervals)
        .where(eq(intervals.machine, machine))
        .orderBy(desc(intervals.startedAt))
        .limit(1);
      return row && intervalOf(row);
    },
    async closeMachines(environment, at) {
      await db.transaction(async (tx) => {
        // Machines before their running times, as where one is saved: the other way round the two could lock each other.
        await tx
          .update(machines)
          .set({ state: 'destroyed', observedAt: at, destroyedAt: at })
          .where(and(eq(machines.environment, environment), isNull(machines.destroyedAt)));
        await tx
          .update(intervals)
          .set({
            stoppedAt: sql`greatest(${intervals.startedAt}, ${at.toISOString()}::timestamptz)`,
            exact: false,
          })
          .where(and(eq(intervals.environment, environment), isNull(intervals.stoppedAt)));
        await tx
          .update(gatewayVolumes)
          .set({ deletedAt: at })
          .where(and(eq(gatewayVolumes.environment, environment), isNull(gatewayVolumes.deletedAt)));
        await tx.delete(gatewayAddresses).where(eq(gatewayAddresses.environment, environment));
        await tx.delete(gatewayReservations).where(eq(gatewayReservations.environment, environment));
      });
    },
  };
}
