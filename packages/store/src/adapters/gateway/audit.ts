import { and, desc, eq, inArray, lt, lte, sql } from 'drizzle-orm';
import { AUDIT_SAME_MS, type AuditEntry, type EnvironmentStore } from '@hangar/gateway';
import type { Database, Executor } from '../../database.ts';
import { gatewayAudit } from '../../schema/gateway.ts';

type AuditRows = Pick<EnvironmentStore, 'writeAudit' | 'dropAudit'>;

/** The audit trail. */
export function gatewayAuditRows(db: Database): AuditRows {
  const audit = gatewayAudit;
  return {
    async writeAudit(entries) {
      const [only] = entries;
      if (entries.length === 1 && only && only.sameAs === undefined) return await writeAuditRow(db, only);
      // In their order, which their numbers keep. Two processes that count the same two rows crosswise end one of the two
      // transactions, and whoever asked writes its rows one by one.
      await db.transaction(async (tx) => {
        for (const entry of entries) await writeAuditRow(tx, entry);
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

/** Opens the row of a change in the change's own transaction. */
export async function openAuditRow(tx: Executor, given: AuditEntry): Promise<void> {
  const { sameAs: _, ...entry } = given;
  await tx.insert(gatewayAudit).values(entry);
}

/** Ends the row that a change has opened, or writes one. */
export async function writeAuditRow(db: Executor, { sameAs, openKey, ...entry }: AuditEntry): Promise<void> {
  const audit = gatewayAudit;
  if (openKey !== undefined) {
    const { outcome, status, lastAt, upstreamRequestId } = entry;
    const ended = await db
      .update(audit)
      .set({ outcome, status, lastAt, upstreamRequestId, openKey: null })
      .where(eq(audit.openKey, openKey))
      .returning({ number: audit.number });
    if (ended.length > 0) return;
  }
  if (sameAs === undefined) {
    await db.insert(audit).values(entry);
    return;
  }
  const over = new Date(entry.at.getTime() - AUDIT_SAME_MS);
  await db
    .update(audit)
    .set({ openKey: null })
    .where(and(eq(audit.openKey, sameAs), lte(audit.at, over)));
  await db
    .insert(audit)
    .values({ ...entry, openKey: sameAs })
    .onConflictDoUpdate({
      target: audit.openKey,
      set: {
        count: sql`${audit.count} + excluded.count`,
        lastAt: sql`greatest(${audit.lastAt}, excluded.last_at)`,
      },
    });
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
