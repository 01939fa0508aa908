import { asHangarError, type HangarError } from '@hangar/http';
import type { Kit } from '../kit.ts';
import type { ExtensionRecord } from '../ports.ts';
import { carryOut } from './carry-out.ts';

/** How work ended, as far as this process saw it. */
export type Outcome =
  | { readonly tag: 'done'; readonly record: ExtensionRecord }
  | { readonly tag: 'failed'; readonly error: HangarError }
  /** A deletion came in between; what had been made was removed again. */
  | { readonly tag: 'cancelled' }
  /** Another process took over. */
  | { readonly tag: 'lost' };

/** Work under way in this process. */
export interface Running {
  /** Never rejects. */
  readonly done: Promise<Outcome>;
  /** Tells the seller's code to stop. */
  cancel(): void;
}

/** The seller's code at work, with the leases that make a crash harmless. */
export interface Work {
  /** Starts on a record whose operation and lease were just written by us. */
  start(record: ExtensionRecord): Running;
  running(id: string): Running | undefined;
  /** Resolves when nothing is under way in this process. */
  idle(): Promise<void>;
}

/** Runs operations and renews their leases while they run. */
export function createWork(kit: Kit): Work {
  const runs = new Map<string, Running>();

  const start = (record: ExtensionRecord): Running => {
    const { id, lease } = record;
    if (lease === null) throw new TypeError('work needs a lease');
    const stop = new AbortController();
    const beat = setInterval(() => void renew(), kit.timing.leaseMs / 3);
    const renew = async (): Promise<void> => {
      try {
        const until = new Date(kit.now().getTime() + kit.timing.leaseMs);
        if ((await kit.options.store.extensions.renew(id, { holder: lease.holder, until })) !== 'held')
          stop.abort();
      } catch (error) {
        kit.log.warn({ extension: id, error }, 'a lease could not be renewed');
      }
    };
    const done = carryOut(kit, record, lease.holder, stop.signal)
      .catch((error: unknown): Outcome => {
        // The database failed us: the lease lapses, and whoever finds it then resumes.
        kit.log.error({ extension: id, error }, 'work on an extension broke off');
        return { tag: 'failed', error: asHangarError(error) };
      })
      .finally(() => {
        clearInterval(beat);
        if (runs.get(id) === running) runs.delete(id);
      });
    const running: Running = { done, cancel: () => stop.abort() };
    runs.set(id, running);
    return running;
  };

  return {
    start,
    running: (id) => runs.get(id),
    idle: async () => {
      while (runs.size > 0) await Promise.all([...runs.values()].map((run) => run.done));
    },
  };
}
