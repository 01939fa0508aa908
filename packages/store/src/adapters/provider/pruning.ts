import { and, eq, inArray, isNull, lt, notExists, sql, type SQL } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Database } from '../../database.ts';
import { extensions, logins, memberships, organizations, outbox, users } from '../../schema/provider.ts';

/** How many extensions one transaction forgets. */
const BATCH = 200;

/** Forgets tombstones of extensions, and then the accounts that nothing else mentions. */
export async function forgetExtensions(db: Database, before: Date): Promise<void> {
  while ((await bury(db, before)) === BATCH);
  const without = (table: PgTable, where: SQL): SQL =>
    notExists(
      db
        .select({ one: sql`1` })
        .from(table)
        .where(where),
    );
  await db
    .delete(memberships)
    .where(
      and(
        lt(memberships.evidenceAt, before),
        without(extensions, eq(extensions.organizationId, memberships.organizationId)),
      ),
    );
  await db.delete(memberships).where(lt(memberships.endedAt, before));
  await db
    .delete(organizations)
    .where(
      and(
        lt(organizations.evidenceAt, before),
        without(extensions, eq(extensions.organizationId, organizations.id)),
        without(memberships, eq(memberships.organizationId, organizations.id)),
      ),
    );
  await db
    .delete(users)
    .where(
      and(
        lt(users.evidenceAt, before),
        without(extensions, eq(extensions.userId, users.id)),
        without(memberships, eq(memberships.userId, users.id)),
        without(logins, eq(logins.userId, users.id)),
      ),
    );
}

async function bury(db: Database, before: Date): Promise<number> {
  return await db.transaction(async (tx) => {
    const rows = await tx
      .select({ id: extensions.id })
      .from(extensions)
      .where(and(lt(extensions.deletedAt, before), isNull(extensions.operation)))
      .limit(BATCH)
      .for('update', { skipLocked: true });
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    await tx.delete(outbox).where(inArray(outbox.extensionId, ids));
    await tx.delete(extensions).where(inArray(extensions.id, ids));
    return ids.length;
  });
}
