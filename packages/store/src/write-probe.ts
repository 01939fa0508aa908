import { sql } from 'drizzle-orm';
import { HangarError } from '@hangar/security';
import type { Database } from './database.ts';
import type { Outage } from './outage.ts';

/** A write that was refused says for so long that writes are, although the next small one may find room. */
const REFUSED_FOR_MS = 3_000;

/** Whether the database can be written, from a tiny write and from what became of others. */
export interface WriteProbe {
  /** To be told of every outage that a statement met. */
  readonly heard: (outage: Outage) => void;
  /** @throws HangarError `unavailable`, its detail in words, when the database is away, read-only or full. */
  tryWrite(db: Database): Promise<void>;
}

/** A probe of one process. */
export function createWriteProbe(monotonicMs: () => number = () => performance.now()): WriteProbe {
  let refusedAt = Number.NEGATIVE_INFINITY;
  return {
    heard: (outage) => {
      if (outage === 'full' || outage === 'readOnly') refusedAt = monotonicMs();
    },
    tryWrite: async (db) => {
      await db.execute(
        sql`insert into house_facts (name, value, decided_at) values ('write-probe', '', now())
          on conflict (name) do update set decided_at = excluded.decided_at`,
      );
      if (monotonicMs() - refusedAt < REFUSED_FOR_MS)
        throw new HangarError('unavailable', { detail: 'the database refused a write a moment ago' });
    },
  };
}
