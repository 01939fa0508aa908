import { and, asc, eq, gt, inArray, isNull, lte, ne, or, sql } from 'drizzle-orm';
import {
  UNFINISHED_PHASES,
  type AuditEntry,
  type Environment,
  type EnvironmentStore,
  type EnvironmentChanges,
  type NewEnvironment,
  type ReserveReason,
} from '@hangar/gateway';
import type { Database, Executor } from '../../database.ts';
import { BLOCK, createNumberBlock } from '../../number-block.ts';
import { statement } from '../../prepared.ts';
import { gatewayEnvironments, gatewayWorkspaces } from '../../schema/gateway.ts';
import { gatewayAuditRows, openAuditRow } from './audit.ts';
import { gatewayChangeRows } from './changes.ts';
import { gatewayBranchRows, liveUnder, writeMakers } from './branches.ts';
import { gatewayMachineRows } from './machines.ts';
import { gatewayOperationRows } from './operations.ts';
import { gatewayPruning } from './pruning.ts';
import { gatewayQuotaRows } from './quotas.ts';
import { environmentOf, workspaceOf } from './rows.ts';
import { gatewayReleaseRows } from './releases.ts';
import { gatewaySpendingRows } from './spending.ts';
import { gatewayVolumeRows } from './volumes.ts';

/** Changes as columns. A change of the phase makes another generation: what was judged before it is not done after it. */
function written({ forgets = [], ...changes }: EnvironmentChanges) {
  const generation = sql`${gatewayEnvironments.generation} + 1`;
  return {
    ...changes,
    generation: changes.phase === undefined ? undefined : generation,
    ...Object.fromEntries(forgets.map((column) => [column, null])),
  };
}

const live = sql`${gatewayEnvironments.phase} not in ('failed', 'deleted')`;

/** From the sequence that also numbers the rows which do not bring a number. */
const takeWorkspaceNumbers = statement<[count: number], bigint>(
  'workspace_numbers_take',
  `select nextval(pg_get_serial_sequence('gateway_workspaces', 'number')) as number from generate_series(1, $1::int)`,
  (row) => BigInt(row['number'] as string),
);

/** The gateway's port over Postgres. */
export function createGatewayStore(db: Database): EnvironmentStore {
  const workspaces = gatewayWorkspaces;
  const environments = gatewayEnvironments;
  const numbers = createNumberBlock(() => takeWorkspaceNumbers(db, BLOCK));
  return {
    ...gatewayMachineRows(db),
    ...gatewayBranchRows(db),
    ...gatewayOperationRows(db),
    ...gatewayVolumeRows(db),
    ...gatewayQuotaRows(db),
    ...gatewaySpendingRows(db),
    ...gatewayAuditRows(db),
    ...gatewayChangeRows(db),
    ...gatewayPruning(db),
    ...gatewayReleaseRows(db),

    async openWorkspace(wanted) {
      // Two processes may open the same one; the second insert does nothing and the row of the first is read.
      await db.insert(workspaces).values(wanted).onConflictDoNothing();
      const [row] = await db.select().from(workspaces).where(eq(workspaces.extensionId, wanted.extensionId));
      if (!row) throw new Error('a workspace could be neither made nor found');
      return workspaceOf(row);
    },
    nextWorkspaceNumber: () => numbers.next(),
    async workspace(number) {
      const [row] = await db.select().from(workspaces).where(eq(workspaces.number, number));
      return row && workspaceOf(row);
    },
    async workspaceOfExtension(extensionId) {
      const [row] = await db.select().from(workspaces).where(eq(workspaces.extensionId, extensionId));
      return row && workspaceOf(row);
    },
    async closeWorkspace(number, at) {
      await db
        .update(workspaces)
        .set({ closedAt: at })
        .where(and(eq(workspaces.number, number), isNull(workspaces.closedAt)));
    },

    async reserve({ branches, heldSince, lease, audit, ...wanted }, limits) {
      return await db.transaction(async (tx) => {
        // The workspace's row is the lock under which its environments are counted, and its closing waits for it too.
        const [workspace] = await tx
          .select()
          .from(workspaces)
          .where(eq(workspaces.number, wanted.workspace))
          .for('update');
        if (workspace?.closedAt !== null) return { ok: false, reason: { tag: 'workspace_closed' } };
        const refusal = await whoHolds(tx, { ...wanted, heldSince });
        if (refusal) return { ok: false, reason: refusal };
        if (wanted.key !== undefined) {
          const held = await tx.$count(
            environments,
            and(eq(environments.workspace, wanted.workspace), eq(environments.key, wanted.key), live),
          );
          if (held > 0) return { ok: false, reason: { tag: 'key_held' } };
        }
        const count = await tx.$count(environments, and(eq(environments.workspace, wanted.workspace), live));
        if (count >= limits.workspace)
          return { ok: false, reason: { tag: 'quota_used', limit: limits.workspace } };
        for (const { branch, maxLive } of limits.branches) {
          if ((await liveUnder(tx, branch)) >= maxLive)
            return { ok: false, reason: { tag: 'branch_quota_used', branch, limit: maxLive } };
        }
        const [row] = await tx
          .insert(environments)
          .values({ ...wanted, ...lease, phase: 'provisioning', journal: [], updatedAt: wanted.createdAt })
          .onConflictDoNothing()
          .returning();
        if (row) {
          if (audit) await openAuditRow(tx, audit);
          await writeMakers(tx, { id: row.id, branches, createdAt: wanted.createdAt });
          return { ok: true, value: environmentOf(row) };
        }
        // Another workspace took the name between the look and the insert, and may even have given it up again.
        const taken = await whoHolds(tx, { ...wanted, heldSince });
        if (!taken) throw new Error('a name could be neither taken nor found');
        return { ok: false, reason: taken };
      });
    },
    async environment(id) {
      const [row] = await db.select().from(environments).where(eq(environments.id, id));
      return row && environmentOf(row);
    },
    async standing(id) {
      const { phase, generation } = environments;
      const [row] = await db
        .select({ phase, generation, closedAt: workspaces.closedAt })
        .from(environments)
        .innerJoin(workspaces, eq(workspaces.number, environments.workspace))
        .where(eq(environments.id, id));
      return row && { phase: row.phase, generation: row.generation, closed: row.closedAt !== null };
    },
    async environmentNamed(name) {
      const [row] = await db
        .select()
        .from(environments)
        .where(and(eq(environments.name, name), live));
      return row && environmentOf(row);
    },
    async environmentsOf(workspace, deadSince) {
      const shown = deadSince ? or(live, sql`${environments.deletedAt} > ${deadSince.toISOString()}`) : live;
      const rows = await db
        .select()
        .from(environments)
        .where(and(eq(environments.workspace, workspace), shown))
        .orderBy(asc(environments.createdAt), asc(environments.id));
      return rows.map(environmentOf);
    },
    async environmentsWithMachines() {
      const rows = await db
        .select()
        .from(environments)
        .where(inArray(environments.phase, ['ready', 'quarantined']))
        .orderBy(asc(environments.id));
      return rows.map(environmentOf);
    },
    async expiredEnvironments({ now, limit }) {
      const rows = await db
        .select()
        .from(environments)
        .where(and(eq(environments.phase, 'ready'), lte(environments.expiresAt, now)))
        .orderBy(asc(environments.expiresAt))
        .limit(limit);
      return rows.map(environmentOf);
    },

    async claim({ id, lease, now, from, changes, audit }) {
      return await audited(db, audit, async (executor) => {
        const [row] = await executor
          .update(environments)
          .set({ ...written(changes), ...lease, updatedAt: now })
          .where(
            and(
              eq(environments.id, id),
              inArray(environments.phase, [...from]),
              or(isNull(environments.holder), lte(environments.heldUntil, now)),
            ),
          )
          .returning();
        return row && environmentOf(row);
      });
    },
    async claimUnfinished({ lease, now, limit }) {
      return await db.transaction(async (tx) => {
        const due = await tx
          .select({ id: environments.id })
          .from(environments)
          .where(
            and(
              inArray(environments.phase, [...UNFINISHED_PHASES]),
              or(isNull(environments.heldUntil), lte(environments.heldUntil, now)),
            ),
          )
          .orderBy(asc(environments.heldUntil))
          .limit(limit)
          .for('update', { skipLocked: true });
        if (due.length === 0) return [];
        const ids = due.map(({ id }) => id);
        const rows = await tx
          .update(environments)
          .set({ ...lease, updatedAt: now })
          .where(inArray(environments.id, ids))
          .returning();
        return rows.map(environmentOf);
      });
    },
    async record({ id, lease, now, changes, audit }) {
      const write = async (executor: Executor) => {
        const [row] = await executor
          .update(environments)
          .set({ ...written(changes), heldUntil: lease.heldUntil, updatedAt: now })
          .where(and(eq(environments.id, id), eq(environments.holder, lease.holder)))
          .returning();
        return row && environmentOf(row);
      };
      if (changes.phase !== 'ready') return await audited(db, audit, write);
      return await db.transaction(async (tx) => {
        const owns = tx
          .select({ workspace: environments.workspace })
          .from(environments)
          .where(eq(environments.id, id));
        // The closing waits for this lock or is seen here: whoever closes finds every environment that is ready.
        const [open] = await tx
          .select({ number: workspaces.number })
          .from(workspaces)
          .where(and(eq(workspaces.number, owns), isNull(workspaces.closedAt)))
          .for('share');
        return open && (await audited(tx, audit, write));
      });
    },
    async release({ id, holder, notBefore }) {
      await db
        .update(environments)
        .set({ holder: null, heldUntil: notBefore ?? null })
        .where(and(eq(environments.id, id), eq(environments.holder, holder)));
    },
  };
}

/** A change of an environment, together with the audit row that it opens. */
async function audited(
  db: Database,
  audit: AuditEntry | undefined,
  write: (executor: Executor) => Promise<Environment | undefined>,
): Promise<Environment | undefined> {
  if (!audit) return await write(db);
  return await db.transaction(async (tx) => {
    const changed = await write(tx);
    if (changed) await openAuditRow(tx, audit);
    return changed;
  });
}

/**
 * Why a workspace cannot have a name: an environment has it, or one of another workspace had it until a moment ago.
 * One statement, so that nothing ends unseen between two looks.
 */
async function whoHolds(
  tx: Executor,
  { name, workspace, heldSince }: Pick<NewEnvironment, 'name' | 'workspace' | 'heldSince'>,
): Promise<Extract<ReserveReason, { tag: 'name_in_use' | 'name_held' }> | undefined> {
  const reserved = and(
    ne(gatewayEnvironments.workspace, workspace),
    gt(gatewayEnvironments.deletedAt, heldSince),
  );
  const rows = await tx
    .select({ row: gatewayEnvironments, isLive: sql<boolean>`${live}` })
    .from(gatewayEnvironments)
    .where(and(eq(gatewayEnvironments.name, name), or(live, reserved)));
  const holder = rows.find(({ isLive }) => isLive);
  if (holder) return { tag: 'name_in_use', holder: environmentOf(holder.row) };
  return rows.length === 0 ? undefined : { tag: 'name_held' };
}
