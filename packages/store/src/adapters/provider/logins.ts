import { and, eq, gt, isNull, lte } from 'drizzle-orm';
import type { LoginStore, LoginTarget } from '@hangar/provider';
import type { Database } from '../../database.ts';
import { loginAttempts, logins, memberships, users } from '../../schema/provider.ts';
import { recordIntrospection } from './accounts.ts';

/** Sign-ins: attempts by the hash of their state, logins by the hash of their cookie. */
export function loginStore(db: Database): LoginStore {
  return {
    async begin(attempt) {
      await db.insert(loginAttempts).values({ ...attempt });
    },

    async take(stateHash, now) {
      const [row] = await db.delete(loginAttempts).where(eq(loginAttempts.stateHash, stateHash)).returning();
      if (row === undefined || row.expiresAt <= now) return undefined;
      return { ...row, target: row.target as LoginTarget };
    },

    async open(login, introspection) {
      await db.transaction(async (tx) => {
        await recordIntrospection(tx, introspection);
        if (login.replaces !== undefined) await tx.delete(logins).where(eq(logins.tokenHash, login.replaces));
        await tx.insert(logins).values({
          tokenHash: login.tokenHash,
          userId: introspection.user.id,
          sealedAccessToken: login.sealedAccessToken,
          createdAt: introspection.at,
          checkedAt: introspection.at,
          expiresAt: login.expiresAt,
        });
      });
    },

    async find(tokenHash, now) {
      const [row] = await db
        .select({ login: logins, email: users.email, name: users.name })
        .from(logins)
        .innerJoin(users, eq(users.id, logins.userId))
        .where(and(eq(logins.tokenHash, tokenHash), gt(logins.expiresAt, now)));
      if (row === undefined) return undefined;
      const found = await db
        .select({ organizationId: memberships.organizationId, role: memberships.role })
        .from(memberships)
        .where(and(eq(memberships.userId, row.login.userId), isNull(memberships.endedAt)))
        .orderBy(memberships.organizationId);
      const { userId, sealedAccessToken, checkedAt, expiresAt } = row.login;
      return {
        tokenHash,
        userId,
        email: row.email ?? undefined,
        name: row.name ?? undefined,
        memberships: found,
        sealedAccessToken,
        checkedAt,
        expiresAt,
      };
    },

    async confirm(tokenHash, introspection) {
      await db.transaction(async (tx) => {
        await recordIntrospection(tx, introspection);
        await tx.update(logins).set({ checkedAt: introspection.at }).where(eq(logins.tokenHash, tokenHash));
      });
    },

    async close(tokenHash) {
      await db.delete(logins).where(eq(logins.tokenHash, tokenHash));
    },

    async sweep(now) {
      await db.delete(loginAttempts).where(lte(loginAttempts.expiresAt, now));
      const gone = await db
        .delete(logins)
        .where(lte(logins.expiresAt, now))
        .returning({ hash: logins.tokenHash });
      return gone.length;
    },
  };
}
