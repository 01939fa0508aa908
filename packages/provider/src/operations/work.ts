import { withLease, type LeaseRows } from '@hangar/contract';
import { asHangarError, type HangarError } from '@hangar/http';
import type { Deps } from '../deps.ts';
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

/** A lease that is prolonged three times before it lapses survives two beats that were lost. */
const BEATS = 3;

/** Runs operations and keeps their leases while they run. */
export function createWork(deps: Deps): Work {
  const runs = new Map<string, Running>();

  const start = (record: ExtensionRecord): Running => {
    const { id, lease } = record;
    if (lease === undefined) throw new TypeError('work needs a lease');
    const stop = new AbortController();
    const { leaseMs } = deps.timing;
    const rows: LeaseRows = {
      prolong: async (key, next) => {
        const prolonged = await deps.options.store.extensions.prolong(key, next);
        if (prolonged === 'cancelled') stop.abort();
        return prolonged !== 'lost';
      },
    };
    const options = { lease, leaseMs, beatMs: leaseMs / BEATS, now: deps.now, log: deps.log };
    const done = withLease(rows, id, options, (lost) =>
      carryOut(record, { holder: lease.holder, cancelled: stop.signal, lost }, deps),
    )
      .catch((error: unknown): Outcome => {
        // The database failed us: the lease lapses, and whoever finds it then resumes.
        deps.log.error({ extension: id, error }, 'work on an extension broke off');
        return { tag: 'failed', error: asHangarError(error) };
      })
      .finally(() => {
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
