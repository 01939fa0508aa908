import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import type { Authority } from '@hangar/authority';
import type { Database } from '@hangar/store';

/** The instant at which these tests happen. */
export const NOW = new Date('2026-09-24T12:00:00Z');
const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * HOUR_MS);

/** One organization with one extension and one of everything below it. */
export interface Estate {
  readonly organizationId: string;
  readonly extensionId: string;
  readonly workspace: bigint;
  /** The number of its app, as tokens have it. */
  readonly app: bigint;
  readonly tokenId: string;
  /** The token itself, as only its owner has it. */
  readonly token: string;
  /** Who minted it. */
  readonly creator: string;
  readonly deliveryId: string;
  /** Announced, never attempted. */
  readonly waitingDeliveryId: string;
  /** Found in no answer to anybody else. */
  readonly mark: string;
}

/** Puts an organization with one of everything into the database; names hold what a hostile customer would write. */
export async function furnish(
  db: Database,
  word: string,
  authority: Pick<Authority, 'tokens'>,
): Promise<Estate> {
  const tables = db._.fullSchema;
  const mark = `${word}-mark-${randomUUID().slice(0, 8)}`;
  const organizationId = `org-${mark}`;
  const userId = `user-${mark}`;
  const extensionId = randomUUID();
  await db.insert(tables.organizations).values({ id: organizationId, createdAt: NOW, evidenceAt: NOW });
  await db.insert(tables.users).values({ id: userId, createdAt: NOW, evidenceAt: NOW });
  await db.insert(tables.extensions).values({
    id: extensionId,
    flyId: `fly-${mark}`,
    name: `${mark} <img src=x onerror=alert(1)>`,
    requestedName: mark,
    organizationId,
    userId,
    plan: 'standard',
    primaryRegion: 'fra',
    readRegions: [],
    options: {},
    status: 'ready',
    fingerprint: 'f',
    createdAt: hoursAgo(72),
    updatedAt: hoursAgo(2),
    provisionedAt: hoursAgo(72),
  });
  const workspace = await furnishGateway(db, mark, extensionId, organizationId);
  const app = appOf(workspace);
  const minted = await authority.tokens.mint({
    workspace,
    preset: 'app-control',
    appId: app,
    name: `autoscaler-${mark}`,
    creator: userId,
    expiresInSeconds: 300 * 24 * 3600,
  });
  await db.insert(tables.machineEvents).values({
    key: randomUUID(),
    digest: randomUUID(),
    times: 1,
    source: 'test',
    eventId: randomUUID(),
    type: 'io.fly.machine.started',
    machineId: `machine-${mark}`,
    status: '<b>started</b>',
    receivedAt: hoursAgo(1),
    state: 'handled',
    attempts: 1,
    nextAt: NOW,
  });
  const deliveryId = await furnishDelivery(db, extensionId, 2);
  const waitingDeliveryId = await furnishDelivery(db, extensionId, 0);
  return {
    organizationId,
    extensionId,
    workspace,
    app,
    tokenId: minted.id,
    token: minted.token,
    creator: userId,
    deliveryId,
    waitingDeliveryId,
    mark,
  };
}

/** The machines of an estate are down: one ran out of memory, the other is gone. */
export async function crash(db: Database, { mark }: Estate): Promise<void> {
  const { gatewayMachines } = db._.fullSchema;
  const failure = { reason: 'out_of_memory' as const, exitCode: 137, oomKilled: true, at: NOW.toISOString() };
  await db
    .update(gatewayMachines)
    .set({ state: 'failed', failure })
    .where(eq(gatewayMachines.id, `machine-${mark}`));
  await db
    .update(gatewayMachines)
    .set({ state: 'destroyed', destroyedAt: NOW })
    .where(eq(gatewayMachines.id, `machine-${mark}-stopped`));
}

/** One app a workspace, with a number of its own. */
const appOf = (workspace: bigint) => workspace + 20_000n;

async function furnishGateway(
  db: Database,
  mark: string,
  extensionId: string,
  organizationId: string,
): Promise<bigint> {
  const tables = db._.fullSchema;
  const [row] = await db
    .insert(tables.gatewayWorkspaces)
    .values({ slug: `ws-${mark}`, extensionId, organizationId, createdAt: NOW })
    .returning({ number: tables.gatewayWorkspaces.number });
  if (row === undefined) throw new Error('the workspace was not inserted');
  const environment = `env_${mark}`;
  await db.insert(tables.gatewayEnvironments).values({
    id: environment,
    workspace: row.number,
    name: `app-${mark}`,
    phase: 'ready',
    numericId: appOf(row.number),
    network: 'n',
    bucket: `bucket-${mark}`,
    keyName: 'k',
    policyName: 'p',
    createdByToken: 't',
    createdByBranch: 'b',
    journal: [],
    createdAt: hoursAgo(24),
    updatedAt: NOW,
  });
  await db.insert(tables.gatewayMachines).values(
    (['started', 'stopped', 'destroyed'] as const).map((state) => ({
      id: state === 'started' ? `machine-${mark}` : `machine-${mark}-${state}`,
      environment,
      state,
      region: 'fra',
      guest: { cpuKind: 'shared', cpus: 1, memoryMb: 256 },
      createdAt: NOW,
      observedAt: NOW,
      destroyedAt: state === 'destroyed' ? NOW : null,
    })),
  );
  return row.number;
}

async function furnishDelivery(db: Database, extensionId: string, attempts: number): Promise<string> {
  const id = randomUUID();
  const tables = db._.fullSchema;
  await db.insert(tables.outbox).values({
    id,
    extensionId,
    action: 'resource.updated',
    state: attempts === 0 ? 'pending' : 'delivered',
    attempts,
    replay: false,
    createdAt: hoursAgo(3),
    scheduledFrom: NOW,
    nextAt: new Date(NOW.getTime() + HOUR_MS),
  });
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    await db.insert(tables.deliveries).values({
      id: randomUUID(),
      announcementId: id,
      extensionId,
      action: 'resource.updated',
      attempt,
      startedAt: new Date(hoursAgo(3).getTime() + attempt * 1000),
      durationMs: 12,
      status: attempt === attempts ? 200 : 503,
      outcome: attempt === attempts ? 'delivered' : 'refused',
      answer: '',
      replay: false,
    });
  }
  return id;
}
