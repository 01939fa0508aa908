import { randomUUID } from 'node:crypto';
import { and, desc, eq, gt, inArray, isNotNull, isNull, lt, lte, or, sql, type SQL } from 'drizzle-orm';
import type { AccountEvidence, Decision, ExtensionRecord, ExtensionStore, Inserted } from '@hangar/provider';
import { HangarError } from '@hangar/http';
import { isUniqueViolation, type Database, type Executor } from '../../database.ts';
import { extensions } from '../../schema/provider.ts';
import { columnsOf, statement } from '../../prepared.ts';
import { recordEvidence } from './evidence.ts';
import { forgetExtensions } from './pruning.ts';
import { insertSigned } from './provision-statement.ts';
import { EXTENSION_CHANGES, EXTENSION_COLUMNS, readRecord, toRecord } from './rows.ts';

/** Announced on commit whenever a row was added to the outbox. */
export const OUTBOX_CHANNEL = 'hangar_outbox';

/** The row's id is a UUID; any other text names nothing and must not reach the cast. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Rolls an insert back when the id turned out to be taken. */
class IdTaken extends Error {}

/** Extensions of the provider kit. */
export function extensionStore(db: Database): ExtensionStore {
  const find = async (where: SQL | undefined): Promise<ExtensionRecord | undefined> => {
    const [row] = await db.select().from(extensions).where(where);
    return row === undefined ? undefined : toRecord(row);
  };

  const insert = async (record: ExtensionRecord, evidence: AccountEvidence): Promise<Inserted> => {
    try {
      return await db.transaction(async (tx) => {
        await recordEvidence(tx, evidence);
        const [stored] = await insertRecord(tx, ...EXTENSION_COLUMNS.values(record));
        if (stored === undefined) throw new IdTaken();
        return { tag: 'inserted', record: stored };
      });
    } catch (error) {
      if (isUniqueViolation(error)) return { tag: 'name_taken' };
      if (!(error instanceof IdTaken) || record.flyId === undefined) throw error;
      const existing = await find(eq(extensions.flyId, record.flyId));
      // Refused and removed between the two statements: the id is free again.
      return existing === undefined ? await insert(record, evidence) : { tag: 'exists', record: existing };
    }
  };

  return {
    insert,
    insertSigned: async (wanted) => await insertSigned(db, wanted),
    find: async (id) => (UUID.test(id) ? await find(eq(extensions.id, id)) : undefined),

    async change<R>(id: string, decide: (current: ExtensionRecord) => Decision<R>): Promise<R | undefined> {
      if (!UUID.test(id)) return undefined;
      try {
        return await db.transaction(async (tx) => {
          const [current] = await lockRecord(tx, id);
          if (current === undefined) return undefined;
          const decision = decide(current);
          await write(tx, current, decision);
          return decision.result;
        });
      } catch (error) {
        if (isUniqueViolation(error)) throw new HangarError('name_taken', { cause: error });
        throw error;
      }
    },

    async prolong(id, lease) {
      const rows = await db
        .update(extensions)
        .set({ heldUntil: lease.heldUntil })
        .where(and(eq(extensions.id, id), eq(extensions.holder, lease.holder)))
        .returning({ status: extensions.status });
      if (rows[0] === undefined) return 'lost';
      return rows[0].status === 'deleting' ? 'cancelled' : 'held';
    },

    async list({ organizationIds, limit, after }) {
      if (organizationIds?.length === 0) return [];
      const from =
        after === undefined
          ? undefined
          : await find(UUID.test(after) ? eq(extensions.id, after) : sql`false`);
      if (after !== undefined && from === undefined) return [];
      const rows = await db
        .select()
        .from(extensions)
        .where(
          and(
            isNull(extensions.deletedAt),
            organizationIds === undefined
              ? undefined
              : inArray(extensions.organizationId, [...organizationIds]),
            from === undefined
              ? undefined
              : or(
                  lt(extensions.createdAt, from.createdAt),
                  and(eq(extensions.createdAt, from.createdAt), lt(extensions.id, from.id)),
                ),
          ),
        )
        .orderBy(desc(extensions.createdAt), desc(extensions.id))
        .limit(limit);
      return rows.map(toRecord);
    },

    async abandoned(now, limit) {
      const rows = await db
        .select()
        .from(extensions)
        .where(
          and(
            isNotNull(extensions.operation),
            or(isNull(extensions.heldUntil), lte(extensions.heldUntil, now)),
          ),
        )
        .orderBy(extensions.updatedAt)
        .limit(limit);
      return rows.map(toRecord);
    },

    async failed(before, limit) {
      const rows = await db
        .select()
        .from(extensions)
        .where(
          and(
            eq(extensions.status, 'error'),
            isNull(extensions.provisionedAt),
            isNull(extensions.operation),
            lte(extensions.updatedAt, before),
          ),
        )
        .limit(limit);
      return rows.map(toRecord);
    },

    async prune(before) {
      await forgetExtensions(db, before);
    },

    async usable({ from, to, organizationId, extensionId }) {
      if (extensionId !== undefined && !UUID.test(extensionId)) return [];
      const rows = await db
        .select()
        .from(extensions)
        .where(
          and(
            lt(extensions.provisionedAt, to),
            or(isNull(extensions.deletedAt), gt(extensions.deletedAt, from)),
            organizationId === undefined ? undefined : eq(extensions.organizationId, organizationId),
            extensionId === undefined ? undefined : eq(extensions.id, extensionId),
          ),
        )
        .orderBy(extensions.id);
      return rows.map(toRecord);
    },
  };
}

const insertRecord = statement<unknown[], ExtensionRecord>(
  'extension_insert',
  `insert into extensions (${EXTENSION_COLUMNS.names}) values (${EXTENSION_COLUMNS.places()})
   on conflict (fly_id) do nothing returning ${columnsOf(extensions, 'extensions')}`,
  readRecord,
);

const lockRecord = statement<[id: string], ExtensionRecord>(
  'extension_lock',
  `select ${columnsOf(extensions, 'extensions')} from extensions where id = $1::uuid for update`,
  readRecord,
);

const changeRecord = statement<[id: string, ...changes: unknown[]], true>(
  'extension_change',
  `update extensions set ${EXTENSION_CHANGES.settings(1)} where id = $1::uuid returning 1 as one`,
  () => true,
);

/** Adds an announcement and tells every process that listens, when the transaction commits. */
const announce = statement<[id: string, extension: string, action: string, at: Date, channel: string], true>(
  'outbox_add',
  `with added as (
    insert into outbox (id, extension_id, action, state, attempts, replay, created_at, scheduled_from, next_at)
    values ($1::uuid, $2::uuid, $3::text, 'pending', 0, false, $4::timestamptz, $4::timestamptz, $4::timestamptz)
    returning 1 as one)
  select pg_notify($5::text, '') from added`,
  () => true,
);

async function write<R>(tx: Executor, current: ExtensionRecord, decision: Decision<R>): Promise<void> {
  const { id } = current;
  if (decision.remove === true) {
    await tx.delete(extensions).where(eq(extensions.id, id));
    return;
  }
  if (decision.evidence !== undefined) await recordEvidence(tx, decision.evidence);
  const next = { ...current, ...decision.set };
  if (decision.set !== undefined) await changeRecord(tx, id, ...EXTENSION_CHANGES.values(next));
  if (decision.announce === undefined) return;
  await announce(tx, randomUUID(), id, decision.announce, next.updatedAt, OUTBOX_CHANNEL);
}
