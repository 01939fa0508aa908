import { newLease } from '@hangar/contract';
import { opening, type AuditedChange } from '../note/audited-change.ts';
import type { Environment, Phase } from '../nouns.ts';
import type { Deps } from '../deps.ts';
import type { EnvironmentChanges } from '../ports.ts';
import { LEASE_MS } from './saga.ts';

/**
 * Takes the lease of an environment in one of these phases, and the changes along. Undefined while somebody else holds it.
 * @param change of the request that asks for the changes
 */
export async function claim(
  id: string,
  from: readonly Phase[],
  deps: Deps,
  changes: Pick<EnvironmentChanges, 'phase' | 'deleteAfter'> = {},
  change?: AuditedChange,
): Promise<Environment | undefined> {
  const now = deps.now();
  const wanted = { id, lease: newLease(now, LEASE_MS), now, from, changes };
  return await opening(
    change,
    async (audit) => await deps.store.claim({ ...wanted, audit }),
    (claimed) => claimed !== undefined,
  );
}
