import { and, desc, eq, gt, inArray, isNull, sql, type SQL } from 'drizzle-orm';
import type { IssuerStore, TokenRow } from '@hangar/authority';
import type { Database } from '../database.ts';
import { authorityLineage, authorityRevocations, authorityTokens } from '../schema/authority.ts';
import { shareCounter } from './authority-counters.ts';

type Tokens = Pick<IssuerStore, 'addToken' | 'token' | 'tokens' | 'renameToken' | 'recordUses'>;

/** What is known of minted tokens. */
export function authorityTokenRows(db: Database): Tokens {
  return {
    addToken: (row, ancestors) =>
      db.transaction(async (tx) => {
        // A revocation holds this counter until its commit, so either it is seen here or it sees the new row.
        await shareCounter(tx, 'revocation');
        const above = await tx
          .select({ ancestor: authorityLineage.ancestor })
          .from(authorityLineage)
          .where(
            and(
              eq(authorityLineage.workspace, row.workspace),
              inArray(authorityLineage.token, [...ancestors]),
            ),
          );
        const all = [...new Set([...ancestors, ...above.map((entry) => entry.ancestor)])];
        // Ids, digests and key numbers have different shapes, so the value alone tells what is meant.
        const values = [...all, String(row.keyNumber)];
        const [revoked] = await tx
          .select({ number: authorityRevocations.number })
          .from(authorityRevocations)
          .where(
            and(
              eq(authorityRevocations.workspace, row.workspace),
              inArray(authorityRevocations.value, values),
            ),
          )
          .limit(1);
        if (revoked) return false;
        await tx.insert(authorityTokens).values({ ...row, summary: [...row.summary] });
        if (all.length > 0) {
          await tx
            .insert(authorityLineage)
            .values(all.map((ancestor) => ({ workspace: row.workspace, ancestor, token: row.id })));
        }
        return true;
      }),
    token: async (workspace, id) => {
      const [row] = await db
        .select()
        .from(authorityTokens)
        .where(and(eq(authorityTokens.workspace, workspace), eq(authorityTokens.id, id)));
      return row && toToken(row);
    },
    tokens: async ({ workspace, apps, creator, activeAt, before, limit }) => {
      const wanted: SQL[] = [eq(authorityTokens.workspace, workspace)];
      if (apps !== undefined)
        wanted.push(apps.length > 0 ? inArray(authorityTokens.app, [...apps]) : sql`false`);
      if (creator !== undefined) wanted.push(eq(authorityTokens.creator, creator));
      if (activeAt !== undefined) {
        wanted.push(isNull(authorityTokens.revokedAt), gt(authorityTokens.expiresAt, activeAt));
      }
      if (before !== undefined) {
        const at = before.createdAt.toISOString();
        wanted.push(
          sql`(${authorityTokens.createdAt}, ${authorityTokens.id}) < (${at}::timestamptz, ${before.id}::text)`,
        );
      }
      const rows = await db
        .select()
        .from(authorityTokens)
        .where(and(...wanted))
        .orderBy(desc(authorityTokens.createdAt), desc(authorityTokens.id))
        .limit(limit);
      return rows.map(toToken);
    },
    renameToken: async ({ workspace, id, name }) => {
      const [row] = await db
        .update(authorityTokens)
        .set({ name })
        .where(and(eq(authorityTokens.workspace, workspace), eq(authorityTokens.id, id)))
        .returning();
      return row && toToken(row);
    },
    recordUses: async (uses) => {
      if (uses.length === 0) return;
      const rows = uses.map(
        (use) => sql`(${use.id}::text, ${use.at.toISOString()}::timestamptz, ${use.from ?? null}::text)`,
      );
      await db.execute(sql`
        update ${authorityTokens} as t set last_used_at = used.at, last_used_from = used.origin
        from (values ${sql.join(rows, sql`, `)}) as used (id, at, origin)
        where t.id = used.id and (t.last_used_at is null or t.last_used_at < used.at)`);
    },
  };
}

function toToken(row: typeof authorityTokens.$inferSelect): TokenRow {
  const { app, lastUsedAt, lastUsedFrom, revokedAt, revokedBy, ...token } = row;
  return {
    ...token,
    summary: token.summary as TokenRow['summary'],
    ...(app === null ? {} : { app }),
    ...(lastUsedAt ? { lastUsedAt } : {}),
    ...(lastUsedFrom === null ? {} : { lastUsedFrom }),
    ...(revokedAt ? { revokedAt } : {}),
    ...(revokedBy === null ? {} : { revokedBy }),
  };
}
