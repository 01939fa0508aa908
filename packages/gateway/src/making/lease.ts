import { newLease } from '@hangar/contract';
import type { Environment, Phase } from '../nouns.ts';
import type { Deps } from '../deps.ts';
import type { EnvironmentChanges } from '../ports.ts';
import { LEASE_MS } from './saga.ts';

/** Takes the lease of an environment in one of these phases, and the changes along. Undefined while somebody else holds it. */
export async function claim(
  id: string,
  from: readonly Phase[],
  deps: Deps,
  changes: Pick<EnvironmentChanges, 'phase' | 'deleteAfter'> = {},
): Promise<Environment | undefined> {
  const now = deps.now();
  return await deps.store.claim({ id, lease: newLease(now, LEASE_MS), now, from, changes });
}
