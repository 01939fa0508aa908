import { and, eq, inArray } from 'drizzle-orm';
import type { Asker } from '@hangar/authority';
import type { Executor } from '../../database.ts';
import { authorityRevocations } from '../../schema/authority.ts';

/**
 * Whether one of these is in the feed. Ids, digests and key numbers have different shapes, so the value alone tells what
 * is meant. The caller holds the counter of revocations, so that the answer stays true until its commit.
 */
export async function isRevoked(
  tx: Executor,
  workspace: bigint,
  values: readonly string[],
): Promise<boolean> {
  const [revoked] = await tx
    .select({ number: authorityRevocations.number })
    .from(authorityRevocations)
    .where(
      and(eq(authorityRevocations.workspace, workspace), inArray(authorityRevocations.value, [...values])),
    )
    .limit(1);
  return revoked !== undefined;
}

/** Whether the token that asks was revoked; who asks with none is asked for none. */
export async function hasEnded(tx: Executor, workspace: bigint, asker: Asker | undefined): Promise<boolean> {
  if (asker === undefined) return false;
  return await isRevoked(tx, workspace, [asker.id, String(asker.key), ...asker.branches]);
}
