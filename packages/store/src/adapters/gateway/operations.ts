import { and, eq, lt, lte } from 'drizzle-orm';
import type { EnvironmentStore } from '@hangar/gateway';
import type { Database } from '../../database.ts';
import { gatewayOperations } from '../../schema/gateway.ts';
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
  const begin: OperationRows['beginOperation'] = async ({ now, ...wanted }) => {
    const [made] = await db
      .insert(operations)
      .values({ ...wanted, state: 'running', createdAt: now })
      .onConflictDoNothing()
      .returning();
    if (made) return { role: 'first', operation: operationOf(made) };
    const { requestHash, busyUntil } = wanted;
    const [taken] = await db
      .update(operations)
      .set({ busyUntil })
      .where(
        and(
          named(wanted),
          eq(operations.state, 'running'),
          eq(operations.requestHash, requestHash),
          lte(operations.busyUntil, now),
        ),
      )
      .returning();
    if (taken) return { role: 'successor', operation: operationOf(taken) };
    const [row] = await db.select().from(operations).where(named(wanted));
    if (row) return { role: 'bystander', operation: operationOf(row) };
    // It was forgotten in between: the key is free again.
    return await begin({ now, ...wanted });
  };
  return {
    beginOperation: begin,
    async finishOperation({ workspace, key, status, sealedResponse }) {
      await db
        .update(operations)
        .set({ state: 'done', status, sealedResponse })
        .where(named({ workspace, key }));
    },
    async prolongOperation({ workspace, key, busyUntil }) {
      await db
        .update(operations)
        .set({ busyUntil })
        .where(and(named({ workspace, key }), eq(operations.state, 'running')));
    },
    async leaveOperation({ workspace, key, now }) {
      await db.update(operations).set({ busyUntil: now }).where(named({ workspace, key }));
    },
    async forgetOperation(wanted) {
      await db.delete(operations).where(named(wanted));
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
