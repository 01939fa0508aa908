import { and, asc, eq, gt, isNull, lt, or } from 'drizzle-orm';
import type { EnvironmentStore, Interval } from '@hangar/gateway';
import type { Database, Executor } from '../../database.ts';
import {
  gatewayBranches,
  gatewayEnvironments,
  gatewayIntervals,
  gatewaySpendHolds,
  gatewayWorkspaces,
} from '../../schema/gateway.ts';
import { endedBy, intervalOf } from './rows.ts';

type SpendingRows = Pick<EnvironmentStore, 'intervalsUnder' | 'holdSpend'>;

/** What branches of tokens have used, and what they have just been let start. */
export function gatewaySpendingRows(db: Database): SpendingRows {
  return {
    intervalsUnder: async (wanted) => await intervalsUnder(db, wanted),
    async holdSpend({ workspace, now, hold, limits, judge }) {
      return await db.transaction(async (tx) => {
        await tx
          .select({ number: gatewayWorkspaces.number })
          .from(gatewayWorkspaces)
          .where(eq(gatewayWorkspaces.number, workspace))
          .for('no key update');
        for (const { limit, from } of limits) {
          const { branch } = limit;
          const ran = await intervalsUnder(tx, { workspace, branch, from, to: now });
          const held = await tx
            .select({ guest: gatewaySpendHolds.guest })
            .from(gatewaySpendHolds)
            .where(and(eq(gatewaySpendHolds.branch, branch), gt(gatewaySpendHolds.until, now)));
          const starting = [...held.map(({ guest }) => guest), ...(hold ? [hold.guest] : [])];
          const why = judge(limit, ran, starting);
          if (why !== undefined) return { limit, why };
        }
        if (!hold || limits.length === 0) return undefined;
        await tx
          .insert(gatewaySpendHolds)
          .values(limits.map(({ limit }) => ({ ...hold, branch: limit.branch, at: now })));
        return undefined;
      });
    },
  };
}

/** Running times that count for a branch, without what was before they did. */
async function intervalsUnder(
  sql: Executor,
  { workspace, branch, from, to }: Parameters<EnvironmentStore['intervalsUnder']>[0],
): Promise<readonly Interval[]> {
  const branches = gatewayBranches;
  const intervals = gatewayIntervals;
  const rows = await sql
    .select({ interval: intervals, since: branches.since, deletedAt: gatewayEnvironments.deletedAt })
    .from(intervals)
    .innerJoin(branches, eq(branches.environment, intervals.environment))
    .innerJoin(gatewayEnvironments, eq(gatewayEnvironments.id, intervals.environment))
    .where(
      and(
        eq(gatewayEnvironments.workspace, workspace),
        eq(branches.branch, branch),
        lt(intervals.startedAt, to),
        or(
          isNull(intervals.stoppedAt),
          and(gt(intervals.stoppedAt, from), gt(intervals.stoppedAt, branches.since)),
        ),
      ),
    )
    .orderBy(asc(intervals.startedAt), asc(intervals.machine));
  return rows.map(({ interval, since, deletedAt }) => {
    const whole = endedBy(intervalOf(interval), deletedAt);
    return whole.startedAt < since ? { ...whole, startedAt: since } : whole;
  });
}
