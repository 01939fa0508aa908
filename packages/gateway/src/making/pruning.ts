import type { Deps } from '../deps.ts';
import type { Task } from '@hangar/contract';

const EVERY_SECONDS = 3600;
const DAY_MS = 86_400_000;

/** Answers to Idempotency-Keys. A client that has not repeated its request within a day will not. */
const OPERATIONS_MS = DAY_MS;
/** Machines and volumes that are gone: as long as somebody may still look for why. */
const PARTS_MS = 30 * DAY_MS;
/**
 * What is left of environments and workspaces that are gone. Shorter than the 13 months in which a bill may be disputed,
 * and nobody could say whose it was; no token of theirs lives that long.
 */
export const TOMBSTONE_MS = 400 * DAY_MS;

/** Forgets what nobody will ask for again, so that no tenant's requests fill a table for good. */
export function pruningTask({ store, now }: Pick<Deps, 'store' | 'now'>): Task {
  return {
    name: 'gateway-pruning',
    everySeconds: EVERY_SECONDS,
    async run() {
      const before = (ms: number): Date => new Date(now().getTime() - ms);
      await store.dropOperations(before(OPERATIONS_MS));
      await store.pruneParts({ before: before(PARTS_MS), now: now() });
      await store.dropChanges();
      await store.pruneTombstones(before(TOMBSTONE_MS));
    },
  };
}
