import { and, eq, inArray, isNull, lte, notInArray, sql } from 'drizzle-orm';
import type { AccountStore, Introspection } from '@hangar/provider';
import { withoutNulls } from '../../absent.ts';
import type { Database, Executor } from '../../database.ts';
import { memberships, organizations, users } from '../../schema/provider.ts';

/** Organizations as the provider kit asks for them. */
export function accountStore(db: Database): AccountStore {
  return {
    async organization(id) {
      const [row] = await db
        .select({ id: organizations.id, name: organizations.name })
        .from(organizations)
        .where(eq(organizations.id, id));
      return row && withoutNulls(row);
    },
    async knownOrganizations(ids) {
      return await known(db, ids);
    },
    async endUnlisted(userId, organizationIds, at) {
      await endOthers(db, userId, organizationIds, at);
    },
  };
}

/**
 * Writes what an introspection says: the user, memberships in the organizations we know (or were told to
 * create), and the end of those that are no longer listed.
 */
export async function recordIntrospection(tx: Executor, introspection: Introspection): Promise<void> {
  const { user, at, createOrganization } = introspection;
  if (createOrganization !== undefined) {
    await tx
      .insert(organizations)
      .values({ id: createOrganization, name: null, email: null, createdAt: at, evidenceAt: at })
      .onConflictDoNothing();
  }
  await upsertUser(tx, user, at);
  const listed = new Map(introspection.memberships.map((entry) => [entry.organizationId, entry.role]));
  const kept = (await known(tx, [...listed.keys()])).toSorted();
  for (const organizationId of kept) {
    await upsertMembership(tx, organizationId, user.id, listed.get(organizationId) ?? 'member', at);
  }
  await endOthers(tx, user.id, kept, at);
}

async function endOthers(tx: Executor, userId: string, kept: readonly string[], at: Date): Promise<void> {
  await tx
    .update(memberships)
    .set({ endedAt: at, evidenceAt: at })
    .where(
      and(
        eq(memberships.userId, userId),
        isNull(memberships.endedAt),
        lte(memberships.evidenceAt, at),
        kept.length === 0 ? undefined : notInArray(memberships.organizationId, [...kept]),
      ),
    );
}

async function known(executor: Executor, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await executor
    .select({ id: organizations.id })
    .from(organizations)
    .where(inArray(organizations.id, [...ids]));
  return rows.map((row) => row.id);
}

async function upsertUser(tx: Executor, user: Introspection['user'], at: Date): Promise<void> {
  await tx
    .insert(users)
    .values({ ...user, createdAt: at, evidenceAt: at })
    .onConflictDoUpdate({
      target: users.id,
      set: {
        email: sql`coalesce(excluded.email, ${users.email})`,
        name: sql`coalesce(excluded.name, ${users.name})`,
        evidenceAt: sql`excluded.evidence_at`,
      },
      setWhere: sql`${users.evidenceAt} <= excluded.evidence_at`,
    });
}

async function upsertMembership(
  tx: Executor,
  organizationId: string,
  userId: string,
  role: 'admin' | 'member',
  at: Date,
): Promise<void> {
  await tx
    .insert(memberships)
    .values({ organizationId, userId, role, evidenceAt: at, endedAt: null })
    .onConflictDoUpdate({
      target: [memberships.organizationId, memberships.userId],
      set: { role: sql`excluded.role`, evidenceAt: sql`excluded.evidence_at`, endedAt: null },
      setWhere: sql`${memberships.evidenceAt} <= excluded.evidence_at`,
    });
}
