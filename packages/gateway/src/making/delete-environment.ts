import { HangarError } from '@hangar/http';
import type { AuditedChange } from '../note/audited-change.ts';
import type { Environment } from '../nouns.ts';
import { claim } from './lease.ts';
import { unmake } from './lifecycle.ts';
import type { Deps } from '../deps.ts';
import { quarantine } from './quarantine.ts';

/**
 * Deletes an environment. One that is ready is quarantined for the grace first: it has lost all access, and can be brought
 * back. Without a grace, and for anything that is not ready, the deletion begins at once. Resolves to whether it is gone
 * already; what is not is left to the recovery task.
 * @param change of the request that wants it
 * @throws HangarError `state_conflict` while its creation is still running elsewhere
 */
export async function deleteEnvironment(
  environment: Environment,
  graceMs: number,
  deps: Deps,
  change?: AuditedChange,
): Promise<boolean> {
  const { id } = environment;
  if (graceMs > 0) {
    await quarantine(id, new Date(deps.now().getTime() + graceMs), deps, change);
    const phase = (await deps.store.environment(id))?.phase;
    if (phase === 'quarantined') return false;
    // Somebody holds its lease still, such as an undo; it must not be deleted without its grace for that.
    if (phase === 'ready') throw stillAtWork();
  }
  const mine =
    (await claim(id, ['undoing'], deps)) ??
    (await claim(
      id,
      ['provisioning', 'ready', 'quarantined', 'deleting'],
      deps,
      { phase: 'deleting' },
      change,
    ));
  if (!mine) return await isDeletedElsewhere(id, deps);
  try {
    await unmake(mine, deps);
    return true;
  } catch (error) {
    deps.log.warn({ environment: id, err: error }, 'a deletion is left to the recovery task');
    return false;
  }
}

async function isDeletedElsewhere(id: string, deps: Deps): Promise<boolean> {
  const phase = (await deps.store.environment(id))?.phase;
  if (phase === 'deleted' || phase === 'failed') return true;
  if (phase === 'deleting' || phase === 'undoing' || phase === 'quarantined') return false;
  throw stillAtWork();
}

function stillAtWork(): HangarError {
  return new HangarError('state_conflict', {
    public: 'the app is still being set up',
    retryAfterSeconds: 5,
  });
}
