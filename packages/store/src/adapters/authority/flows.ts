import { and, eq, gt, lt, ne } from 'drizzle-orm';
import type { FlowRow, FlowStore } from '@hangar/authority';
import type { Database } from '../../database.ts';
import { authorityFlows } from '../../schema/authority.ts';

/** Sign-ins under way at the discharge service. */
export function authorityFlowRows(db: Database): FlowStore {
  return {
    addFlow: async (row) => {
      await db.insert(authorityFlows).values(row);
    },
    flow: async (userDigest, at) => {
      const [row] = await db
        .select()
        .from(authorityFlows)
        .where(and(eq(authorityFlows.userDigest, userDigest), gt(authorityFlows.expiresAt, at)));
      return row && toFlow(row);
    },
    settleFlow: async ({ userDigest, state, answer, by, at }) => {
      const settled = await db
        .update(authorityFlows)
        .set({ state, answer, decidedBy: by })
        .where(
          and(
            eq(authorityFlows.userDigest, userDigest),
            eq(authorityFlows.state, 'waiting'),
            gt(authorityFlows.expiresAt, at),
          ),
        )
        .returning({ userDigest: authorityFlows.userDigest });
      return settled.length === 1;
    },
    collectFlow: async (pollDigest, at) => {
      const alive = and(eq(authorityFlows.pollDigest, pollDigest), gt(authorityFlows.expiresAt, at));
      // The delete decides who delivers: of two polls at once only one gets the row.
      const [settled] = await db
        .delete(authorityFlows)
        .where(and(alive, ne(authorityFlows.state, 'waiting')))
        .returning();
      if (settled) return toFlow(settled);
      const [waiting] = await db
        .select()
        .from(authorityFlows)
        .where(and(alive, eq(authorityFlows.state, 'waiting')));
      return waiting && toFlow(waiting);
    },
    pruneFlows: async (before) => {
      const gone = await db
        .delete(authorityFlows)
        .where(lt(authorityFlows.expiresAt, before))
        .returning({ userDigest: authorityFlows.userDigest });
      return gone.length;
    },
  };
}

function toFlow(row: typeof authorityFlows.$inferSelect): FlowRow {
  const { answer, startedFrom, decidedBy: _, ...flow } = row;
  return {
    ...flow,
    ticket: new Uint8Array(flow.ticket),
    answer: answer ? new Uint8Array(answer) : undefined,
    startedFrom: startedFrom ?? undefined,
  };
}
