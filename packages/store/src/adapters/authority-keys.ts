import { and, asc, eq, gt, isNull, lt } from 'drizzle-orm';
import type { IssuerStore, SigningKeyRow } from '@hangar/authority';
import type { Database, Executor } from '../database.ts';
import { authorityKeys } from '../schema/authority.ts';
import { lockCounter, setCounter } from './authority-counters.ts';

type Keys = Pick<IssuerStore, 'currentKey' | 'key' | 'keysAfter' | 'addKey' | 'resealKey' | 'pruneKeys'>;

/** Root keys of permission tokens. */
export function authorityKeyRows(db: Database): Keys {
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
    addKey: ({ workspace, replaces, seal, at }) =>
      db.transaction(async (tx) => {
        const last = await lockCounter(tx, 'key');
        const current = await currentKey(tx, workspace);
        if (current && current.number !== replaces) return current;
        if (current) {
          await tx
            .update(authorityKeys)
            .set({ retiredAt: at })
            .where(eq(authorityKeys.number, current.number));
        }
        const number = last + 1n;
        const row = { number, workspace, sealed: seal(number), createdAt: at };
        await tx.insert(authorityKeys).values(row);
        await setCounter(tx, 'key', number);
        return row;
      }),
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
