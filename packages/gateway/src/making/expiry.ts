import type { Task } from '@hangar/contract';
import { deleteEnvironment } from './delete-environment.ts';
import type { Deps } from '../deps.ts';

const EXPIRY_SECONDS = 15;
const BATCH = 20;

/** Deletes environments that are past their time, which was their grace. What fails on the way is left to the recovery task. */
export function expiryTask(deps: Deps): Task {
  return {
    name: 'gateway-expiry',
    everySeconds: EXPIRY_SECONDS,
    async run(signal) {
      for (const environment of await deps.store.expiredEnvironments({ now: deps.now(), limit: BATCH })) {
        if (signal.aborted) return;
        await deleteEnvironment(environment, 0, deps).catch((error: unknown) => {
          deps.log.warn({ environment: environment.id, err: error }, 'past its time, and not deleted yet');
        });
      }
    },
  };
}
