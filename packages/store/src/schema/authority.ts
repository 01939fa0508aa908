import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { bytes, instant } from './columns.ts';

/**
 * `revocation`: numbers that must be handed out in the order in which their rows become visible. A sequence gives
 * them out before the commit, so a reader that polls "greater than the last one" could miss a row;
 * the row lock on a counter is held until the commit and cannot. `key`: the highest number that any process has taken,
 * a block at a time; nobody polls keys, so it may be ahead of them.
 *
 * @kept for ever
 */
export const authorityCounters = pgTable('authority_counters', {
  name: text('name').primaryKey(),
  value: bigint('value', { mode: 'bigint' }).notNull(),
});

/**
 * Root keys of permission tokens, sealed. The number is the key id that tokens carry.
 *
 * @kept a year and two days after it was retired: no token of it can be valid then
 */
export const authorityKeys = pgTable(
  'authority_keys',
  {
    number: bigint('number', { mode: 'bigint' }).primaryKey(),
    workspace: bigint('workspace', { mode: 'bigint' }).notNull(),
    sealed: bytes('sealed').notNull(),
    createdAt: instant('created_at').notNull(),
    /** Set when a newer key took over minting; the key still verifies. */
    retiredAt: instant('retired_at'),
  },
  (table) => [
    uniqueIndex('authority_keys_current')
      .on(table.workspace)
      .where(sql`${table.retiredAt} is null`),
  ],
);

/**
 * What was minted: everything about a token except the token.
 *
 * @kept two days after its end, or earlier where a workspace has more records than it may
 */
export const authorityTokens = pgTable(
  'authority_tokens',
  {
    id: text('id').primaryKey(),
    workspace: bigint('workspace', { mode: 'bigint' }).notNull(),
    keyNumber: bigint('key_number', { mode: 'bigint' }).notNull(),
    name: text('name').notNull(),
    preset: text('preset').notNull(),
    creator: text('creator').notNull(),
    app: bigint('app', { mode: 'bigint' }),
    /** 1 for a token that no other token asked for. */
    depth: integer('depth').notNull().default(1),
    /** JSON text, not jsonb: ids are whole numbers of any size, and JSON.parse would round them. */
    caveats: text('caveats').notNull(),
    summary: jsonb('summary').notNull(),
    endsWith: text('ends_with').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    lastUsedAt: instant('last_used_at'),
    lastUsedFrom: text('last_used_from'),
    revokedAt: instant('revoked_at'),
    revokedBy: text('revoked_by'),
  },
  (table) => [
    index('authority_tokens_by_workspace').on(table.workspace, table.createdAt, table.id),
    index('authority_tokens_by_app').on(table.workspace, table.app),
    index('authority_tokens_by_end').on(table.expiresAt),
  ],
);

/**
 * The texts a token was minted as, by the digest of their tails: whoever brings one of them back is recognised.
 *
 * @kept as long as the token
 */
export const authorityTokenParts = pgTable(
  'authority_token_parts',
  {
    workspace: bigint('workspace', { mode: 'bigint' }).notNull(),
    digest: text('digest').notNull(),
    token: text('token').notNull(),
    /** Its place in the text that was handed out. */
    place: integer('place').notNull(),
    /** Set when this text was revoked by itself. */
    revokedAt: instant('revoked_at'),
    revokedBy: text('revoked_by'),
  },
  (table) => [
    primaryKey({ columns: [table.workspace, table.digest] }),
    uniqueIndex('authority_token_parts_of').on(table.token, table.place),
  ],
);

/**
 * From which token and which copies of it a token was minted, so that revoking one of them reaches it too. Only the
 * next step up is a row: what is above it is found through its own rows.
 *
 * @kept as long as the token
 */
export const authorityLineage = pgTable(
  'authority_lineage',
  {
    workspace: bigint('workspace', { mode: 'bigint' }).notNull(),
    ancestor: text('ancestor').notNull(),
    token: text('token').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspace, table.ancestor, table.token] }),
    index('authority_lineage_of').on(table.token),
  ],
);

/**
 * The feed that every verifier follows: what no longer counts, in commit order.
 *
 * @kept two days after the last token that it could concern is over; for ever where that is not known
 */
export const authorityRevocations = pgTable(
  'authority_revocations',
  {
    number: bigint('number', { mode: 'bigint' }).primaryKey(),
    workspace: bigint('workspace', { mode: 'bigint' }).notNull(),
    kind: text('kind').$type<'token' | 'branch' | 'key'>().notNull(),
    value: text('value').notNull(),
    /** A branch that is one of several texts a token was minted as. */
    isPart: boolean('is_part').notNull().default(false),
    reason: text('reason').notNull(),
    revokedBy: text('revoked_by').notNull(),
    revokedAt: instant('revoked_at').notNull(),
    /** When the last token it could concern is over anyway; null when that is not known. */
    needlessAfter: instant('needless_after'),
  },
  (table) => [uniqueIndex('authority_revocations_once').on(table.workspace, table.kind, table.value)],
);

/**
 * Sign-ins under way at the discharge service. Both secrets are stored as SHA-256 only.
 *
 * @sealed `answer`
 * @kept an hour after its end
 */
export const authorityFlows = pgTable(
  'authority_flows',
  {
    userDigest: text('user_digest').primaryKey(),
    pollDigest: text('poll_digest').notNull(),
    ticket: bytes('ticket').notNull(),
    state: text('state').$type<'waiting' | 'ready' | 'refused'>().notNull(),
    /** The sealed discharge (ready) or the sealed sentence (refused). */
    answer: bytes('answer'),
    startedFrom: text('started_from'),
    decidedBy: text('decided_by'),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    uniqueIndex('authority_flows_poll').on(table.pollDigest),
    index('authority_flows_expiry').on(table.expiresAt),
  ],
);

/**
 * Token buckets of rate limits, out of which processes take slices. A row of digits only: what is limited is not named.
 *
 * @hashed `counter`
 * @kept an hour after its last use: it is full again after a minute
 */
export const authorityRates = pgTable(
  'authority_rates',
  {
    counter: text('counter').primaryKey(),
    /** Below zero when processes used more than there was, before they heard of each other. */
    remaining: doublePrecision('remaining').notNull(),
    /** The slice that was taken last. */
    granted: integer('granted').notNull(),
    at: instant('at').notNull(),
  },
  (table) => [index('authority_rates_by_age').on(table.at)],
);
