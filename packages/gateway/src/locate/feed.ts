import type { Task } from '@hangar/contract';
import type { ChangePage, EnvironmentStore } from '../ports.ts';
import type { LocatorMemory } from './memory.ts';

/** What ends must end everywhere within a second (docs/specs/promises.md#rows-remembered). */
const POLL_SECONDS = 0.25;

/** A change is kept for an hour. A clock that never jumps may stand still too, while a machine is suspended. */
const MOST_BETWEEN_MS = 1_800_000;

/** What keeps the memory true. */
export interface ChangeFeed extends Task {
  /**
   * Reads the feed when it is late, once for all who wait. Settles in any case: whether the memory is fresh then is what it
   * says itself.
   */
  freshen(): Promise<void> | undefined;
}

/** Keeps the memory true. Runs in every process; until it was read once, nothing is remembered. */
export function changeFeedTask(
  { store, memory }: { store: Pick<EnvironmentStore, 'changesSince'>; memory: LocatorMemory },
  monotonicMs: () => number,
): ChangeFeed {
  let last: Pick<ChangePage, 'horizon' | 'readAt'> | undefined;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
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
  }

  async function readOnce(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    await reading;
  }

  return {
    name: 'gateway-changes',
    everySeconds: POLL_SECONDS,
    run: readOnce,
    freshen: () => (memory.isFresh() ? undefined : readOnce().catch(() => undefined)),
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
