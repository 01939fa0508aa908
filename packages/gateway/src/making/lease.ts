import { randomToken } from '@hangar/security';
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
  const until = new Date(now.getTime() + LEASE_MS);
  return await deps.store.claim({ id, owner: newOwner(), now, until, from, changes });
}

/** A name for one run of work on an environment. */
export function newOwner(): string {
  return randomToken(16);
}
