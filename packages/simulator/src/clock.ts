/** A timer of the simulated world. */
export interface Timer {
  cancel(): void;
}

/**
 * The one clock and the one scheduler of a simulation. Everything that happens later (a machine that starts, an event that is
 * tried again, a fault that delays an answer) is a task here, so advancing the clock moves all of it and closing leaves nothing.
 */
export interface SimulatedClock {
  now(): Date;
  nowMs(): number;
  /** How far the simulated time is ahead of the real one, in milliseconds. */
  offsetMs(): number;
  /** Moves the time forward and runs every task that has become due, oldest first. Throws RangeError for a negative amount. */
  advance(ms: number): void;
  /** Runs `task` once, `ms` simulated milliseconds from now. */
  after(ms: number, task: () => void): Timer;
  /** Resolves with true after `ms` simulated milliseconds, with false at once when the signal aborts or the clock closes. */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean>;
  /** Number of tasks that wait. */
  pending(): number;
  close(): void;
}

interface Task {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** setTimeout cannot hold more than 31 bits; longer waits are taken in rounds. */
const LONGEST_TIMEOUT_MS = 2_000_000_000;

/** Creates a clock that runs `offsetMs` ahead of `base`. `onError` receives what a task throws. */
export function createClock(options: {
  base: () => Date;
  offsetMs?: number;
  onError: (error: unknown) => void;
}): SimulatedClock {
  const tasks = new Set<Task>();
  const sleepers = new Set<() => void>();
  let offset = options.offsetMs ?? 0;
  let order = 0;
  let armed: NodeJS.Timeout | undefined;
  let closed = false;

  const nowMs = (): number => options.base().getTime() + offset;

  const earliest = (): Task | undefined => {
    let first: Task | undefined;
    for (const task of tasks) {
      if (!first || task.dueMs < first.dueMs || (task.dueMs === first.dueMs && task.order < first.order)) {
        first = task;
      }
    }
    return first;
  };

  const arm = (): void => {
    clearTimeout(armed);
    armed = undefined;
    const next = earliest();
    if (!next || closed) return;
    armed = setTimeout(runDue, Math.min(LONGEST_TIMEOUT_MS, Math.max(1, next.dueMs - nowMs())));
  };

  function runDue(): void {
    for (;;) {
      const next = earliest();
      if (!next || next.dueMs > nowMs() || closed) break;
      tasks.delete(next);
      try {
        next.run();
      } catch (error) {
        options.onError(error);
      }
    }
    arm();
  }

  const after = (ms: number, run: () => void): Timer => {
    if (closed) return { cancel: () => undefined };
    const task: Task = { dueMs: nowMs() + Math.max(0, ms), order: order++, run };
    tasks.add(task);
    arm();
    return {
      cancel() {
        if (tasks.delete(task)) arm();
      },
    };
  };

  return {
    now: () => new Date(nowMs()),
    nowMs,
    offsetMs: () => offset,
    pending: () => tasks.size,
    after,
    advance(ms) {
      if (!Number.isFinite(ms) || ms < 0) throw new RangeError('the simulated clock only moves forward');
      offset += ms;
      runDue();
    },
    sleep(ms, signal) {
      if (closed || signal?.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const finish = (slept: boolean): void => {
          timer.cancel();
          sleepers.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve(slept);
        };
        const wake = (): void => finish(false);
        const timer = after(ms, () => finish(true));
        sleepers.add(wake);
        signal?.addEventListener('abort', wake, { once: true });
      });
    },
    close() {
      closed = true;
      clearTimeout(armed);
      tasks.clear();
      for (const wake of sleepers) wake();
    },
  };
}
