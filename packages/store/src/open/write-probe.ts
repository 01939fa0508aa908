import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { HangarError } from '@hangar/http';
import type { Database } from '../database.ts';
import type { Outage } from './outage.ts';

/** A write that was refused says for so long that writes are, although the next small one may find room. */
const REFUSED_FOR_MS = 3_000;

/** As long as the page that asks waits. A write that waits longer would hold its connection for nobody. */
const WITHIN_MS = 2_000;

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
      // A row of its own each time: one that all processes share would be locked for all by a process that hangs.
      const name = `write-probe ${randomUUID()}`;
      await db.transaction(async (tx) => {
        await tx.execute(
          sql`select set_config('lock_timeout', ${`${WITHIN_MS}`}, true), set_config('statement_timeout', ${`${WITHIN_MS}`}, true)`,
        );
        await tx.execute(sql`insert into house_facts (name, value, decided_at) values (${name}, '', now())`);
        await tx.execute(sql`delete from house_facts where name = ${name}`);
      });
      if (monotonicMs() - refusedAt < REFUSED_FOR_MS)
        throw new HangarError('unavailable', { detail: 'the database refused a write a moment ago' });
    },
  };
}
