import type { Task } from '@hangar/contract';
import type { Log } from '@hangar/http';
import type { Jobs } from '@hangar/store';
import type { Metrics } from '../http/metrics.ts';

/** Below this a task runs in every process, on its own loop; from here on the database's schedule runs it once. */
const SCHEDULED_FROM_SECONDS = 60;

/** Tasks that run until stopped. */
export interface Workers {
  stop(): Promise<void>;
}

/**
 * Runs the tasks. Quick ones (the outbox, the revocation feed) loop in each process and coordinate by row
 * locks; slow ones (sweeps) are jobs on the shared schedule, so that one process does them.
 */
export async function startWorkers(
  tasks: readonly Task[],
  parts: { jobs: Jobs; log: Log; metrics: Metrics },
): Promise<Workers> {
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];
  /** What fails four times a second is said once, and once more when it works again. */
  const failing = new Set<string>();
  const run = async (task: Task): Promise<void> => {
    const started = performance.now();
    try {
      await task.run(stopping.signal);
      parts.metrics.task(task.name, 'ok', (performance.now() - started) / 1000);
      if (failing.delete(task.name)) parts.log.info({ task: task.name }, 'task works again');
    } catch (error) {
      if (stopping.signal.aborted) return;
      parts.metrics.task(task.name, 'failed', (performance.now() - started) / 1000);
      if (failing.has(task.name)) return;
      failing.add(task.name);
      parts.log.error(
        { task: task.name, error },
        'task failed; it runs again at its time, and says so when it works',
      );
    }
  };
  for (const task of tasks) {
    if (task.everySeconds >= SCHEDULED_FROM_SECONDS) {
      await parts.jobs.schedule(task.name, task.everySeconds, async () => await run(task));
    } else {
      loops.push(loop(task, run, stopping.signal));
    }
  }
  return {
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(loops);
    },
  };
}

async function loop(task: Task, run: (task: Task) => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await run(task);
    await pause(task.everySeconds * 1000, signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
