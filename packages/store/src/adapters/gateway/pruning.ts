import { and, inArray, lt, lte, notExists, eq, sql } from 'drizzle-orm';
import type { EnvironmentStore } from '@hangar/gateway';
import type { Database } from '../../database.ts';
import {
  gatewayBranches,
  gatewayEnvironments,
  gatewayIntervals,
  gatewayMachines,
  gatewaySpendHolds,
  gatewayVolumes,
  gatewayWorkspaces,
} from '../../schema/gateway.ts';

type Pruning = Pick<EnvironmentStore, 'pruneParts' | 'pruneTombstones'>;

/** How many environments one transaction forgets: more would hold their locks for long. */
const BATCH = 200;

/** What is forgotten, and what stays: running times, which are what was billed. */
export function gatewayPruning(db: Database): Pruning {
  const environments = gatewayEnvironments;
  const workspaces = gatewayWorkspaces;

  /** One batch; answers how many there were. */
  async function bury(before: Date): Promise<number> {
    return await db.transaction(async (tx) => {
      const rows = await tx
        .select({ id: environments.id })
        .from(environments)
        .where(and(inArray(environments.phase, ['failed', 'deleted']), lt(environments.deletedAt, before)))
        .limit(BATCH)
        .for('update', { skipLocked: true });
      const ids = rows.map(({ id }) => id);
      if (ids.length === 0) return 0;
      // From now on nothing tells any more when it ended, so its running times have to.
      await tx
        .update(gatewayIntervals)
        .set({ stoppedAt: sql`greatest(${gatewayIntervals.startedAt}, ${environments.deletedAt})` })
        .from(environments)
        .where(
          and(
            eq(environments.id, gatewayIntervals.environment),
            inArray(environments.id, ids),
            sql`coalesce(${gatewayIntervals.stoppedAt} > ${environments.deletedAt}, true)`,
          ),
        );
      await tx.delete(gatewayBranches).where(inArray(gatewayBranches.environment, ids));
      await tx.delete(gatewayVolumes).where(inArray(gatewayVolumes.environment, ids));
      await tx.delete(gatewayMachines).where(inArray(gatewayMachines.environment, ids));
      await tx.delete(environments).where(inArray(environments.id, ids));
      return ids.length;
    });
  }

  return {
    async pruneParts({ before, now }) {
      await db.delete(gatewayMachines).where(lt(gatewayMachines.destroyedAt, before));
      await db.delete(gatewayVolumes).where(lt(gatewayVolumes.deletedAt, before));
      await db.delete(gatewaySpendHolds).where(lt(gatewaySpendHolds.until, now));
    },
    async pruneTombstones(before) {
      while ((await bury(before)) === BATCH);
      // A token lives for a year at most, so none of that age is left to count for.
      await db.delete(gatewayBranches).where(lt(gatewayBranches.since, before));
      const own = db
        .select({ one: sql`1` })
        .from(environments)
        .where(eq(environments.workspace, workspaces.number));
      await db.delete(workspaces).where(and(lte(workspaces.closedAt, before), notExists(own)));
    },
  };
}
