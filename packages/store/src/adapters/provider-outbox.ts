import { and, desc, eq, inArray, isNull, lt, lte, ne, notExists, or, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Announcement, EndpointState, OutboxStore } from '@hangar/provider';
import type { Database, Executor } from '../database.ts';
import { deliveries, outbox, webhookEndpoint } from '../schema/provider.ts';
import { notify } from '../signals.ts';
import { OUTBOX_CHANNEL } from './provider-extensions.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** There is one address at Fly.io per provider. */
const ENDPOINT = 'fly';

/** The outbox of the provider kit, with its attempts and the state of the address. */
export function outboxStore(db: Database): OutboxStore {
  return {
    async claim({ holder, now, until, limit }) {
      const earlier = alias(outbox, 'earlier');
      const candidate = alias(outbox, 'candidate');
      const due = db
        .select({ id: candidate.id })
        .from(candidate)
        .where(
          and(
            eq(candidate.state, 'pending'),
            lte(candidate.nextAt, now),
            or(isNull(candidate.claimedUntil), lte(candidate.claimedUntil, now)),
            notExists(
              db
                .select({ one: sql`1` })
                .from(earlier)
                .where(
                  and(
                    eq(earlier.state, 'pending'),
                    eq(earlier.extensionId, candidate.extensionId),
                    lt(earlier.sequence, candidate.sequence),
                  ),
                ),
            ),
          ),
        )
        .orderBy(candidate.nextAt, candidate.sequence)
        .limit(limit)
        .for('update', { skipLocked: true });
      const rows = await db
        .update(outbox)
        .set({ claimedBy: holder, claimedUntil: until })
        .where(inArray(outbox.id, due))
        .returning();
      return rows.toSorted((a, b) => a.sequence - b.sequence).map(toAnnouncement);
    },

    async settle(holder, delivery, next, endpoint) {
      await db.transaction(async (tx) => {
        const settled = await tx
          .update(outbox)
          .set({
            attempts: delivery.attempt,
            claimedBy: null,
            claimedUntil: null,
            state: next.tag === 'again' ? 'pending' : next.tag,
            ...(next.tag === 'again' ? { nextAt: next.at } : {}),
            ...(next.tag === 'parked' ? { parkedReason: next.reason } : {}),
          })
          .where(and(eq(outbox.id, delivery.announcementId), eq(outbox.claimedBy, holder)))
          .returning({ id: outbox.id });
        if (settled.length === 0) return;
        await tx.insert(deliveries).values({ ...delivery });
        if (endpoint !== undefined) await writeEndpoint(tx, endpoint);
      });
    },

    async endpoint() {
      const [row] = await db.select().from(webhookEndpoint).where(eq(webhookEndpoint.name, ENDPOINT));
      if (row === undefined) return { stoppedAt: null, pausedUntil: null, reason: null };
      return { stoppedAt: row.stoppedAt, pausedUntil: row.pausedUntil, reason: row.reason };
    },

    async setEndpoint(state) {
      await writeEndpoint(db, state);
    },

    async requeue(deliveryId, now) {
      if (!UUID.test(deliveryId)) return false;
      return await db.transaction(async (tx) => {
        const [delivery] = await tx
          .select({ id: deliveries.announcementId })
          .from(deliveries)
          .where(eq(deliveries.id, deliveryId));
        if (delivery === undefined) return false;
        await tx
          .update(outbox)
          .set({ state: 'pending', parkedReason: null, replay: true, scheduledFrom: now, nextAt: now })
          .where(eq(outbox.id, delivery.id));
        await notify(tx, OUTBOX_CHANNEL);
        return true;
      });
    },

    async deliveries({ extensionId, limit }) {
      if (extensionId !== undefined && !UUID.test(extensionId)) return [];
      return await db
        .select()
        .from(deliveries)
        .where(extensionId === undefined ? undefined : eq(deliveries.extensionId, extensionId))
        .orderBy(desc(deliveries.startedAt), desc(deliveries.attempt))
        .limit(limit);
    },

    async backlog() {
      const [row] = await db
        .select({
          pending: sql<string>`count(*)`,
          oldest: sql<string | Date | null>`min(${outbox.createdAt})`,
        })
        .from(outbox)
        .where(eq(outbox.state, 'pending'));
      const oldest = row?.oldest ?? null;
      return { pending: Number(row?.pending ?? 0), oldest: oldest === null ? null : new Date(oldest) };
    },

    async sweep(before) {
      const gone = await db
        .delete(outbox)
        .where(and(ne(outbox.state, 'pending'), lt(outbox.nextAt, before)))
        .returning({ id: outbox.id });
      return gone.length;
    },
  };
}

function toAnnouncement(row: typeof outbox.$inferSelect): Announcement {
  const { id, extensionId, action, createdAt, attempts, scheduledFrom, replay } = row;
  return { id, extensionId, action, createdAt, attempts, scheduledFrom, replay };
}

async function writeEndpoint(executor: Executor, state: EndpointState): Promise<void> {
  await executor
    .insert(webhookEndpoint)
    .values({ name: ENDPOINT, ...state })
    .onConflictDoUpdate({ target: webhookEndpoint.name, set: { ...state } });
}
