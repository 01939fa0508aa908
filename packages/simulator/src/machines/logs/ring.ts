import type { SimulatedClock } from '../../clock.ts';

/** A line of output. */
export interface OutputLine {
  /** Sorts behind what was written before it in the same moment. */
  readonly id: string;
  readonly timeMs: number;
  readonly message: string;
  readonly level: 'info' | 'error';
}

/** What machines have printed, and who waits for more. It lives as long as the process: the life of a machine is in its events. */
export interface MachineLogs {
  /** Takes whole lines of a machine. */
  write(machineId: string, text: string, level?: OutputLine['level']): void;
  /** The lines that are still there, oldest first. */
  of(machineId: string): readonly OutputLine[];
  forget(machineId: string): void;
  /** Something was printed, or happened to a machine. */
  stir(): void;
  /** Resolves with true at the next stir, with false when the signal aborts or the simulation closes. */
  stirred(signal: AbortSignal): Promise<boolean>;
  close(): void;
}

/** Of each machine; older lines go. */
const REMEMBERED_LINES = 1000;
/** Machines with lines; those go that have been silent for longest. */
const REMEMBERED_MACHINES = 500;
const LONGEST_LINE = 4096;

/** No line yet. `nextId` is that of events too, so that both are in one order. */
export function createMachineLogs(clock: SimulatedClock, nextId: () => string): MachineLogs {
  const rings = new Map<string, OutputLine[]>();
  const waiting = new Set<(more: boolean) => void>();

  const wake = (more: boolean): void => {
    for (const resolve of waiting) resolve(more);
  };

  return {
    write(machineId, text, level = 'info') {
      const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
      if (text === '') return;
      const ring = rings.get(machineId) ?? [];
      // Behind the others: the machine that has been silent for longest is the first.
      rings.delete(machineId);
      rings.set(machineId, ring);
      const oldest = rings.keys().next();
      if (rings.size > REMEMBERED_MACHINES && !oldest.done) rings.delete(oldest.value);
      for (const message of lines) {
        ring.push({ id: nextId(), timeMs: clock.nowMs(), message: message.slice(0, LONGEST_LINE), level });
      }
      if (ring.length > REMEMBERED_LINES) ring.splice(0, ring.length - REMEMBERED_LINES);
      wake(true);
    },
    of: (machineId) => rings.get(machineId) ?? [],
    forget: (machineId) => void rings.delete(machineId),
    stir: () => wake(true),
    stirred(signal) {
      return new Promise((resolve) => {
        const finish = (more: boolean): void => {
          waiting.delete(finish);
          signal.removeEventListener('abort', stop);
          resolve(more);
        };
        const stop = (): void => finish(false);
        waiting.add(finish);
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
      });
    },
    close: () => wake(false),
  };
}
