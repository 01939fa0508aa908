import type { Task } from '@hangar/contract';
import { leaseMs } from './saga.ts';
import { newOwner } from './lease.ts';
import { resume } from './lifecycle.ts';
import type { Parts } from '../deps.ts';

const recoverySeconds = 15;
const batch = 10;

/**
 * Finishes what a crash or a passing failure left halfway: creations are completed or taken back, deletions are
 * completed, and quarantines that are over become deletions. Each environment is leased first, so any number of processes may run this.
 */
export function recoveryTask(parts: Parts): Task {
  return {
    name: 'gateway-recovery',
    everySeconds: recoverySeconds,
    async run(signal) {
      for (;;) {
        const now = parts.now();
        const until = new Date(now.getTime() + leaseMs);
        const found = await parts.store.claimUnfinished({ owner: newOwner(), now, until, limit: batch });
        for (const environment of found) {
          if (signal.aborted) return;
          await resume(environment, parts).catch((error: unknown) => {
            parts.log.warn(
              { environment: environment.id, phase: environment.phase, err: error },
              'not recovered yet',
            );
          });
        }
        if (found.length < batch || signal.aborted) return;
      }
    },
  };
}
