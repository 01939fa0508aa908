import { and, desc, eq, inArray, lt, lte, notExists, sql } from 'drizzle-orm';
import type { EnvironmentStore } from '@hangar/gateway';
import type { Database } from '../database.ts';
import {
  gatewayAudit,
  gatewayIntervals,
  gatewayMachines,
  gatewaySpendHolds,
  gatewayVolumes,
} from '../schema/gateway.ts';

type AuditRows = Pick<EnvironmentStore, 'writeAudit' | 'dropAudit' | 'dropRemains'>;

/** Rows that say the same within this time are one. */
const SAME_MS = 60_000;

/** The audit trail, and what leaves the tables by its age. */
export function gatewayAuditRows(db: Database): AuditRows {
  const audit = gatewayAudit;
  return {
    async writeAudit({ sameAs, ...entry }) {
      if (sameAs === undefined) {
        await db.insert(audit).values({ ...entry, lastAt: entry.at });
        return;
      }
      const over = new Date(entry.at.getTime() - SAME_MS);
      await db.transaction(async (tx) => {
        await tx
          .update(audit)
          .set({ openKey: null })
          .where(and(eq(audit.openKey, sameAs), lte(audit.at, over)));
        await tx
          .insert(audit)
          .values({ ...entry, lastAt: entry.at, openKey: sameAs })
          .onConflictDoUpdate({
            target: audit.openKey,
            set: {
              count: sql`${audit.count} + 1`,
              lastAt: sql`greatest(${audit.lastAt}, excluded.last_at)`,
            },
          });
      });
    },
    async dropAudit({ before, limit }) {
      const old = db.select({ number: audit.number }).from(audit).where(lt(audit.at, before)).limit(limit);
      const dropped = await db
        .delete(audit)
        .where(inArray(audit.number, old))
        .returning({ number: audit.number });
      return dropped.length;
    },
    async dropRemains({ before, now }) {
      const machines = gatewayMachines;
      const ran = db
        .select({ machine: gatewayIntervals.machine })
        .from(gatewayIntervals)
        .where(eq(gatewayIntervals.machine, machines.id));
      const gone = [
        // What ran is billed by its intervals, which name their machine.
        await db
          .delete(machines)
          .where(and(lt(machines.destroyedAt, before), notExists(ran)))
          .returning({ id: machines.id }),
        await db
          .delete(gatewayVolumes)
          .where(lt(gatewayVolumes.deletedAt, before))
          .returning({ id: gatewayVolumes.id }),
        await db
          .delete(gatewaySpendHolds)
          .where(lt(gatewaySpendHolds.until, now))
          .returning({ id: gatewaySpendHolds.number }),
      ];
      return gone.reduce((sum, { length }) => sum + length, 0);
    },
  };
}

/** One row of the audit trail, as reads show it. */
export type GatewayAuditRow = typeof gatewayAudit.$inferSelect;

/** The newest entries of a workspace's audit trail. */
export async function readGatewayAudit(
  db: Database,
  wanted: { readonly workspace: bigint; readonly limit: number },
): Promise<readonly GatewayAuditRow[]> {
  return await db
    .select()
    .from(gatewayAudit)
    .where(eq(gatewayAudit.workspace, wanted.workspace))
    .orderBy(desc(gatewayAudit.number))
    .limit(wanted.limit);
}
