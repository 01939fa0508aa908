import { and, eq, lt, lte } from 'drizzle-orm';
import type { EnvironmentStore } from '@hangar/gateway';
import type { Database } from '../../database.ts';
import { gatewayOperations } from '../../schema/gateway.ts';
import { writeAuditRow } from './audit.ts';
import { operationOf } from './rows.ts';

type OperationRows = Pick<
  EnvironmentStore,
  | 'beginOperation'
  | 'prolongOperation'
  | 'finishOperation'
  | 'leaveOperation'
  | 'forgetOperation'
  | 'dropOperations'
>;

/** Idempotency keys and what became of them. */
export function gatewayOperationRows(db: Database): OperationRows {
  const operations = gatewayOperations;
  const named = ({ workspace, key }: { workspace: bigint; key: string }) =>
    and(eq(operations.workspace, workspace), eq(operations.key, key));
  const heldBy = (holder: string) => and(eq(operations.holder, holder), eq(operations.state, 'running'));
  const begin: OperationRows['beginOperation'] = async ({ now, lease, ...wanted }) => {
    const [made] = await db
      .insert(operations)
      .values({ ...wanted, ...lease, state: 'running', createdAt: now })
      .onConflictDoNothing()
      .returning();
    if (made) return { role: 'first', operation: operationOf(made) };
    const { requestHash } = wanted;
    const [taken] = await db
      .update(operations)
      .set(lease)
      .where(
        and(
          named(wanted),
          eq(operations.state, 'running'),
          eq(operations.requestHash, requestHash),
          lte(operations.heldUntil, now),
        ),
      )
      .returning();
    if (taken) return { role: 'successor', operation: operationOf(taken) };
    const [row] = await db.select().from(operations).where(named(wanted));
    if (row) return { role: 'bystander', operation: operationOf(row) };
    // It was forgotten in between: the key is free again.
    return await begin({ now, lease, ...wanted });
  };
  return {
    beginOperation: begin,
    async finishOperation({ holder, status, sealedResponse, audit, ...operation }) {
      await db.transaction(async (tx) => {
        await tx
          .update(operations)
          .set({ state: 'done', status, sealedResponse })
          .where(and(named(operation), heldBy(holder)));
        if (audit) await writeAuditRow(tx, audit);
      });
    },
    async prolongOperation({ lease: { holder, heldUntil }, ...operation }) {
      const prolonged = await db
        .update(operations)
        .set({ heldUntil })
        .where(and(named(operation), heldBy(holder)))
        .returning({ id: operations.id });
      return prolonged.length > 0;
    },
    async leaveOperation({ holder, now, ...operation }) {
      await db
        .update(operations)
        .set({ heldUntil: now, holder: null })
        .where(and(named(operation), heldBy(holder)));
    },
    async forgetOperation({ holder, ...operation }) {
      await db.delete(operations).where(and(named(operation), heldBy(holder)));
    },
    async dropOperations(before) {
      const dropped = await db
        .delete(operations)
        .where(lt(operations.createdAt, before))
        .returning({ id: operations.id });
      return dropped.length;
    },
  };
}
