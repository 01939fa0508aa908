import { and, eq, gte, isNull, lt, lte, notInArray, sql, type SQL } from 'drizzle-orm';
import {
  GONE_STATES,
  type EnvironmentStore,
  type ListedVolume,
  type QuotaKind,
  type QuotaReason,
  type QuotaWish,
} from '@hangar/gateway';
import type { Database, Executor } from '../../database.ts';
import {
  gatewayAddresses,
  gatewayEnvironments,
  gatewayMachines,
  gatewayReservations,
  gatewayVolumes,
} from '../../schema/gateway.ts';

type QuotaRows = Pick<EnvironmentStore, 'reservePlaces' | 'settlePlaces' | 'recount'>;

/** A volume that upstream just made may be missing in its list for this long, and one that it deleted be in it. */
const LIST_LAG_MS = 60_000;

/** Places in an environment's quotas: counted and taken in one transaction, under the lock of its row. */
export function gatewayQuotaRows(db: Database): QuotaRows {
  return {
    async reservePlaces({ id, environment, wishes, now, until, counted }) {
      return await db.transaction(async (tx) => {
        await lock(tx, environment);
        for (const wish of wishes) {
          const fault = await judge(tx, { id, environment, wish, now, counted });
          if (fault) return { ok: false, reason: fault };
        }
        for (const wish of wishes) {
          const { kind, count } = wish;
          const gigabytes = await gigabytesOf(tx, wish);
          await tx
            .insert(gatewayReservations)
            .values({ id, environment, kind, count, gigabytes, until })
            .onConflictDoUpdate({
              target: [gatewayReservations.environment, gatewayReservations.kind, gatewayReservations.id],
              set: { count, gigabytes, until },
            });
        }
        return { ok: true, value: true };
      });
    },
    async settlePlaces({ id, environment }) {
      await db
        .delete(gatewayReservations)
        .where(and(eq(gatewayReservations.id, id), eq(gatewayReservations.environment, environment)));
    },
    async recount({ environment, now, listedAt, seen }) {
      await db.transaction(async (tx) => {
        await lock(tx, environment);
        if (seen.kind === 'volumes') await rewriteVolumes(tx, environment, seen.volumes, listedAt);
        if (seen.kind === 'addresses') await rewriteAddresses(tx, environment, seen.addresses, listedAt);
        await tx
          .delete(gatewayReservations)
          .where(
            and(
              eq(gatewayReservations.environment, environment),
              eq(gatewayReservations.kind, seen.kind),
              lte(gatewayReservations.until, now),
            ),
          );
      });
    },
  };
}

/** Not a plain `for update`: that would wait for every row that refers to the environment, and they for it. */
async function lock(tx: Executor, environment: string): Promise<void> {
  await tx
    .select({ id: gatewayEnvironments.id })
    .from(gatewayEnvironments)
    .where(eq(gatewayEnvironments.id, environment))
    .for('no key update');
}

async function judge(
  tx: Executor,
  asked: { id: string; environment: string; wish: QuotaWish; now: Date; counted: boolean },
): Promise<QuotaReason | undefined> {
  const { id, environment, wish, now, counted } = asked;
  const { kind, count, most, mostGigabytes } = wish;
  if (!counted && (await isUncounted(tx, environment, kind, now))) return { tag: 'uncounted', kind };
  const reserved = await reservedIn(tx, environment, kind, id);
  const there = await thereIs(tx, environment, kind);
  const held = there.count + reserved.count;
  if (count > 0 && held + count > most) return { tag: 'used', kind, limit: most, held };
  if (mostGigabytes === undefined) return undefined;
  const heldGb = there.gigabytes + reserved.gigabytes;
  const more = await gigabytesOf(tx, wish);
  return more > 0 && heldGb + more > mostGigabytes
    ? { tag: 'gigabytes_used', kind: 'volumes', limit: mostGigabytes, held: heldGb }
    : undefined;
}

/** A reservation past its time may have made something or not; a row without a size is from before sizes were counted. */
async function isUncounted(tx: Executor, environment: string, kind: QuotaKind, now: Date): Promise<boolean> {
  const left = await tx.$count(
    gatewayReservations,
    and(
      eq(gatewayReservations.environment, environment),
      eq(gatewayReservations.kind, kind),
      lte(gatewayReservations.until, now),
    ),
  );
  if (left > 0) return true;
  switch (kind) {
    case 'machines':
      return false;
    case 'volumes': {
      const known = await tx.$count(gatewayVolumes, eq(gatewayVolumes.environment, environment));
      const unsized = and(liveVolumes(environment), isNull(gatewayVolumes.sizeGb));
      return known === 0 || (await tx.$count(gatewayVolumes, unsized)) > 0;
    }
    case 'addresses':
      return (await tx.$count(gatewayAddresses, eq(gatewayAddresses.environment, environment))) === 0;
  }
}

interface Held {
  readonly count: number;
  readonly gigabytes: number;
}

/** What is being made, without what the same operation tries again and without machines that are there already. */
async function reservedIn(tx: Executor, environment: string, kind: QuotaKind, id: string): Promise<Held> {
  const { count, gigabytes } = gatewayReservations;
  const arrived = sql`exists (select 1 from ${gatewayMachines}
    where ${gatewayMachines.environment} = ${environment} and ${gatewayMachines.operation} = ${gatewayReservations.id})`;
  const [row] = await tx
    .select({
      count: sql<number>`coalesce(sum(${count}), 0)::int`,
      gigabytes: sql<number>`coalesce(sum(${gigabytes}), 0)::int`,
    })
    .from(gatewayReservations)
    .where(
      and(
        eq(gatewayReservations.environment, environment),
        eq(gatewayReservations.kind, kind),
        sql`${gatewayReservations.id} <> ${id}`,
        kind === 'machines' ? sql`not ${arrived}` : undefined,
      ),
    );
  return row ?? { count: 0, gigabytes: 0 };
}

async function thereIs(tx: Executor, environment: string, kind: QuotaKind): Promise<Held> {
  switch (kind) {
    case 'machines': {
      const alive = and(
        eq(gatewayMachines.environment, environment),
        notInArray(gatewayMachines.state, [...GONE_STATES]),
      );
      return { count: await tx.$count(gatewayMachines, alive), gigabytes: 0 };
    }
    case 'volumes': {
      const [row] = await tx
        .select({
          count: sql<number>`count(*)::int`,
          gigabytes: sql<number>`coalesce(sum(${committedGb}), 0)::int`,
        })
        .from(gatewayVolumes)
        .where(liveVolumes(environment));
      return row ?? { count: 0, gigabytes: 0 };
    }
    case 'addresses': {
      const count = await tx.$count(gatewayAddresses, eq(gatewayAddresses.environment, environment));
      return { count, gigabytes: 0 };
    }
  }
}

/** A volume counts with what it may grow to by itself. */
const committedGb = sql`greatest(${gatewayVolumes.sizeGb}, ${gatewayVolumes.growsToGb})`;

function liveVolumes(environment: string): SQL | undefined {
  return and(eq(gatewayVolumes.environment, environment), isNull(gatewayVolumes.deletedAt));
}

async function gigabytesOf(tx: Executor, { gigabytes = 0, grows = [] }: QuotaWish): Promise<number> {
  let sum = gigabytes;
  for (const { volume, toGb } of grows) {
    const [row] = await tx
      .select({ has: sql<number | null>`${committedGb}::int` })
      .from(gatewayVolumes)
      .where(eq(gatewayVolumes.id, volume));
    sum += Math.max(0, toGb - (row?.has ?? 0));
  }
  return sum;
}

async function rewriteVolumes(
  tx: Executor,
  environment: string,
  volumes: readonly ListedVolume[],
  listedAt: Date,
): Promise<void> {
  const lagging = new Date(listedAt.getTime() - LIST_LAG_MS);
  // A volume that was just deleted may still be listed, as a new one may be missing.
  const { deletedAt } = gatewayVolumes;
  const listedRightly = sql`(${isNull(deletedAt)} or ${lt(deletedAt, lagging)})`;
  const settled = await isSettled(tx, environment, lagging);
  for (const { id, sizeGb, isMounted } of volumes) {
    await tx
      .insert(gatewayVolumes)
      .values({ id, environment, sizeGb, createdAt: listedAt })
      .onConflictDoUpdate({
        target: gatewayVolumes.id,
        set: { sizeGb, deletedAt: null, ...(settled && !isMounted ? { growsToGb: null } : {}) },
        setWhere: sql`${eq(gatewayVolumes.environment, environment)} and ${listedRightly}`,
      });
  }
  const ids = volumes.map(({ id }) => id);
  await tx
    .update(gatewayVolumes)
    .set({ deletedAt: listedAt })
    .where(
      and(
        liveVolumes(environment),
        lt(gatewayVolumes.createdAt, lagging),
        ids.length > 0 ? notInArray(gatewayVolumes.id, ids) : undefined,
      ),
    );
}

/** True when no machine can have mounted a volume since the list was read, nor be about to. */
async function isSettled(tx: Executor, environment: string, before: Date): Promise<boolean> {
  const { kind } = gatewayReservations;
  const mounting = and(eq(gatewayReservations.environment, environment), eq(kind, 'volumes'));
  const changed = and(eq(gatewayMachines.environment, environment), gte(gatewayMachines.observedAt, before));
  return (
    (await tx.$count(gatewayReservations, mounting)) === 0 &&
    (await tx.$count(gatewayMachines, changed)) === 0
  );
}

async function rewriteAddresses(
  tx: Executor,
  environment: string,
  addresses: readonly string[],
  listedAt: Date,
): Promise<void> {
  const known = eq(gatewayAddresses.environment, environment);
  const settled = lt(gatewayAddresses.seenAt, new Date(listedAt.getTime() - LIST_LAG_MS));
  await tx
    .delete(gatewayAddresses)
    .where(
      and(
        known,
        settled,
        addresses.length > 0 ? notInArray(gatewayAddresses.address, [...addresses]) : undefined,
      ),
    );
  if (addresses.length === 0) return;
  await tx
    .insert(gatewayAddresses)
    .values(addresses.map((address) => ({ address, environment, seenAt: listedAt })))
    .onConflictDoNothing();
}
