import { and, eq, inArray, isNull, sql, type SQL } from 'drizzle-orm';
import type { RevocationTarget } from '@hangar/authority';
import type { Executor } from '../../database.ts';
import {
  authorityKeys,
  authorityLineage,
  authorityTokenParts,
  authorityTokens,
} from '../../schema/authority.ts';

/** Statements with more parameters than this are split; Postgres takes 65,535. */
const CHUNK = 1000;

/** What goes into the feed. */
export interface Entry {
  readonly kind: 'token' | 'branch' | 'key';
  readonly value: string;
  readonly isPart?: boolean;
  readonly needlessAfter?: Date | undefined;
  /** Of a copy: id, key number and digests above it, any of which revoked makes this entry needless. */
  readonly chain?: readonly string[];
}

interface Doomed {
  readonly id: string;
  readonly keyNumber: bigint;
  readonly expiresAt: Date;
}

const DOOMED = {
  id: authorityTokens.id,
  keyNumber: authorityTokens.keyNumber,
  expiresAt: authorityTokens.expiresAt,
};

/** A text that a token was minted as, and whether any other text of that token lives on. */
interface EndedPart {
  readonly digest: string;
  readonly token: string;
  readonly isWhole: boolean;
}

/** The minted texts among the branches of a target. */
export async function partsAmong(
  tx: Executor,
  workspace: bigint,
  target: RevocationTarget,
): Promise<readonly EndedPart[]> {
  const digests = 'branches' in target ? target.branches.map((branch) => branch.digest) : [];
  const ended: { digest: string; token: string }[] = [];
  for (const some of chunks(digests)) {
    const { digest, token } = authorityTokenParts;
    ended.push(
      ...(await tx
        .select({ digest, token })
        .from(authorityTokenParts)
        .where(and(eq(authorityTokenParts.workspace, workspace), inArray(digest, some)))),
    );
  }
  const ending = new Set(ended.map((part) => part.digest));
  const alive = new Set<string>();
  for (const some of chunks(ended.map((part) => part.token))) {
    const rows = await tx
      .select({ token: authorityTokenParts.token, digest: authorityTokenParts.digest })
      .from(authorityTokenParts)
      .where(and(inArray(authorityTokenParts.token, some), isNull(authorityTokenParts.revokedAt)));
    for (const row of rows) if (!ending.has(row.digest)) alive.add(row.token);
  }
  return ended.map((part) => ({ ...part, isWhole: !alive.has(part.token) }));
}

/** Marks these minted texts as revoked. */
export async function endParts(
  tx: Executor,
  parts: readonly EndedPart[],
  o: { workspace: bigint; by: string; at: Date },
): Promise<void> {
  for (const some of chunks(parts.map((part) => part.digest))) {
    await tx
      .update(authorityTokenParts)
      .set({ revokedAt: o.at, revokedBy: o.by })
      .where(
        and(
          eq(authorityTokenParts.workspace, o.workspace),
          inArray(authorityTokenParts.digest, some),
          isNull(authorityTokenParts.revokedAt),
        ),
      );
  }
}

/** The tokens a target kills, descendants included, and the entries that say so. */
export async function reach(
  tx: Executor,
  o: {
    workspace: bigint;
    target: RevocationTarget;
    parts: readonly EndedPart[];
    neededFrom: Date;
    latestEnd: Date;
  },
): Promise<{ tokens: readonly Doomed[]; entries: readonly Entry[] }> {
  const { workspace, target, parts, neededFrom, latestEnd } = o;
  const keys = await keysOf(tx, workspace, target);
  const direct = await directly(tx, workspace, target, { keys, parts });
  const branches = 'branches' in target ? target.branches : [];
  const named = 'token' in target ? [target.token] : direct.map((token) => token.id);
  const ancestors = [...named, ...branches.map((branch) => branch.digest)];
  const below = await tokensBelow(tx, workspace, ancestors);
  const tokens = [...new Map([...direct, ...below].map((token) => [token.id, token])).values()];
  // A workspace that was closed stays closed, so the entry of its current key stays too.
  const keyEnd = 'everything' in target ? {} : { needlessAfter: latestEnd };
  const entries: Entry[] = keys.map((number) => ({ kind: 'key', value: String(number), ...keyEnd }));
  const partOf = new Map(parts.map((part) => [part.digest, part]));
  for (const { digest, of, expiresAt: needlessAfter = latestEnd } of branches) {
    const part = partOf.get(digest);
    // The entry of the token says it already.
    if (part?.isWhole === true || needlessAfter <= neededFrom) continue;
    const chain = of ? [of.token, String(of.key), ...of.above] : [];
    entries.push({ kind: 'branch', value: digest, isPart: part !== undefined, needlessAfter, chain });
  }
  // A token can work without a record of it, and who names it is told that it is revoked.
  if ('token' in target && direct.length === 0) {
    entries.push({ kind: 'token', value: target.token, needlessAfter: latestEnd });
  }
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

async function directly(
  tx: Executor,
  workspace: bigint,
  target: RevocationTarget,
  o: { keys: readonly bigint[]; parts: readonly EndedPart[] },
): Promise<readonly Doomed[]> {
  if ('token' in target) return await tokensWhere(tx, workspace, eq(authorityTokens.id, target.token));
  if ('creator' in target)
    return await tokensWhere(tx, workspace, eq(authorityTokens.creator, target.creator));
  if ('app' in target) return await tokensWhere(tx, workspace, eq(authorityTokens.app, target.app));
  const whole = [...new Set(o.parts.filter((part) => part.isWhole).map((part) => part.token))];
  const found: Doomed[] = [];
  for (const some of chunks(whole))
    found.push(...(await tokensWhere(tx, workspace, inArray(authorityTokens.id, some))));
  for (const some of chunks(o.keys))
    found.push(...(await tokensWhere(tx, workspace, inArray(authorityTokens.keyNumber, some))));
  return found;
}

async function tokensWhere(tx: Executor, workspace: bigint, which: SQL): Promise<readonly Doomed[]> {
  return await tx
    .select(DOOMED)
    .from(authorityTokens)
    .where(and(eq(authorityTokens.workspace, workspace), which));
}

/** Everything minted below these ids and digests, step by step down. */
async function tokensBelow(
  tx: Executor,
  workspace: bigint,
  ancestors: readonly string[],
): Promise<readonly Doomed[]> {
  const found: Doomed[] = [];
  for (const some of chunks(ancestors)) {
    const below = sql`with recursive below (token) as (
        select ${authorityLineage.token} from ${authorityLineage}
        where ${eq(authorityLineage.workspace, workspace)} and ${inArray(authorityLineage.ancestor, some)}
      union
        select step.token from ${authorityLineage} as step
        join below on step.workspace = ${workspace} and step.ancestor = below.token
      ) select token from below`;
    found.push(...(await tokensWhere(tx, workspace, sql`${authorityTokens.id} in (${below})`)));
  }
  return found;
}

/** A list in pieces that fit into one statement. */
export function chunks<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += CHUNK) parts.push(items.slice(at, at + CHUNK));
  return parts;
}
