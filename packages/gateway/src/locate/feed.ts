import type { Task } from '@hangar/contract';
import type { ChangePage, EnvironmentStore } from '../ports.ts';
import type { LocatorMemory } from './memory.ts';

/** What ends must end everywhere within a second (docs/specs/promises.md#rows-remembered). */
const POLL_SECONDS = 0.25;

/** Keeps the memory true. Runs in every process; until it has run once, nothing is remembered. */
export function changeFeedTask(
  { store, memory }: { store: Pick<EnvironmentStore, 'changesSince'>; memory: LocatorMemory },
  monotonicMs: () => number,
): Task {
  let horizon: bigint | undefined;
  return {
    name: 'gateway-changes',
    everySeconds: POLL_SECONDS,
    async run() {
      if (!memory.isFresh()) {
        memory.lost();
        horizon = undefined;
      }
      let askedAt = monotonicMs();
      let page = await store.changesSince(horizon);
      if (cannotGoOn(page, horizon)) {
        memory.lost();
        askedAt = monotonicMs();
        page = await store.changesSince(undefined);
      }
      memory.apply(page.changes, askedAt);
      horizon = page.horizon;
    },
  };
}

/** A page that is cut leaves something out; and after an older database was restored, numbers mean something else. */
function cannotGoOn({ isCut, horizon: next }: ChangePage, horizon: bigint | undefined): boolean {
  return horizon !== undefined && (isCut || next < horizon);
}
