import { and, desc, eq, lt, ne, sql } from 'drizzle-orm';
import type { Announcement, Attempt, Claimed, EndpointState, OutboxStore } from '@hangar/provider';
import { withoutNulls } from '../../absent.ts';
import type { Database, Executor } from '../../database.ts';
import { deliveries, extensions, outbox, webhookEndpoint } from '../../schema/provider.ts';
import { columnsOf, statement } from '../../prepared.ts';
import { notify } from '../../open/signals.ts';
import { OUTBOX_CHANNEL } from './extensions.ts';
import { readRecord } from './rows.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** There is one address at Fly.io per provider. */
const ENDPOINT = 'fly';

/**
 * The state of the address decides how many may go: none while it is stopped or paused, one alone while nobody knows
 * whether it is well again. Then come the oldest pending ones of their extensions, unless somebody has them.
 */
const claim = statement<
  [holder: string, now: Date, until: Date, limit: number],
  Claimed & { sequence: number }
>(
  'outbox_claim',
  `with address as (
    select bool_or(stopped_at is not null or paused_until > $2::timestamptz) as shut, bool_or(reason is not null) as ill
    from webhook_endpoint where name = '${ENDPOINT}'),
  room as (
    select case
      when shut then 0
      when not ill then $4::int
      when exists (
        select 1 from outbox
        where state = 'pending' and claimed_by = $1::text and claimed_until > $2::timestamptz) then 0
      else 1 end as places
    from (select coalesce(shut, false) as shut, coalesce(ill, false) as ill from address) as known),
  due as materialized (
    select candidate.id from outbox as candidate
    where candidate.state = 'pending' and candidate.next_at <= $2::timestamptz
      and (candidate.claimed_until is null or candidate.claimed_until <= $2::timestamptz)
      and not exists (
        select 1 from outbox as earlier
        where earlier.state = 'pending' and earlier.extension_id = candidate.extension_id
          and earlier.sequence < candidate.sequence)
    order by candidate.next_at, candidate.sequence
    limit (select places from room)
    for update skip locked),
  claimed as (
    update outbox set claimed_by = $1::text, claimed_until = $3::timestamptz
    from due where outbox.id = due.id returning outbox.*)
  select ${columnsOf(extensions, 'extensions')}, claimed.id as announcement_id, claimed.sequence, claimed.action, claimed.attempts,
    claimed.replay, claimed.created_at as announced_at, claimed.scheduled_from
  from claimed join extensions on extensions.id = claimed.extension_id`,
  (row) => {
    const extension = readRecord(row);
    return {
      sequence: Number(row['sequence']),
      extension,
      announcement: {
        id: row['announcement_id'] as string,
        extensionId: extension.id,
        action: row['action'] as Announcement['action'],
        createdAt: row['announced_at'] as Date,
        attempts: row['attempts'] as number,
        scheduledFrom: row['scheduled_from'] as Date,
        replay: row['replay'] as boolean,
      },
    };
  },
);

const settle = statement<
  [
    holder: string,
    attempts: string,
    told: boolean,
    stoppedAt: Date | null,
    pausedUntil: Date | null,
    reason: string | null,
  ],
  true
>(
  'outbox_settle',
  `with attempt as (
    select * from jsonb_to_recordset($2::jsonb) as given (
      "id" uuid, "announcementId" uuid, "extensionId" uuid, "action" text, "attempt" integer, "startedAt" timestamptz,
      "durationMs" integer, "status" integer, "outcome" text, "answer" text, "replay" boolean,
      "state" text, "nextAt" timestamptz, "parkedReason" text)),
  settled as (
    update outbox set
      attempts = attempt."attempt",
      claimed_by = null,
      claimed_until = null,
      state = attempt."state",
      next_at = coalesce(attempt."nextAt", next_at),
      parked_reason = coalesce(attempt."parkedReason", parked_reason)
    from attempt where outbox.id = attempt."announcementId" and outbox.claimed_by = $1::text
    returning outbox.id),
  written as (
    insert into deliveries (id, announcement_id, extension_id, action, attempt, started_at, duration_ms, status,
      outcome, answer, replay)
    select "id", "announcementId", "extensionId", "action", "attempt", "startedAt", "durationMs", "status",
      "outcome", "answer", "replay"
    from attempt where "announcementId" in (select id from settled)),
  address as (
    insert into webhook_endpoint as kept (name, stopped_at, paused_until, reason)
    select '${ENDPOINT}', $4::timestamptz, $5::timestamptz, $6::text
    where $3::boolean and exists (select 1 from settled)
    on conflict (name) do update set
      stopped_at = excluded.stopped_at, paused_until = excluded.paused_until, reason = excluded.reason
      where (kept.stopped_at, kept.paused_until, kept.reason)
        is distinct from (excluded.stopped_at, excluded.paused_until, excluded.reason))
  select 1 as one from settled`,
  () => true,
);

/** The outbox of the provider kit, with its attempts and the state of the address. */
export function outboxStore(db: Database): OutboxStore {
  return {
    async claim({ holder, now, until, limit }) {
      const claimed = await claim(db, holder, now, until, limit);
      return claimed.toSorted((a, b) => a.sequence - b.sequence);
    },

    async settle(holder, attempts) {
      const endpoint = attempts.findLast((attempt) => attempt.endpoint !== undefined)?.endpoint;
      const rows = JSON.stringify(attempts.map(settledRow));
      await settle(
        db,
        holder,
        rows,
        endpoint !== undefined,
        endpoint?.stoppedAt ?? null,
        endpoint?.pausedUntil ?? null,
        endpoint?.reason ?? null,
      );
    },

    async endpoint() {
      const [row] = await db.select().from(webhookEndpoint).where(eq(webhookEndpoint.name, ENDPOINT));
      return {
        stoppedAt: row?.stoppedAt ?? undefined,
        pausedUntil: row?.pausedUntil ?? undefined,
        reason: row?.reason ?? undefined,
      };
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
      const rows = await db
        .select()
        .from(deliveries)
        .where(extensionId === undefined ? undefined : eq(deliveries.extensionId, extensionId))
        .orderBy(desc(deliveries.startedAt), desc(deliveries.attempt))
        .limit(limit);
      return rows.map(withoutNulls);
    },

    async backlog() {
      const [row] = await db
        .select({
          pending: sql<string>`count(*)`,
          oldest: sql<string | Date | null>`min(${outbox.createdAt})`,
        })
        .from(outbox)
        .where(eq(outbox.state, 'pending'));
      const oldest = row?.oldest;
      return { pending: Number(row?.pending ?? 0), oldest: oldest ? new Date(oldest) : undefined };
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

/** What one settlement writes: the attempt as it is kept, and what its announcement becomes. */
function settledRow({ delivery, next }: Attempt): Record<string, unknown> {
  return {
    ...delivery,
    state: next.tag === 'again' ? 'pending' : next.tag,
    nextAt: next.tag === 'again' ? next.at : null,
    parkedReason: next.tag === 'parked' ? next.reason : null,
  };
}

async function writeEndpoint(
  executor: Executor,
  { stoppedAt, pausedUntil, reason }: EndpointState,
): Promise<void> {
  const state = { stoppedAt: stoppedAt ?? null, pausedUntil: pausedUntil ?? null, reason: reason ?? null };
  await executor
    .insert(webhookEndpoint)
    .values({ name: ENDPOINT, ...state })
    .onConflictDoUpdate({ target: webhookEndpoint.name, set: state });
}
