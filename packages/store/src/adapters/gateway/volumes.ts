import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { EnvironmentStore } from '@hangar/gateway';
import type { Database } from '../../database.ts';
import { gatewayAddresses, gatewayVolumes } from '../../schema/gateway.ts';

type VolumeRows = Pick<
  EnvironmentStore,
  'volumeOwner' | 'saveVolume' | 'volumeGone' | 'volumeCounts' | 'saveAddress' | 'addressGone'
>;

/** Volumes and addresses: who owns them, and how many there are. */
export function gatewayVolumeRows(db: Database): VolumeRows {
  const volumes = gatewayVolumes;
  const addresses = gatewayAddresses;
  return {
    async volumeOwner(id) {
      const [row] = await db.select().from(volumes).where(eq(volumes.id, id));
      return row?.environment;
    },
    async saveVolume({ id, environment, at, sizeGb, growsToGb }) {
      // Counted below: nothing told changes nothing.
      const told = {
        ...(sizeGb === undefined ? {} : { sizeGb }),
        ...(growsToGb === undefined ? {} : { growsToGb }),
      };
      const row = db.insert(volumes).values({ id, environment, createdAt: at, ...told });
      // An id keeps the owner it was first seen with.
      if (Object.keys(told).length === 0) await row.onConflictDoNothing();
      else
        await row.onConflictDoUpdate({
          target: volumes.id,
          set: told,
          setWhere: eq(volumes.environment, environment),
        });
    },
    async volumeGone(id, at) {
      await db
        .update(volumes)
        .set({ deletedAt: at })
        .where(and(eq(volumes.id, id), isNull(volumes.deletedAt)));
    },
    async volumeCounts(environments) {
      if (environments.length === 0) return new Map();
      const rows = await db
        .select({ environment: volumes.environment, count: sql<number>`count(*)::int` })
        .from(volumes)
        .where(and(inArray(volumes.environment, [...environments]), isNull(volumes.deletedAt)))
        .groupBy(volumes.environment);
      return new Map(rows.map(({ environment, count }) => [environment, count]));
    },
    async saveAddress({ address, environment, at }) {
      await db.insert(addresses).values({ address, environment, seenAt: at }).onConflictDoNothing();
    },
    async addressGone({ address, environment }) {
      await db
        .delete(addresses)
        .where(and(eq(addresses.address, address), eq(addresses.environment, environment)));
    },
  };
}
