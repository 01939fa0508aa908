import type { Task } from '@hangar/contract';
import type { ChangePage, EnvironmentStore } from '../ports.ts';
import type { LocatorMemory } from './memory.ts';

/** What ends must end everywhere within a second (docs/specs/promises.md#rows-remembered). */
const POLL_SECONDS = 0.25;

/** A change is kept for an hour. A clock that never jumps may stand still too, while a machine is suspended. */
const MOST_BETWEEN_MS = 1_800_000;

/** Keeps the memory true. Runs in every process; until it has run once, nothing is remembered. */
export function changeFeedTask(
  { store, memory }: { store: Pick<EnvironmentStore, 'changesSince'>; memory: LocatorMemory },
  monotonicMs: () => number,
): Task {
  let last: Pick<ChangePage, 'horizon' | 'readAt'> | undefined;
  return {
    name: 'gateway-changes',
    everySeconds: POLL_SECONDS,
    async run() {
      if (!memory.isFresh()) {
        memory.lost();
        last = undefined;
      }
      let askedAt = monotonicMs();
      let page = await store.changesSince(last?.horizon);
      if (last && cannotGoOn(page, last)) {
        memory.lost();
        askedAt = monotonicMs();
        page = await store.changesSince(undefined);
      }
      memory.apply(page.changes, askedAt);
      last = { horizon: page.horizon, readAt: page.readAt };
    },
  };
}

/**
 * A page that is cut leaves something out, and one that comes late may; and after an older database was restored, numbers
 * mean something else.
 */
function cannotGoOn(page: ChangePage, last: Pick<ChangePage, 'horizon' | 'readAt'>): boolean {
  const between = Math.abs(page.readAt.getTime() - last.readAt.getTime());
  return page.isCut || page.horizon < last.horizon || between > MOST_BETWEEN_MS;
}
