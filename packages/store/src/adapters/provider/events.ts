import { randomUUID } from 'node:crypto';
import { and, desc, eq, inArray, lt, lte, ne, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { EventSettlement, Json, MachineEvent, MachineEventStore } from '@hangar/provider';
import { withoutNulls } from '../../absent.ts';
import type { Database } from '../../database.ts';
import { machineEvents } from '../../schema/provider.ts';

/** Machine events: kept once for each body, handed out until somebody has dealt with them. */
export function machineEventStore(db: Database): MachineEventStore {
  return {
    async accept({ event, digest, handled }) {
      const { id, ...same } = event;
      const rows = await db
        .insert(machineEvents)
        .values({
          ...same,
          key: randomUUID(),
          digest,
          times: 1,
          eventId: id,
          state: handled ? 'handled' : 'waiting',
          attempts: 0,
          nextAt: event.receivedAt,
        })
        .onConflictDoUpdate({
          target: machineEvents.digest,
          set: {
            times: sql`${machineEvents.times} + 1`,
            source: event.source,
            eventId: id,
            time: event.time ?? null,
            receivedAt: event.receivedAt,
            ...(handled ? {} : goesOnWaiting),
          },
          setWhere: sql`${ne(machineEvents.source, event.source)} or ${ne(machineEvents.eventId, id)}`,
        })
        .returning({ waits: sql<boolean>`${machineEvents.state} = 'waiting'` });
      return rows[0]?.waits ?? false;
    },

    async claim({ now, until, limit }) {
      const candidate = alias(machineEvents, 'candidate');
      const due = db
        .select({ key: candidate.key })
        .from(candidate)
        .where(and(eq(candidate.state, 'waiting'), lte(candidate.nextAt, now)))
        .orderBy(candidate.receivedAt)
        .limit(limit)
        .for('update', { skipLocked: true });
      // The next instant doubles as the claim: nobody else sees the row before it.
      const rows = await db
        .update(machineEvents)
        .set({ nextAt: until, attempts: sql`${machineEvents.attempts} + 1` })
        .where(inArray(machineEvents.key, due))
        .returning();
      return rows
        .toSorted((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime())
        .map((row) => ({ key: row.key, event: toEvent(row), attempts: row.attempts, times: row.times }));
    },

    async settle(key, next) {
      await db.update(machineEvents).set(settled(next)).where(eq(machineEvents.key, key));
    },

    async recent({ machineId, limit }) {
      const rows = await db
        .select()
        .from(machineEvents)
        .where(machineId === undefined ? undefined : eq(machineEvents.machineId, machineId))
        .orderBy(desc(machineEvents.receivedAt))
        .limit(limit);
      return rows.map(toEvent);
    },

    async sweep(before) {
      const gone = await db
        .delete(machineEvents)
        .where(and(ne(machineEvents.state, 'waiting'), lt(machineEvents.receivedAt, before)))
        .returning({ key: machineEvents.key });
      return gone.length;
    },
  };
}

/** What was dealt with waits again; what still waits keeps its place and its tries. `next_at` is the earliest instant. */
const goesOnWaiting = {
  state: 'waiting',
  attempts: sql`case when ${machineEvents.state} = 'waiting' then ${machineEvents.attempts} else 0 end`,
} as const;

function settled(next: EventSettlement) {
  if (next.tag === 'again') return { nextAt: next.at };
  const cameAgain = ne(machineEvents.times, next.times);
  return {
    state: sql`case when ${cameAgain} then 'waiting' else ${next.tag} end`,
    attempts: sql`case when ${cameAgain} then 0 else ${machineEvents.attempts} end`,
    nextAt: next.again,
  };
}

function toEvent(row: typeof machineEvents.$inferSelect): MachineEvent {
  const { eventId, source, type, machineId, status, time, receivedAt } = withoutNulls(row);
  return { id: eventId, source, type, machineId, status, data: row.data as Json, time, receivedAt };
}
