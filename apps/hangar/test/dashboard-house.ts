import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createDashboardReads, schema } from '@hangar/store';
import { eq } from 'drizzle-orm';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';
import { createDashboard, type Dashboard } from '../src/dashboard/dashboard.ts';
import type { DashboardActions, DashboardLogin, LoginsPort } from '../src/dashboard/ports.ts';

/** The instant at which these tests happen. */
export const NOW = new Date('2026-09-24T12:00:00Z');
const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * HOUR_MS);

/** The folder Vite builds into. */
export const assetsDir = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));

/** One organization with one extension and one of everything below it. */
export interface Estate {
  readonly organizationId: string;
  readonly extensionId: string;
  readonly workspace: bigint;
  readonly tokenId: string;
  readonly deliveryId: string;
  /** Announced, never attempted. */
  readonly waitingDeliveryId: string;
  /** Found in no answer to anybody else. */
  readonly mark: string;
}

/** Everything a dashboard test needs: rows of several organizations, people, and what the actions were told. */
export interface House {
  readonly store: TestDatabase;
  readonly estates: readonly [Estate, Estate, Estate];
  readonly done: { action: string; id: string; by: string }[];
  readonly logins: BadgeLogins;
  dashboard(publicUrl: string): Dashboard;
  close(): Promise<void>;
}

/** Opens a database with three organizations in it; names hold what a hostile customer would put there. */
export async function openHouse(): Promise<House> {
  const store = await openTestDatabase();
  const estates = [
    await furnish(store, 'alpha'),
    await furnish(store, 'beta'),
    await furnish(store, 'gamma'),
  ] as const;
  const done: House['done'] = [];
  const logins = createBadgeLogins();
  const actions: DashboardActions = {
    revokeToken: async ({ tokenId, by }) => {
      done.push({ action: 'revoke', id: tokenId, by });
      const { authorityTokens } = schema;
      await store.db
        .update(authorityTokens)
        .set({ revokedAt: NOW, revokedBy: by })
        .where(eq(authorityTokens.id, tokenId));
    },
    redeliver: async ({ attemptId, by }) => {
      done.push({ action: 'redeliver', id: attemptId, by });
      return true;
    },
  };
  return {
    store,
    estates: [...estates],
    done,
    logins,
    dashboard: (publicUrl) =>
      createDashboard({
        reads: createDashboardReads(store.db),
        actions,
        logins,
        usage: async () => [{ meter: 'compute.vcpu_seconds', quantity: 5400.25, unit: 'seconds' }],
        assetsDir,
        publicUrl,
        product: { name: 'Logjam', command: 'fly ext logjam dashboard -a myapp' },
        now: () => NOW,
      }),
    close: async () => await store.close(),
  };
}

/** Logins known by a cookie that names them: the dashboard's side of the provider's sign-in, without Fly.io. */
export interface BadgeLogins extends LoginsPort {
  /** Signs a person in and answers the Cookie header. */
  signIn(login: DashboardLogin): string;
  /** Every `fresh` that identify was called with. */
  readonly asked: boolean[];
}

function createBadgeLogins(): BadgeLogins {
  const open = new Map<string, DashboardLogin>();
  const tokens = new Map<DashboardLogin, string>();
  const asked: boolean[] = [];
  const badgeOf = (request: Request) =>
    /(?:^|; )badge=([^;]+)/.exec(request.headers.get('cookie') ?? '')?.[1] ?? '';
  return {
    asked,
    signIn: (login) => {
      const badge = randomUUID();
      open.set(badge, login);
      tokens.set(login, randomUUID());
      return `badge=${badge}`;
    },
    identify: async (request, options) => {
      asked.push(options?.fresh === true);
      return open.get(badgeOf(request));
    },
    startUrl: (returnPath) => `/flyio/login?return_to=${encodeURIComponent(returnPath)}`,
    signOut: async (request) => {
      open.delete(badgeOf(request));
      return new Response(null, {
        status: 204,
        headers: { 'set-cookie': 'badge=; Path=/; HttpOnly; Max-Age=0' },
      });
    },
    csrfToken: (login) => tokens.get(login) ?? '',
    checkCsrf: (request, login) => request.headers.get('x-hangar-csrf') === tokens.get(login),
  };
}

async function furnish(store: TestDatabase, word: string): Promise<Estate> {
  const { db } = store;
  const mark = `${word}-mark-${randomUUID().slice(0, 8)}`;
  const organizationId = `org-${mark}`;
  const userId = `user-${mark}`;
  const extensionId = randomUUID();
  await db.insert(schema.organizations).values({ id: organizationId, createdAt: NOW, evidenceAt: NOW });
  await db.insert(schema.users).values({ id: userId, createdAt: NOW, evidenceAt: NOW });
  await db.insert(schema.extensions).values({
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
  const workspace = await furnishGateway(store, mark, extensionId, organizationId);
  const tokenId = await furnishToken(store, mark, workspace, userId);
  await db.insert(schema.machineEvents).values({
    key: randomUUID(),
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
  const deliveryId = await furnishDelivery(store, extensionId, 2);
  const waitingDeliveryId = await furnishDelivery(store, extensionId, 0);
  return { organizationId, extensionId, workspace, tokenId, deliveryId, waitingDeliveryId, mark };
}

async function furnishGateway(
  { db }: TestDatabase,
  mark: string,
  extensionId: string,
  organizationId: string,
): Promise<bigint> {
  const [row] = await db
    .insert(schema.gatewayWorkspaces)
    .values({ slug: `ws-${mark}`, extensionId, organizationId, createdAt: NOW })
    .returning({ number: schema.gatewayWorkspaces.number });
  if (row === undefined) throw new Error('the workspace was not inserted');
  const environment = `env_${mark}`;
  await db.insert(schema.gatewayEnvironments).values({
    id: environment,
    workspace: row.number,
    name: `app-${mark}`,
    phase: 'ready',
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
  await db.insert(schema.gatewayMachines).values(
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

async function furnishToken(
  { db }: TestDatabase,
  mark: string,
  workspace: bigint,
  userId: string,
): Promise<string> {
  const id = randomUUID();
  await db.insert(schema.authorityTokens).values({
    id,
    workspace,
    keyNumber: 1n,
    name: `autoscaler-${mark}`,
    preset: 'app-control',
    creator: userId,
    caveats: [],
    summary: ['It may start and stop machines of one app.', 'It works for this workspace only.'],
    endsWith: 'x9Qz',
    createdAt: hoursAgo(30),
    expiresAt: new Date(NOW.getTime() + 300 * 24 * HOUR_MS),
    lastUsedAt: hoursAgo(1),
  });
  return id;
}

async function furnishDelivery({ db }: TestDatabase, extensionId: string, attempts: number): Promise<string> {
  const id = randomUUID();
  await db.insert(schema.outbox).values({
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
    await db.insert(schema.deliveries).values({
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
