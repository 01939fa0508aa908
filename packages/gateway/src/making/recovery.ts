import { LEASE_MS } from './saga.ts';
import { resume } from './lifecycle.ts';
import type { Deps } from '../deps.ts';
import { newLease, type Task } from '@hangar/contract';

const RECOVERY_SECONDS = 15;
const BATCH = 10;

/**
 * Finishes what a crash or a passing failure left halfway: creations are completed or taken back, deletions are
 * completed, and quarantines that are over become deletions. Each environment is leased first, so any number of processes may run this.
 */
export function recoveryTask(deps: Deps): Task {
  return {
    name: 'gateway-recovery',
    everySeconds: RECOVERY_SECONDS,
    async run(signal) {
      for (;;) {
        const now = deps.now();
        const lease = newLease(now, LEASE_MS);
        const found = await deps.store.claimUnfinished({ lease, now, limit: BATCH });
        for (const environment of found) {
          if (signal.aborted) return;
          await resume(environment, deps).catch((error: unknown) => {
            deps.log.warn(
              { environment: environment.id, phase: environment.phase, err: error },
              'not recovered yet',
            );
          });
        }
        if (found.length < BATCH || signal.aborted) return;
      }
    },
  };
}
