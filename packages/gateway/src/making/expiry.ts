import type { Task } from '@hangar/contract';
import { deleteEnvironment } from './delete-environment.ts';
import type { Parts } from '../deps.ts';

const expirySeconds = 15;
const batch = 20;

/** Deletes environments that are past their time, which was their grace. What fails on the way is left to the recovery task. */
export function expiryTask(parts: Parts): Task {
  return {
    name: 'gateway-expiry',
    everySeconds: expirySeconds,
    async run(signal) {
      for (const environment of await parts.store.expiredEnvironments({ now: parts.now(), limit: batch })) {
        if (signal.aborted) return;
        await deleteEnvironment(environment, 0, parts).catch((error: unknown) => {
          parts.log.warn({ environment: environment.id, err: error }, 'past its time, and not deleted yet');
        });
      }
    },
  };
}
