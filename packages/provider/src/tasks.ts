import type { Task } from '@hangar/contract';
import type { Deps } from './deps.ts';
import { resumeAbandoned, sweepFailed } from './operations/resume.ts';
import { followStatus } from './operations/status.ts';
import type { Work } from './operations/work.ts';
import type { Rounds } from './rounds.ts';

const DAY_MS = 86_400_000;
/** How long delivered webhooks and handled events stay to be looked at. */
const KEPT_MS = 30 * DAY_MS;

/**
 * How long what is left of a deleted extension stays: for billing, for support, and to refuse its id
 * (docs/specs/extensions.md#delete). Bills may be disputed for 13 months.
 */
const TOMBSTONE_MS = 400 * DAY_MS;

/** Everything the kit does without being asked. */
export function createTasks(work: Work, sender: Rounds, events: Rounds, deps: Deps): Task[] {
  const { store, seller } = deps.options;
  const tasks: Task[] = [
    // Processes of one database wake each other by NOTIFY; this is for when that is lost.
    { name: 'provider.webhooks', everySeconds: 1, run: async (signal) => await sender.run(signal) },
    {
      name: 'provider.machine-events',
      everySeconds: 2,
      run: async (signal) => await events.run(signal),
    },
    { name: 'provider.resume', everySeconds: 5, run: async () => await resumeAbandoned(work, deps) },
    {
      name: 'provider.sweep',
      everySeconds: 300,
      run: async () => {
        const now = deps.now();
        const old = new Date(now.getTime() - KEPT_MS);
        await store.nonces.sweep(now);
        await store.logins.sweep(now);
        await store.outbox.sweep(old);
        await store.events.sweep(old);
        await store.extensions.prune(new Date(now.getTime() - TOMBSTONE_MS));
        await sweepFailed(work, deps);
      },
    },
  ];
  if (seller.status !== undefined) {
    tasks.push({
      name: 'provider.status',
      everySeconds: 60,
      run: async (signal) => await followStatus(signal, deps),
    });
  }
  return tasks;
}
