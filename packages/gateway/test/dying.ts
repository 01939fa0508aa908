import { expect } from 'vitest';
import type { EnvironmentStore } from '@hangar/gateway';

/** Where a process dies: at its n-th write under a lease, before it or right after it. */
export type KillPoint = readonly [at: number, when: 'before' | 'after'];

/** The process is gone: no error of ours, nothing after it runs, the lease stays where it is. */
class Killed extends Error {}

/** Rows of a process that dies, and whether it did. */
export interface DyingStore {
  readonly store: EnvironmentStore;
  /** Fails when the process outlived what it was asked to do: then nothing was shown about its death. */
  expectDead(): void;
}

/** Rows of a process that dies at one of its writes under a lease. All its later writes are lost too. */
export function dyingStore(store: EnvironmentStore, [at, when]: KillPoint): DyingStore {
  let writes = 0;
  const write = async <T>(run: () => Promise<T>): Promise<T> => {
    writes += 1;
    if (writes > at || (writes === at && when === 'before')) throw new Killed('killed');
    const written = await run();
    if (writes === at) throw new Killed('killed');
    return written;
  };
  return {
    store: {
      ...store,
      record: async (wanted) => await write(async () => await store.record(wanted)),
      release: async (wanted) => await write(async () => await store.release(wanted)),
      writeAudit: async (entries) => {
        if (writes >= at) throw new Killed('killed');
        await store.writeAudit(entries);
      },
    },
    expectDead: () =>
      expect(writes, `writes of a process that should die ${when} write ${at}`).toBeGreaterThanOrEqual(at),
  };
}

/**
 * Where a process can die so that it matters: after a step was written down and before it had any effect, and after
 * its effect and before that was written down. Odd writes begin a step, even ones end it.
 */
export function killPoints(steps: readonly unknown[]): readonly KillPoint[] {
  const points: KillPoint[] = [];
  const last = 2 * steps.length;
  for (let write = 1; write <= last; write += 2) points.push([write, 'after'], [write + 1, 'before']);
  // The last write before the lease is given back, and the giving back itself.
  return [...points, [last + 1, 'before'], [last + 1, 'after']];
}
