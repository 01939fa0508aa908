import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { Guest, MachineFailure, Phase, QuotaKind, Step } from '@hangar/gateway';
import { bytes, instant, transactionNumber } from './columns.ts';

/**
 * One per extension of the environments provider. The number is the Organization id in caveats.
 *
 * @kept 400 days after it was closed
 */
export const gatewayWorkspaces = pgTable(
  'gateway_workspaces',
  {
    number: bigint('number', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity({ startWith: 70001 }),
    slug: text('slug').notNull(),
    extensionId: text('extension_id').notNull(),
    organizationId: text('organization_id').notNull(),
    createdAt: instant('created_at').notNull(),
    closedAt: instant('closed_at'),
  },
  (table) => [
    uniqueIndex('gateway_workspaces_slug').on(table.slug),
    uniqueIndex('gateway_workspaces_extension').on(table.extensionId),
  ],
);

/**
 * One user's app, network, bucket, key and policy. Every name is decided before anything is made upstream.
 *
 * @kept 400 days after its end
 */
export const gatewayEnvironments = pgTable(
  'gateway_environments',
  {
    id: text('id').primaryKey(),
    workspace: bigint('workspace', { mode: 'bigint' })
      .notNull()
      .references(() => gatewayWorkspaces.number),
    name: text('name').notNull(),
    phase: text('phase').$type<Phase>().notNull(),
    /** Grows with each change of the phase. */
    generation: integer('generation').notNull().default(0),
    numericId: bigint('numeric_id', { mode: 'bigint' }),
    upstreamId: text('upstream_id'),
    network: text('network').notNull(),
    bucket: text('bucket').notNull(),
    keyName: text('key_name').notNull(),
    accessKeyId: text('access_key_id'),
    sealedSecretKey: bytes('sealed_secret_key'),
    policyName: text('policy_name').notNull(),
    policyArn: text('policy_arn'),
    flycastAddress: text('flycast_address'),
    /** What its maker calls it. */
    key: text('key'),
    /** Upstream's `app_role`. */
    role: text('role'),
    class: text('class'),
    labels: jsonb('labels').$type<Readonly<Record<string, string>>>().notNull().default({}),
    expiresAt: instant('expires_at'),
    deleteAfter: instant('delete_after'),
    createdByToken: text('created_by_token').notNull(),
    createdByBranch: text('created_by_branch').notNull(),
    journal: jsonb('journal').$type<readonly Step[]>().notNull(),
    /** The code of the refusal that ended it, for phase `failed`. */
    failure: text('failure'),
    holder: text('lease_owner'),
    heldUntil: instant('lease_until'),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
    readyAt: instant('ready_at'),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    uniqueIndex('gateway_environments_live_name')
      .on(table.name)
      .where(sql`${table.phase} not in ('failed', 'deleted')`),
    uniqueIndex('gateway_environments_live_key')
      .on(table.workspace, table.key)
      .where(sql`${table.phase} not in ('failed', 'deleted')`),
    index('gateway_environments_expiring')
      .on(table.expiresAt)
      .where(sql`${table.phase} = 'ready' and ${table.expiresAt} is not null`),
    index('gateway_environments_by_workspace').on(table.workspace, table.createdAt, table.id),
    index('gateway_environments_unfinished')
      .on(table.heldUntil)
      .where(sql`${table.phase} in ('provisioning', 'quarantined', 'undoing', 'deleting')`),
    // Names that were given up a moment ago are held against other workspaces.
    index('gateway_environments_by_name').on(table.name, table.deletedAt),
  ],
);

/**
 * Environments that count for a branch of a token: those made under it, and those in which it had something run. A
 * branch is the digest of one link of a token's chain, so what a grandchild does is here once for each of its ancestors.
 *
 * @hashed `branch`
 * @kept as long as the environment, and 400 days at most
 */
export const gatewayBranches = pgTable(
  'gateway_branches',
  {
    branch: text('branch').notNull(),
    environment: text('environment')
      .notNull()
      .references(() => gatewayEnvironments.id),
    made: boolean('made').notNull(),
    /** From when on what runs there is its doing. */
    since: instant('since').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.branch, table.environment] }),
    index('gateway_branches_by_environment').on(table.environment),
  ],
);

/** A failure with its moment as text, since JSON has no times. */
export type StoredFailure = Omit<MachineFailure, 'at'> & { readonly at: string };

/**
 * Machines that the gateway made or saw, with their last known state.
 *
 * @kept 30 days after it was destroyed
 */
export const gatewayMachines = pgTable(
  'gateway_machines',
  {
    id: text('id').primaryKey(),
    environment: text('environment')
      .notNull()
      .references(() => gatewayEnvironments.id),
    state: text('state').notNull(),
    region: text('region').notNull(),
    guest: jsonb('guest').$type<Guest>().notNull(),
    /** The `hangar_op` it was made under: how a repeated create finds it again. */
    operation: text('operation'),
    createdAt: instant('created_at').notNull(),
    observedAt: instant('observed_at').notNull(),
    destroyedAt: instant('destroyed_at'),
    /** Why it ended without being asked to; empty while all is well. */
    failure: jsonb('failure').$type<StoredFailure>(),
  },
  (table) => [index('gateway_machines_by_environment').on(table.environment)],
);

/**
 * Times in which a machine ran. Usage is computed from these and from nothing else.
 *
 * @kept for ever: it is what was billed
 */
export const gatewayIntervals = pgTable(
  'gateway_intervals',
  {
    // Running times outlive the machine's row, the environment's and the workspace's: they are what was billed.
    machine: text('machine').notNull(),
    workspace: bigint('workspace', { mode: 'bigint' }).notNull(),
    startedAt: instant('started_at').notNull(),
    environment: text('environment').notNull(),
    stoppedAt: instant('stopped_at'),
    guest: jsonb('guest').$type<Guest>().notNull(),
    /** Both ends come from the machine's own events, not from the time at which somebody looked. */
    exact: boolean('exact').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.machine, table.startedAt] }),
    index('gateway_intervals_by_environment').on(table.environment, table.startedAt),
    index('gateway_intervals_by_workspace').on(table.workspace, table.startedAt),
  ],
);

/**
 * Volumes and the environment that owns them.
 *
 * @kept 30 days after it was deleted
 */
export const gatewayVolumes = pgTable(
  'gateway_volumes',
  {
    id: text('id').primaryKey(),
    environment: text('environment')
      .notNull()
      .references(() => gatewayEnvironments.id),
    createdAt: instant('created_at').notNull(),
    deletedAt: instant('deleted_at'),
    /** Empty in rows from before sizes were counted, until upstream is asked. */
    sizeGb: integer('size_gb'),
    /** What it may grow to by itself, as the mount of a machine says. */
    growsToGb: integer('grows_to_gb'),
  },
  (table) => [index('gateway_volumes_by_environment').on(table.environment)],
);

/**
 * Addresses of an environment's app.
 *
 * @kept as long as the app has it
 */
export const gatewayAddresses = pgTable(
  'gateway_addresses',
  {
    address: text('address').notNull(),
    environment: text('environment')
      .notNull()
      .references(() => gatewayEnvironments.id, { onDelete: 'cascade' }),
    seenAt: instant('seen_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.address] })],
);

/**
 * Deployments of an environment, as the client that does them tells of them: what flyctl shows as releases, and reads its
 * next deployment from.
 *
 * @sealed `sealed_definition`
 * @kept the last 50 of each environment, until its end
 */
export const gatewayReleases = pgTable(
  'gateway_releases',
  {
    environment: text('environment')
      .notNull()
      .references(() => gatewayEnvironments.id, { onDelete: 'cascade' }),
    /** 1, 2, … within the environment. */
    version: integer('version').notNull(),
    imageRef: text('image_ref').notNull(),
    strategy: text('strategy').notNull(),
    status: text('status').notNull(),
    /** The fly.toml, in which people keep secrets. */
    sealedDefinition: bytes('sealed_definition').notNull(),
    token: text('token_id').notNull(),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.version] })],
);

/**
 * Places that are taken in an environment's quotas while something is being made upstream. One that is past its time was
 * left by a process that died or by an answer that was lost: upstream is asked what there really is, and then it goes.
 *
 * @kept until it is settled, or counted anew from what Fly.io lists
 */
export const gatewayReservations = pgTable(
  'gateway_reservations',
  {
    /** The operation's, and so for a machine the mark that it carries. */
    id: text('id').notNull(),
    environment: text('environment')
      .notNull()
      .references(() => gatewayEnvironments.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<QuotaKind>().notNull(),
    count: integer('count').notNull(),
    gigabytes: integer('gigabytes').notNull(),
    until: instant('until').notNull(),
  },
  (table) => [primaryKey({ columns: [table.environment, table.kind, table.id] })],
);

/**
 * Starts that count for a branch's budget before their running time is seen.
 *
 * @hashed `branch`
 * @kept until its running time is seen
 */
export const gatewaySpendHolds = pgTable(
  'gateway_spend_holds',
  {
    number: bigint('number', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
    branch: text('branch').notNull(),
    environment: text('environment')
      .notNull()
      .references(() => gatewayEnvironments.id, { onDelete: 'cascade' }),
    guest: jsonb('guest').$type<Guest>().notNull(),
    at: instant('at').notNull(),
    until: instant('until').notNull(),
  },
  (table) => [
    index('gateway_spend_holds_by_branch').on(table.branch, table.until),
    index('gateway_spend_holds_by_age').on(table.until),
  ],
);

/**
 * What an Idempotency-Key was used for, and the sealed answer to give again.
 *
 * @kept a day
 */
export const gatewayOperations = pgTable(
  'gateway_operations',
  {
    workspace: bigint('workspace', { mode: 'bigint' }).notNull(),
    key: text('key').notNull(),
    id: text('id').notNull(),
    requestHash: text('request_hash').notNull(),
    state: text('state').$type<'running' | 'done'>().notNull(),
    /** Until then whoever began it is still taken to be at work. */
    heldUntil: instant('busy_until').notNull(),
    /** Whoever works on it; rows of before this column have none until they are taken over. */
    holder: text('holder'),
    status: integer('status'),
    sealedResponse: bytes('sealed_response'),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspace, table.key] }),
    index('gateway_operations_by_age').on(table.createdAt),
  ],
);

/**
 * Who did what, on what, with which outcome. Tokens are named by nonce UUID and branch digest only.
 *
 * @hashed `branch`
 * @kept 400 days, or `HANGAR_AUDIT_DAYS`
 */
export const gatewayAudit = pgTable(
  'gateway_audit',
  {
    number: bigint('number', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant('at').notNull(),
    workspace: bigint('workspace', { mode: 'bigint' }),
    tokenId: text('token_id'),
    branch: text('branch'),
    action: text('action').notNull(),
    resource: text('resource').notNull(),
    outcome: text('outcome').notNull(),
    status: integer('status').notNull(),
    requestId: text('request_id').notNull(),
    upstreamRequestId: text('upstream_request_id'),
    /** How often the same was answered the same within a minute; `at` is the first time. */
    count: integer('count').notNull().default(1),
    lastAt: instant('last_at'),
    /** Names what is the same, while the minute lasts; or the row of a change that has no answer yet. */
    openKey: text('open_key'),
  },
  (table) => [
    index('gateway_audit_by_workspace').on(table.workspace, table.number),
    index('gateway_audit_by_age').on(table.at),
    uniqueIndex('gateway_audit_open').on(table.openKey),
  ],
);

/**
 * Environments, workspaces and machines that changed in a way that processes which remember them have to hear of. Triggers
 * write it, in the transaction of the change. Readers go by the number of the transaction and not by a counter: a locked
 * counter would let every change of every environment queue, and one that is not locked shows numbers before smaller ones.
 *
 * @kept an hour: whoever remembers reads it several times a second
 */
export const gatewayChanges = pgTable(
  'gateway_changes',
  {
    number: bigint('number', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
    transaction: transactionNumber('transaction')
      .notNull()
      .default(sql`pg_current_xact_id()`),
    kind: text('kind').$type<'environment' | 'workspace' | 'machine'>().notNull(),
    subject: text('subject').notNull(),
    at: instant('at')
      .notNull()
      .default(sql`clock_timestamp()`),
  },
  (table) => [index('gateway_changes_by_transaction').on(table.transaction)],
);
