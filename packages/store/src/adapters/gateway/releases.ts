import { and, desc, eq, inArray, lte, notInArray, sql } from 'drizzle-orm';
import { ENDED_IN_VAIN, type Release, type ReleaseStore } from '@hangar/gateway';
import type { Database } from '../../database.ts';
import { openAuditRow } from './audit.ts';
import { gatewayEnvironments, gatewayReleases } from '../../schema/gateway.ts';

type Row = Omit<typeof gatewayReleases.$inferSelect, 'sealedDefinition' | 'updatedAt'> & {
  readonly sealedDefinition?: Uint8Array | null;
};

/** Deployments of each environment. */
export function gatewayReleaseRows(db: Database): ReleaseStore {
  const releases = gatewayReleases;
  const outline = {
    environment: releases.environment,
    version: releases.version,
    imageRef: releases.imageRef,
    strategy: releases.strategy,
    status: releases.status,
    token: releases.token,
    createdAt: releases.createdAt,
  };
  return {
    async addRelease({ environment, createdAt, ...wanted }, kept, audit) {
      return await db.transaction(async (tx) => {
        // The environment's row is the lock under which its releases are numbered.
        await tx
          .select({ id: gatewayEnvironments.id })
          .from(gatewayEnvironments)
          .where(eq(gatewayEnvironments.id, environment))
          .for('update');
        const [last] = await tx
          .select({ version: sql<number>`coalesce(max(${releases.version}), 0)::int` })
          .from(releases)
          .where(eq(releases.environment, environment));
        const version = (last?.version ?? 0) + 1;
        const row = { ...wanted, environment, version, status: 'pending', createdAt, updatedAt: createdAt };
        await tx.insert(releases).values(row);
        await tx
          .delete(releases)
          .where(and(eq(releases.environment, environment), lte(releases.version, version - kept)));
        if (audit) await openAuditRow(tx, audit);
        return releaseOf(row);
      });
    },
    async setReleaseStatus({ environment, version, status, at, audit }) {
      return await db.transaction(async (tx) => {
        const [row] = await tx
          .update(releases)
          .set({ status, updatedAt: at })
          .where(and(eq(releases.environment, environment), eq(releases.version, version)))
          .returning(outline);
        if (row && audit) await openAuditRow(tx, audit);
        return row && releaseOf(row);
      });
    },
    async releasesOf(environment, limit) {
      const rows = await db
        .select(outline)
        .from(releases)
        .where(eq(releases.environment, environment))
        .orderBy(desc(releases.version))
        .limit(limit);
      return rows.map(releaseOf);
    },
    async releaseNumbered(environment, version) {
      const [row] = await db
        .select()
        .from(releases)
        .where(and(eq(releases.environment, environment), eq(releases.version, version)));
      return row && releaseOf(row);
    },
    async currentReleases(environments) {
      if (environments.length === 0) return [];
      const rows = await db
        .selectDistinctOn([releases.environment], outline)
        .from(releases)
        .where(
          and(
            inArray(releases.environment, [...environments]),
            notInArray(releases.status, [...ENDED_IN_VAIN]),
          ),
        )
        .orderBy(releases.environment, desc(releases.version));
      return rows.map(releaseOf);
    },
    async dropReleases(environment) {
      await db.delete(releases).where(eq(releases.environment, environment));
    },
  };
}

function releaseOf({
  environment,
  version,
  imageRef,
  strategy,
  status,
  token,
  createdAt,
  ...row
}: Row): Release {
  const { sealedDefinition } = row;
  return {
    environment,
    version,
    imageRef,
    strategy,
    status,
    token,
    createdAt,
    sealedDefinition: sealedDefinition ? new Uint8Array(sealedDefinition) : undefined,
  };
}
