import { and, asc, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import type { IssuerStore, SigningKeyRow } from '@hangar/authority';
import type { Database, Executor } from '../../database.ts';
import { authorityKeys } from '../../schema/authority.ts';
import { createNumberBlock } from '../../number-block.ts';
import { statement } from '../../prepared.ts';
import { keyNumbers } from './counters.ts';

type Keys = Pick<
  IssuerStore,
  'currentKey' | 'key' | 'keysAfter' | 'addKey' | 'nextKeyNumber' | 'resealKey' | 'pruneKeys'
>;

/** Root keys of permission tokens. */
export function authorityKeyRows(db: Database): Keys {
  const numbers = createNumberBlock(() => keyNumbers(db));
  return {
    currentKey: (workspace) => currentKey(db, workspace),
    key: async (number) => {
      const [row] = await db.select().from(authorityKeys).where(eq(authorityKeys.number, number));
      return row && toKey(row);
    },
    keysAfter: async (number, limit) => {
      const rows = await db
        .select()
        .from(authorityKeys)
        .where(gt(authorityKeys.number, number))
        .orderBy(asc(authorityKeys.number))
        .limit(limit);
      return rows.map(toKey);
    },
    addKey: async (wanted) => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const added = await addKey(db, await numbers.next(), wanted);
        if (added !== undefined) return added;
        numbers.forget();
      }
      throw new Error('no number for a key could be had');
    },
    nextKeyNumber: () => numbers.next(),
    resealKey: async (number, from, to) => {
      await db
        .update(authorityKeys)
        .set({ sealed: to })
        .where(and(eq(authorityKeys.number, number), eq(authorityKeys.sealed, from)));
    },
    pruneKeys: async (retiredBefore) => {
      const gone = await db
        .delete(authorityKeys)
        .where(lt(authorityKeys.retiredAt, retiredBefore))
        .returning({ number: authorityKeys.number });
      return gone.length;
    },
  };
}

/** After a restore the numbers at hand may be used or not yet handed out; one block more is always of this time. */
const TRIES = 3;

/** A key with a number that nobody was ever promised would be refused by every reader of the feed. */
const insertKey = statement<[number: bigint, workspace: bigint, sealed: Uint8Array, createdAt: Date], true>(
  'key_insert',
  `insert into authority_keys (number, workspace, sealed, created_at)
   select $1::bigint, $2::bigint, $3::bytea, $4::timestamptz
   where $1::bigint <= (select value from authority_counters where name = 'key')
   on conflict (number) do nothing returning 1 as one`,
  () => true,
);

/** Undefined, and nothing changed, when the number cannot be used. */
async function addKey(
  db: Database,
  number: bigint,
  { workspace, replaces, seal, at }: Parameters<Keys['addKey']>[0],
): Promise<SigningKeyRow | undefined> {
  return await db
    .transaction(async (tx) => {
      await lockKeysOf(tx, workspace);
      const current = await currentKey(tx, workspace);
      if (current && current.number !== replaces) return current;
      const row = { number, workspace, sealed: seal(number), createdAt: at };
      if (current) {
        await tx.update(authorityKeys).set({ retiredAt: at }).where(eq(authorityKeys.number, current.number));
      }
      const [added] = await insertKey(tx, number, workspace, row.sealed, at);
      if (added) return row;
      throw new NumberUnusable();
    })
    .catch((error: unknown) => {
      if (error instanceof NumberUnusable) return undefined;
      throw error;
    });
}

/** Rolls the retirement of the key before back, too. */
class NumberUnusable extends Error {}

/** Everybody else who adds a key to this workspace waits until the transaction ends. */
async function lockKeysOf(tx: Executor, workspace: bigint): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`authority keys ${workspace}`}, 0))`);
}

async function currentKey(db: Executor, workspace: bigint): Promise<SigningKeyRow | undefined> {
  const [row] = await db
    .select()
    .from(authorityKeys)
    .where(and(eq(authorityKeys.workspace, workspace), isNull(authorityKeys.retiredAt)));
  return row && toKey(row);
}

function toKey(row: typeof authorityKeys.$inferSelect): SigningKeyRow {
  const { retiredAt, ...key } = row;
  return { ...key, sealed: new Uint8Array(key.sealed), ...(retiredAt ? { retiredAt } : {}) };
}
