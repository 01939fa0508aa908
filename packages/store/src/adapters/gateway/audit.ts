import { and, desc, eq, inArray, lt, lte, sql } from 'drizzle-orm';
import type { EnvironmentStore } from '@hangar/gateway';
import type { Database } from '../../database.ts';
import { gatewayAudit } from '../../schema/gateway.ts';

type AuditRows = Pick<EnvironmentStore, 'writeAudit' | 'dropAudit'>;

/** Rows that say the same within this time are one. */
const SAME_MS = 60_000;

/** The audit trail. */
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
