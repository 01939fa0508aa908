import { and, eq, inArray, sql } from 'drizzle-orm';
import type { EnvironmentStore, NewEnvironment } from '@hangar/gateway';
import type { Database, Executor } from '../../database.ts';
import { gatewayBranches, gatewayEnvironments } from '../../schema/gateway.ts';

type BranchRows = Pick<EnvironmentStore, 'countFor'>;

/**
 * Branches that count for one environment. Fewer, and a token of its own for each task of an hour runs out of them before
 * the oldest are forgotten with their environment; more, and a holder who makes up budgets fills the table.
 */
const MOST_BRANCHES = 10_000;

/** What counts for which branch of a token. */
export function gatewayBranchRows(db: Database): BranchRows {
  const branches = gatewayBranches;
  return {
    async countFor({ environment, branches: which, at }) {
      const known = await db
        .select({ branch: branches.branch })
        .from(branches)
        .where(and(eq(branches.environment, environment), inArray(branches.branch, [...which])));
      const fresh = which.filter((branch) => !known.some((row) => row.branch === branch));
      if (fresh.length === 0) return true;
      const held = await db.$count(branches, eq(branches.environment, environment));
      if (held + fresh.length > MOST_BRANCHES) return false;
      await db
        .insert(branches)
        .values(fresh.map((branch) => ({ branch, environment, made: false, since: at })))
        .onConflictDoNothing();
      return true;
    },
  };
}

/** Writes under which branches an environment is made, in the transaction that makes its row. */
export async function writeMakers(
  tx: Executor,
  { id, branches, createdAt }: Pick<NewEnvironment, 'id' | 'branches' | 'createdAt'>,
): Promise<void> {
  if (branches.length === 0) return;
  await tx
    .insert(gatewayBranches)
    .values(
      [...new Set(branches)].map((branch) => ({ branch, environment: id, made: true, since: createdAt })),
    );
}

/** How many environments made under a branch are alive. Exact while the workspace's row is locked. */
export async function liveUnder(tx: Executor, branch: string): Promise<number> {
  const [row] = await tx
    .select({ count: sql<number>`count(*)::int` })
    .from(gatewayBranches)
    .innerJoin(gatewayEnvironments, eq(gatewayEnvironments.id, gatewayBranches.environment))
    .where(
      and(
        eq(gatewayBranches.branch, branch),
        eq(gatewayBranches.made, true),
        sql`${gatewayEnvironments.phase} not in ('failed', 'deleted')`,
      ),
    );
  return row?.count ?? 0;
}
