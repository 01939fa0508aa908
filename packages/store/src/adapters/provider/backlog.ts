import type { Database } from '../../database.ts';
import { statement } from '../../prepared.ts';

/** What waits to be done for one purpose. */
export interface Backlog {
  readonly queue: 'webhooks' | 'machine_events';
  readonly waiting: number;
  /** Of the oldest that waits; undefined when nothing does. */
  readonly since: Date | undefined;
}

/** Each queue by the index of what waits, however long the table is. */
const waiting = statement<[], Backlog>(
  'backlog',
  `select 'webhooks' as queue, count(*) as waiting, min(created_at) as since from outbox where state = 'pending'
  union all
  select 'machine_events', count(*), min(received_at) from machine_events where state = 'waiting'`,
  (row) => ({
    queue: row['queue'] as Backlog['queue'],
    waiting: Number(row['waiting']),
    since: row['since'] === null ? undefined : new Date(row['since'] as string),
  }),
);

/** How much waits, for whoever watches. */
export async function readBacklog(db: Database): Promise<readonly Backlog[]> {
  return await waiting(db);
}
