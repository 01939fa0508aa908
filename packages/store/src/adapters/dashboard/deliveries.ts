import { and, desc, eq, sql as text } from 'drizzle-orm';
import { withoutNulls } from '../../absent.ts';
import type { Executor } from '../../database.ts';
import { deliveries, extensions, outbox } from '../../schema/index.ts';
import { isoTime, isUuid, type Page, PAGE_ROWS, pageOf, visibleExtension } from './tenant.ts';

/** One announcement to Fly.io as the page shows it, with all its attempts. */
export interface DeliveryFacts {
  readonly id: string;
  readonly action: string;
  readonly status: 'pending' | 'retrying' | 'delivered' | 'parked';
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly createdAt: string;
  readonly nextAttemptAt: string | null;
  readonly deliveredAt: string | null;
}

/** The announcements of one extension, newest first. */
export async function readDeliveries(
  sql: Executor,
  organizationIds: readonly string[],
  extensionId: string,
): Promise<Page<DeliveryFacts>> {
  if (!isUuid(extensionId)) return { items: [], more: false };
  const newest = newestAttempt(sql);
  const rows = await sql
    .select({
      id: outbox.id,
      action: outbox.action,
      state: outbox.state,
      attempts: outbox.attempts,
      createdAt: outbox.createdAt,
      nextAt: outbox.nextAt,
      lastStatus: newest.status,
      lastStartedAt: newest.startedAt,
    })
    .from(outbox)
    .innerJoin(extensions, eq(extensions.id, outbox.extensionId))
    .leftJoinLateral(newest, text`true`)
    .where(visibleExtension(organizationIds, extensionId))
    .orderBy(desc(outbox.sequence))
    .limit(PAGE_ROWS + 1);
  return pageOf(rows, ({ state, nextAt, lastStartedAt, createdAt, ...row }) => ({
    ...row,
    status: state === 'pending' && row.lastStatus !== null ? 'retrying' : state,
    createdAt: isoTime(createdAt),
    nextAttemptAt: state === 'pending' ? isoTime(nextAt) : null,
    deliveredAt: state === 'delivered' ? isoTime(lastStartedAt) : null,
  }));
}

/** An announcement of this extension of the viewer, with its newest attempt. */
export async function readDelivery(
  sql: Executor,
  organizationIds: readonly string[],
  extensionId: string,
  deliveryId: string,
): Promise<{ readonly newestAttempt: string | undefined } | undefined> {
  if (!isUuid(extensionId) || !isUuid(deliveryId)) return undefined;
  const newest = newestAttempt(sql);
  const rows = await sql
    .select({ newestAttempt: newest.id })
    .from(outbox)
    .innerJoin(extensions, eq(extensions.id, outbox.extensionId))
    .leftJoinLateral(newest, text`true`)
    .where(and(eq(outbox.id, deliveryId), visibleExtension(organizationIds, extensionId)));
  return rows[0] && withoutNulls(rows[0]);
}

function newestAttempt(sql: Executor) {
  return sql
    .select({ id: deliveries.id, status: deliveries.status, startedAt: deliveries.startedAt })
    .from(deliveries)
    .where(eq(deliveries.announcementId, outbox.id))
    .orderBy(desc(deliveries.startedAt), desc(deliveries.attempt))
    .limit(1)
    .as('newest_attempt');
}
