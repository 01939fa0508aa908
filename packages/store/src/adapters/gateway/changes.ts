import { lt, sql } from 'drizzle-orm';
import type { Change, EnvironmentStore } from '@hangar/gateway';
import type { Database } from '../../database.ts';
import { statement } from '../../prepared.ts';
import { gatewayChanges } from '../../schema/gateway.ts';

type ChangeRows = Pick<EnvironmentStore, 'changesSince' | 'dropChanges'>;

/** Whoever has to hear of more at once forgets everything instead. */
const PAGE = 5000;

/** Above every number that a transaction can have. */
const NEVER = '18446744073709551615';

/**
 * The horizon and the rows are of one statement, so of one snapshot: what it does not show was not committed, and of that
 * nothing is older than its oldest transaction still running. A row may be shown twice, and none is missed.
 */
const changesSince = statement<
  [horizon: string, page: number],
  { horizon: bigint; readAt: Date; change?: Change }
>(
  'gateway_changes_since',
  `select pg_snapshot_xmin(pg_current_snapshot())::text as horizon,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as read_at, changed.kind, changed.subject
    from (select 1) as always
    left join lateral (
      select kind, subject from gateway_changes where transaction >= $1::text::xid8 limit $2::int
    ) as changed on true`,
  ({ horizon, read_at: readAt, kind, subject }) => ({
    horizon: BigInt(horizon as string),
    readAt: new Date(Number(readAt)),
    change: kind === null ? undefined : { kind: kind as Change['kind'], subject: subject as string },
  }),
);

/** The feed of what processes may remember. */
export function gatewayChangeRows(db: Database): ChangeRows {
  return {
    async changesSince(horizon) {
      const rows = await changesSince(db, horizon?.toString() ?? NEVER, PAGE + 1);
      const changes = rows.flatMap(({ change }) => (change ? [change] : []));
      const { horizon: next = 0n, readAt = new Date(0) } = rows[0] ?? {};
      return { horizon: next, changes, isCut: changes.length > PAGE, readAt };
    },
    async dropChanges() {
      await db
        .delete(gatewayChanges)
        .where(lt(gatewayChanges.at, sql`clock_timestamp() - interval '1 hour'`));
    },
  };
}
