import { and, eq, inArray, isNull, lt } from 'drizzle-orm';
import type { IssuerStore, Revocation } from '@hangar/authority';
import type { Database, Executor } from '../../database.ts';
import { statement, type Raw } from '../../prepared.ts';
import { authorityRevocations, authorityTokens } from '../../schema/authority.ts';
import { lockCounter, setCounter } from './counters.ts';
import { hasEnded } from './revoked.ts';
import { chunks, endParts, partsAmong, reach, type Entry } from './reach.ts';

type Revocations = Pick<IssuerStore, 'revoke' | 'revokedSince' | 'pruneRevocations'>;

const ALL = 2_147_483_647;

/** Counters and rows are of one statement, so of one snapshot. Every process asks it several times a second. */
const revokedSince = statement<
  [number: string, limit: number],
  { newest: bigint; newestKey: bigint; entry?: Revocation }
>(
  'authority_revoked_since',
  `select coalesce((select value from authority_counters where name = 'revocation'), 0)::text as newest,
      coalesce((select value from authority_counters where name = 'key'), 0)::text as newest_key,
      entry.number::text as number, entry.workspace::text as workspace, entry.kind, entry.value, entry.is_part,
      (extract(epoch from entry.needless_after) * 1000)::float8 as needless_after
    from (select 1) as always
    left join lateral (
      select number, workspace, kind, value, is_part, needless_after from authority_revocations
      where number > $1::text::bigint order by number limit $2::int
    ) as entry on true
    order by entry.number`,
  ({ newest, newest_key: newestKey, ...row }) => ({
    newest: BigInt(newest as string),
    newestKey: BigInt(newestKey as string),
    entry: row['number'] === null ? undefined : entryOf(row),
  }),
);

function entryOf(row: Raw): Revocation {
  const needlessAfter = row['needless_after'];
  return {
    number: BigInt(row['number'] as string),
    workspace: BigInt(row['workspace'] as string),
    kind: row['kind'] as Revocation['kind'],
    value: row['value'] as string,
    ...(row['is_part'] === true ? { isPart: true } : {}),
    needlessAfter: needlessAfter === null ? undefined : new Date(Number(needlessAfter)),
  };
}

/** The feed of what no longer counts. */
export function authorityRevocationRows(db: Database): Revocations {
  return {
    revoke: ({ workspace, target, by, reason, at, neededFrom, latestEnd, maxCopies, asker }) =>
      db.transaction(async (tx) => {
        const last = await lockCounter(tx);
        if (await hasEnded(tx, workspace, asker)) return 'asker_revoked';
        const parts = await partsAmong(tx, workspace, target);
        const { tokens, entries } = await reach(tx, { workspace, target, parts, neededFrom, latestEnd });
        const fresh = await unwritten(tx, workspace, entries);
        if (!(await hasRoom(tx, workspace, { copies: fresh.filter(isCopy).length, maxCopies })))
          return 'too_many_copies';
        await endParts(tx, parts, { workspace, by, at });
        const rows = fresh.map(({ kind, value, isPart, needlessAfter }, index) => ({
          kind,
          value,
          isPart,
          needlessAfter,
          number: last + BigInt(index) + 1n,
          workspace,
          reason,
          revokedBy: by,
          revokedAt: at,
        }));
        for (const part of chunks(rows)) await tx.insert(authorityRevocations).values(part);
        for (const part of chunks(tokens.map((token) => token.id))) {
          await tx
            .update(authorityTokens)
            .set({ revokedAt: at, revokedBy: by })
            .where(and(inArray(authorityTokens.id, part), isNull(authorityTokens.revokedAt)));
        }
        await setCounter(tx, last + BigInt(rows.length));
        return tokens.map((token) => token.id);
      }),
    revokedSince: async (number, limit) => {
      const found = await revokedSince(db, number.toString(), limit === undefined ? ALL : limit + 1);
      const { newest = 0n, newestKey = 0n } = found[0] ?? {};
      const entries = found.flatMap(({ entry }) => (entry ? [entry] : []));
      const revocations = entries.slice(0, limit);
      return { more: revocations.length < entries.length, newest, newestKey, revocations };
    },
    pruneRevocations: async (before) => {
      const gone = await db
        .delete(authorityRevocations)
        .where(lt(authorityRevocations.needlessAfter, before))
        .returning({ number: authorityRevocations.number });
      return gone.length;
    },
  };
}

/** Whether an entry is of a copy that no record knows: those are as many as somebody makes. */
function isCopy({ kind, isPart = false }: Entry): boolean {
  return kind === 'branch' && !isPart;
}

/** Whether the feed takes these copies too. The caller holds the counter of revocations, so nobody else adds some. */
async function hasRoom(
  tx: Executor,
  workspace: bigint,
  { copies, maxCopies }: { copies: number; maxCopies: number },
): Promise<boolean> {
  if (copies === 0) return true;
  if (copies > maxCopies) return false;
  // With a row at this place there are too many; nothing behind it is counted.
  const [last] = await tx
    .select({ number: authorityRevocations.number })
    .from(authorityRevocations)
    .where(
      and(
        eq(authorityRevocations.workspace, workspace),
        eq(authorityRevocations.kind, 'branch'),
        eq(authorityRevocations.isPart, false),
      ),
    )
    .offset(maxCopies - copies)
    .limit(1);
  return last === undefined;
}

/** The entries that say something the feed does not say yet: revoking twice leaves one record. */
async function unwritten(
  tx: Executor,
  workspace: bigint,
  entries: readonly Entry[],
): Promise<readonly Entry[]> {
  // Ids, digests and key numbers have different shapes, so the value alone tells what is meant.
  const written = new Set<string>();
  const asked = new Set(entries.flatMap(({ value, chain = [] }) => [value, ...chain]));
  for (const part of chunks([...asked])) {
    const rows = await tx
      .select({ value: authorityRevocations.value })
      .from(authorityRevocations)
      .where(and(eq(authorityRevocations.workspace, workspace), inArray(authorityRevocations.value, part)));
    for (const { value } of rows) written.add(value);
  }
  const fresh = entries.filter(({ value }) => !written.has(value));
  const said = new Set([...written, ...fresh.map(({ value }) => value)]);
  return fresh.filter(({ chain = [] }) => !chain.some((link) => said.has(link)));
}
