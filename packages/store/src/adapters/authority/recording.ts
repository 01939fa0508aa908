import { and, count, eq, gt, inArray, isNull, lt, sql, type SQL } from 'drizzle-orm';
import type { IssuerStore, NewToken, NotRecorded } from '@hangar/authority';
import type { Database, Executor } from '../../database.ts';
import { authorityLineage, authorityTokenParts, authorityTokens } from '../../schema/authority.ts';
import { shareCounter } from './counters.ts';
import { isRevoked } from './revoked.ts';

type Recording = Pick<IssuerStore, 'addToken' | 'pruneTokens'>;

/** Tokens removed by one statement; a year's worth of them must not hold locks for minutes. */
const CHUNK = 1000;

/** Recording what was minted, within bounds, and forgetting it. */
export function authorityRecording(db: Database): Recording {
  return {
    addToken: (token) =>
      db.transaction(async (tx) => {
        const { row, ancestors, keys } = token;
        // First of all, so that whoever waits here keeps no revocation waiting.
        await lockWorkspace(tx, row.workspace);
        // A revocation holds this counter until its commit, so either it is seen here or it sees the new row.
        await shareCounter(tx);
        if (await isRevoked(tx, row.workspace, [...ancestors, ...keys.map(String)])) return 'revoked';
        const full = await fullness(tx, token);
        if (full) return full;
        const { parts, ...columns } = row;
        await tx.insert(authorityTokens).values({ ...columns, summary: [...row.summary] });
        const { workspace, id } = row;
        if (parts.length > 0) {
          const rows = parts.map((part, place) => ({ workspace, token: id, place, ...part }));
          await tx.insert(authorityTokenParts).values(rows);
        }
        if (ancestors.length > 0) {
          const rows = [...new Set(ancestors)].map((ancestor) => ({ workspace, ancestor, token: id }));
          await tx.insert(authorityLineage).values(rows);
        }
        return undefined;
      }),
    pruneTokens: async (before) => {
      let gone = 0;
      for (;;) {
        const removed = await db.transaction((tx) => remove(tx, lt(authorityTokens.expiresAt, before)));
        gone += removed;
        if (removed < CHUNK) return gone;
      }
    },
  };
}

/** Everybody else who records a token of this workspace waits until the transaction ends. */
async function lockWorkspace(tx: Executor, workspace: bigint): Promise<void> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`authority tokens ${workspace}`}, 0))`,
  );
}

async function fullness(
  tx: Executor,
  { row: { workspace, createdAt }, limits }: NewToken,
): Promise<NotRecorded | undefined> {
  const [live] = await tx
    .select({ count: count() })
    .from(authorityTokens)
    .where(
      and(
        eq(authorityTokens.workspace, workspace),
        isNull(authorityTokens.revokedAt),
        gt(authorityTokens.expiresAt, createdAt),
      ),
    );
  if ((live?.count ?? 0) >= limits.live) return 'too_many_live';
  const mine = eq(authorityTokens.workspace, workspace);
  if ((await tx.$count(authorityTokens, mine)) < limits.recorded) return undefined;
  // What is over is remembered for lists only, so it makes room before anybody is refused.
  const removed = await remove(tx, and(mine, lt(authorityTokens.expiresAt, createdAt)));
  return removed === 0 ? 'too_many_recorded' : undefined;
}

/** Removes some of the tokens meant, with what hangs on them. */
async function remove(tx: Executor, which: SQL | undefined): Promise<number> {
  const some = await tx.select({ id: authorityTokens.id }).from(authorityTokens).where(which).limit(CHUNK);
  if (some.length === 0) return 0;
  const ids = some.map((row) => row.id);
  await tx.delete(authorityLineage).where(inArray(authorityLineage.token, ids));
  await tx.delete(authorityTokenParts).where(inArray(authorityTokenParts.token, ids));
  await tx.delete(authorityTokens).where(inArray(authorityTokens.id, ids));
  return ids.length;
}
