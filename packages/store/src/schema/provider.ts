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
  uuid,
} from 'drizzle-orm/pg-core';
import { bytes, instant } from './columns.ts';

/**
 * Organizations of customers, by Fly.io's own id.
 *
 * @kept 400 days after the last evidence, once nothing mentions it
 */
export const organizations = pgTable('organizations', {
  id: text('id').primaryKey(),
  name: text('name'),
  email: text('email'),
  createdAt: instant('created_at').notNull(),
  /** Time of the evidence that `name` and `email` come from. */
  evidenceAt: instant('evidence_at').notNull(),
});

/**
 * People, by Fly.io's id and never by address: the alias belongs to Fly.io.
 *
 * @kept 400 days after the last evidence, once nothing mentions them
 */
export const users = pgTable('users', {
  id: text('id').primaryKey(),
  email: text('email'),
  name: text('name'),
  createdAt: instant('created_at').notNull(),
  evidenceAt: instant('evidence_at').notNull(),
});

/**
 * Who belongs where. An ended membership stays, so that older evidence cannot bring it back.
 *
 * @kept 400 days after its end, or after the last evidence once the organization has nothing here
 */
export const memberships = pgTable(
  'memberships',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    role: text('role').$type<'admin' | 'member'>().notNull(),
    evidenceAt: instant('evidence_at').notNull(),
    endedAt: instant('ended_at'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.userId] }),
    index('memberships_by_user').on(table.userId),
  ],
);

/**
 * What was sold. Deleted rows stay as tombstones, for billing and to refuse their ids.
 *
 * @kept 400 days after it was deleted; nothing is left of a creation that failed at once
 */
export const extensions = pgTable(
  'extensions',
  {
    id: uuid('id').primaryKey(),
    flyId: text('fly_id'),
    name: text('name').notNull(),
    requestedName: text('requested_name').notNull(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    plan: text('plan'),
    primaryRegion: text('primary_region'),
    readRegions: text('read_regions').array().notNull(),
    ipAddress: text('ip_address'),
    options: jsonb('options').notNull(),
    flyAppName: text('fly_app_name'),
    status: text('status').notNull(),
    statusDetail: text('status_detail'),
    errorMessage: text('error_message'),
    fingerprint: text('fingerprint').notNull(),
    sealedConfig: bytes('sealed_config'),
    operation: jsonb('operation'),
    holder: text('lease_holder'),
    heldUntil: instant('lease_until'),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
    provisionedAt: instant('provisioned_at'),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    uniqueIndex('extensions_fly_id').on(table.flyId),
    uniqueIndex('extensions_living_name')
      .on(table.name)
      // What the seller made under the name is there until the last operation has removed it.
      .where(sql`${table.deletedAt} is null or ${table.operation} is not null`),
    index('extensions_by_organization').on(table.organizationId, table.createdAt),
    index('extensions_working')
      .on(table.heldUntil)
      .where(sql`${table.operation} is not null`),
    index('extensions_usable').on(table.provisionedAt, table.deletedAt),
  ],
);

/**
 * Nonces of signed requests that were used.
 *
 * @kept 600 seconds after the timestamp of the request
 */
export const requestNonces = pgTable(
  'request_nonces',
  {
    nonce: text('nonce').primaryKey(),
    /** Of the request that used it: only the same one may use it again, once it was given back. */
    digest: text('digest').notNull(),
    released: boolean('released').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('request_nonces_expiry').on(table.expiresAt)],
);

/**
 * CloudEvents about machines, once for each body: their other attributes travel in headers that nobody signed.
 *
 * @kept 30 days, longer while waiting
 */
export const machineEvents = pgTable(
  'machine_events',
  {
    key: uuid('key').primaryKey(),
    /** Of the bytes that were signed. */
    digest: text('digest').notNull(),
    /** How often they came; source, id and times are of the newest. */
    times: integer('times').notNull(),
    source: text('source').notNull(),
    eventId: text('event_id').notNull(),
    type: text('type').notNull(),
    machineId: text('machine_id'),
    status: text('status'),
    data: jsonb('data'),
    time: text('time'),
    receivedAt: instant('received_at').notNull(),
    state: text('state').$type<'waiting' | 'handled' | 'given_up'>().notNull(),
    attempts: integer('attempts').notNull(),
    nextAt: instant('next_at').notNull(),
  },
  (table) => [
    uniqueIndex('machine_events_once_a_body').on(table.digest),
    index('machine_events_waiting')
      .on(table.nextAt)
      .where(sql`${table.state} = 'waiting'`),
    index('machine_events_by_machine').on(table.machineId, table.receivedAt),
  ],
);

/**
 * Announcements to Fly.io. `sequence` is given under the extension's row lock, so it is their order.
 *
 * @kept 30 days, longer while waiting
 */
export const outbox = pgTable(
  'outbox',
  {
    id: uuid('id').primaryKey(),
    sequence: bigint('sequence', { mode: 'number' }).generatedAlwaysAsIdentity(),
    extensionId: uuid('extension_id')
      .notNull()
      .references(() => extensions.id),
    action: text('action').$type<'resource.created' | 'resource.updated' | 'resource.deleted'>().notNull(),
    state: text('state').$type<'pending' | 'delivered' | 'parked'>().notNull(),
    parkedReason: text('parked_reason'),
    attempts: integer('attempts').notNull(),
    replay: boolean('replay').notNull(),
    createdAt: instant('created_at').notNull(),
    scheduledFrom: instant('scheduled_from').notNull(),
    nextAt: instant('next_at').notNull(),
    claimedBy: text('claimed_by'),
    claimedUntil: instant('claimed_until'),
  },
  (table) => [
    index('outbox_pending')
      .on(table.extensionId, table.sequence)
      .where(sql`${table.state} = 'pending'`),
    index('outbox_due')
      .on(table.nextAt)
      .where(sql`${table.state} = 'pending'`),
  ],
);

/**
 * Every attempt to deliver an announcement.
 *
 * @kept 30 days
 */
export const deliveries = pgTable(
  'deliveries',
  {
    id: uuid('id').primaryKey(),
    announcementId: uuid('announcement_id')
      .notNull()
      .references(() => outbox.id, { onDelete: 'cascade' }),
    extensionId: uuid('extension_id').notNull(),
    action: text('action').$type<'resource.created' | 'resource.updated' | 'resource.deleted'>().notNull(),
    attempt: integer('attempt').notNull(),
    startedAt: instant('started_at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    status: integer('status'),
    outcome: text('outcome').notNull(),
    answer: text('answer').notNull(),
    replay: boolean('replay').notNull(),
  },
  (table) => [
    index('deliveries_by_extension').on(table.extensionId, table.startedAt),
    index('deliveries_by_announcement').on(table.announcementId),
    index('deliveries_by_time').on(table.startedAt),
  ],
);

/**
 * The state of the one address at Fly.io that webhooks go to.
 *
 * @kept for ever: one row
 */
export const webhookEndpoint = pgTable('webhook_endpoint', {
  name: text('name').primaryKey(),
  stoppedAt: instant('stopped_at'),
  pausedUntil: instant('paused_until'),
  reason: text('reason'),
});

/**
 * Sign-ins under way. The state itself is only in the browser; here is its SHA-256.
 *
 * @kept ten minutes
 */
export const loginAttempts = pgTable(
  'login_attempts',
  {
    stateHash: text('state_hash').primaryKey(),
    sealedVerifier: bytes('sealed_verifier').notNull(),
    target: jsonb('target').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('login_attempts_expiry').on(table.expiresAt)],
);

/**
 * Finished sign-ins, by the SHA-256 of their cookie.
 *
 * @kept until it expires, two hours at most
 */
export const logins = pgTable(
  'logins',
  {
    tokenHash: text('token_hash').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    sealedAccessToken: bytes('sealed_access_token').notNull(),
    createdAt: instant('created_at').notNull(),
    checkedAt: instant('checked_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('logins_by_user').on(table.userId), index('logins_expiry').on(table.expiresAt)],
);
