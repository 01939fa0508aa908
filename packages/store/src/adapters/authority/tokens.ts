import { and, asc, desc, eq, gt, inArray, isNull, sql, type SQL } from 'drizzle-orm';
import type { IssuerStore, TokenPart, TokenRow } from '@hangar/authority';
import type { Database, Executor } from '../../database.ts';
import { shareCounter } from './counters.ts';
import { hasEnded } from './revoked.ts';
import { authorityTokenParts, authorityTokens } from '../../schema/authority.ts';

type Tokens = Pick<IssuerStore, 'token' | 'tokens' | 'renameToken' | 'recordUses'>;

/** What is known of minted tokens. */
export function authorityTokenRows(db: Database): Tokens {
  return {
    token: async (workspace, id) => {
      const [row] = await db
        .select()
        .from(authorityTokens)
        .where(and(eq(authorityTokens.workspace, workspace), eq(authorityTokens.id, id)));
      return row && (await withParts(db, [row]))[0];
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
      return await withParts(db, rows);
    },
    renameToken: ({ workspace, id, name, asker }) =>
      db.transaction(async (tx) => {
        await shareCounter(tx);
        if (await hasEnded(tx, workspace, asker)) return 'asker_revoked';
        const [row] = await tx
          .update(authorityTokens)
          .set({ name })
          .where(and(eq(authorityTokens.workspace, workspace), eq(authorityTokens.id, id)))
          .returning();
        return row && (await withParts(tx, [row]))[0];
      }),
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

type Row = typeof authorityTokens.$inferSelect;
type Part = typeof authorityTokenParts.$inferSelect;

/** The texts that these tokens were minted as, in their order. */
async function withParts(db: Executor, rows: readonly Row[]): Promise<readonly TokenRow[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const parts = await db
    .select()
    .from(authorityTokenParts)
    .where(inArray(authorityTokenParts.token, ids))
    .orderBy(asc(authorityTokenParts.place));
  const partsOf = new Map<string, Part[]>(ids.map((id) => [id, []]));
  for (const part of parts) partsOf.get(part.token)?.push(part);
  return rows.map((row) => toToken(row, partsOf.get(row.id) ?? []));
}

function toToken(row: Row, parts: readonly Part[]): TokenRow {
  const { app, lastUsedAt, lastUsedFrom, revokedAt, revokedBy, ...token } = row;
  return {
    ...token,
    summary: token.summary as TokenRow['summary'],
    parts: parts.map((part) => ({ digest: part.digest, ...revocationOf(part) })),
    app: app ?? undefined,
    lastUsedAt: lastUsedAt ?? undefined,
    lastUsedFrom: lastUsedFrom ?? undefined,
    ...revocationOf({ revokedAt, revokedBy }),
  };
}

function revocationOf(row: { revokedAt: Date | null; revokedBy: string | null }): Partial<TokenPart> {
  return {
    revokedAt: row.revokedAt ?? undefined,
    revokedBy: row.revokedBy ?? undefined,
  };
}
