import { and, asc, eq, gt, inArray, isNull, lt, type SQL } from 'drizzle-orm';
import type { IssuerStore, RevocationTarget } from '@hangar/authority';
import type { Database, Executor } from '../database.ts';
import {
  authorityKeys,
  authorityLineage,
  authorityRevocations,
  authorityTokens,
} from '../schema/authority.ts';
import { lockCounter, readCounters, setCounter } from './authority-counters.ts';

type Revocations = Pick<IssuerStore, 'revoke' | 'revokedSince' | 'pruneRevocations'>;

/** Statements with more parameters than this are split; Postgres takes 65,535. */
const CHUNK = 1000;

interface Entry {
  readonly kind: 'token' | 'branch' | 'key';
  readonly value: string;
  readonly needlessAfter?: Date | undefined;
}

interface Doomed {
  readonly id: string;
  readonly keyNumber: bigint;
  readonly expiresAt: Date;
}

const doomed = {
  id: authorityTokens.id,
  keyNumber: authorityTokens.keyNumber,
  expiresAt: authorityTokens.expiresAt,
};

/** The feed of what no longer counts. */
export function authorityRevocationRows(db: Database): Revocations {
  return {
    revoke: ({ workspace, target, by, reason, at }) =>
      db.transaction(async (tx) => {
        const last = await lockCounter(tx, 'revocation');
        const { tokens, entries } = await reach(tx, workspace, target);
        const fresh = await unwritten(tx, workspace, entries);
        const rows = fresh.map((entry, index) => ({
          ...entry,
          number: last + BigInt(index) + 1n,
          workspace,
          reason,
          revokedBy: by,
          revokedAt: at,
        }));
        for (const part of chunks(rows)) await tx.insert(authorityRevocations).values(part);
        for (const part of chunks(tokens)) {
          await tx
            .update(authorityTokens)
            .set({ revokedAt: at, revokedBy: by })
            .where(
              and(
                inArray(
                  authorityTokens.id,
                  part.map((token) => token.id),
                ),
                isNull(authorityTokens.revokedAt),
              ),
            );
        }
        await setCounter(tx, 'revocation', last + BigInt(rows.length));
        return tokens.map((token) => token.id);
      }),
    revokedSince: async (number) => {
      // Counters first: a row that is committed between the two reads is read again, never skipped.
      const counters = await readCounters(db);
      const rows = await db
        .select()
        .from(authorityRevocations)
        .where(gt(authorityRevocations.number, number))
        .orderBy(asc(authorityRevocations.number));
      return {
        newest: counters.revocation,
        newestKey: counters.key,
        revocations: rows.map(({ number: place, workspace, kind, value, needlessAfter }) => ({
          number: place,
          workspace,
          kind,
          value,
          ...(needlessAfter ? { needlessAfter } : {}),
        })),
      };
    },
    pruneRevocations: async (before) => {
      const gone = await db
        .delete(authorityRevocations)
        .where(lt(authorityRevocations.needlessAfter, before))
        .returning({ number: authorityRevocations.number });
      return gone.length;
    },
  };
}

/** The tokens a target kills, descendants included, and the entries that say so. */
async function reach(
  tx: Executor,
  workspace: bigint,
  target: RevocationTarget,
): Promise<{ tokens: readonly Doomed[]; entries: readonly Entry[] }> {
  const keys = await keysOf(tx, workspace, target);
  const direct = await tokensWhere(tx, workspace, directly(target, keys));
  const ancestors = 'branch' in target ? [target.branch] : direct.map((token) => token.id);
  const below = await tokensBelow(tx, workspace, ancestors);
  const tokens = [...new Map([...direct, ...below].map((token) => [token.id, token])).values()];
  const entries: Entry[] = keys.map((number) => ({ kind: 'key', value: String(number) }));
  if ('branch' in target)
    entries.push({ kind: 'branch', value: target.branch, needlessAfter: target.expiresAt });
  for (const token of tokens) {
    if (!keys.includes(token.keyNumber)) {
      entries.push({ kind: 'token', value: token.id, needlessAfter: token.expiresAt });
    }
  }
  return { tokens, entries };
}

async function keysOf(tx: Executor, workspace: bigint, target: RevocationTarget): Promise<readonly bigint[]> {
  if (!('key' in target || 'everything' in target)) return [];
  const mine = eq(authorityKeys.workspace, workspace);
  const rows = await tx
    .select({ number: authorityKeys.number })
    .from(authorityKeys)
    .where('key' in target ? and(mine, eq(authorityKeys.number, target.key)) : mine);
  return rows.map((row) => row.number);
}

function directly(target: RevocationTarget, keys: readonly bigint[]): SQL | undefined {
  if ('token' in target) return eq(authorityTokens.id, target.token);
  if ('creator' in target) return eq(authorityTokens.creator, target.creator);
  if ('app' in target) return eq(authorityTokens.app, target.app);
  return keys.length > 0 ? inArray(authorityTokens.keyNumber, [...keys]) : undefined;
}

async function tokensWhere(
  tx: Executor,
  workspace: bigint,
  which: SQL | undefined,
): Promise<readonly Doomed[]> {
  if (which === undefined) return [];
  return await tx
    .select(doomed)
    .from(authorityTokens)
    .where(and(eq(authorityTokens.workspace, workspace), which));
}

async function tokensBelow(
  tx: Executor,
  workspace: bigint,
  ancestors: readonly string[],
): Promise<readonly Doomed[]> {
  const found: Doomed[] = [];
  for (const part of chunks(ancestors)) {
    const rows = await tx
      .select(doomed)
      .from(authorityLineage)
      .innerJoin(authorityTokens, eq(authorityTokens.id, authorityLineage.token))
      .where(and(eq(authorityLineage.workspace, workspace), inArray(authorityLineage.ancestor, part)));
    found.push(...rows);
  }
  return found;
}

/** The entries that the feed does not hold yet: revoking twice leaves one record. */
async function unwritten(
  tx: Executor,
  workspace: bigint,
  entries: readonly Entry[],
): Promise<readonly Entry[]> {
  const written = new Set<string>();
  for (const part of chunks(entries)) {
    const rows = await tx
      .select({ kind: authorityRevocations.kind, value: authorityRevocations.value })
      .from(authorityRevocations)
      .where(
        and(
          eq(authorityRevocations.workspace, workspace),
          inArray(
            authorityRevocations.value,
            part.map((entry) => entry.value),
          ),
        ),
      );
    for (const row of rows) written.add(`${row.kind} ${row.value}`);
  }
  return entries.filter((entry) => !written.has(`${entry.kind} ${entry.value}`));
}

function chunks<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += CHUNK) parts.push(items.slice(at, at + CHUNK));
  return parts;
}
