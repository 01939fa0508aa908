import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@hangar/http';

type Closer = () => Promise<unknown> | void;

/** What was opened, to be closed in the opposite order. */
export interface Closing {
  /** `name` is what a log says when it does not close. */
  later(name: string, closer: Closer): void;
  /** A place in the order for several things that are closed at the same time. */
  together(): Pick<Closing, 'later'>;
  /**
   * Closes everything. One that fails is logged and does not keep the rest open; one that hangs ends the closing at the
   * deadline.
   *
   * @returns whether everything has closed. Otherwise the log names what has not.
   */
  closeAll(): Promise<boolean>;
}

/** For everything together. Most supervisors kill ten seconds after their signal, or later. */
const CLOSE_WITHIN_MS = 10_000;

/** An empty list of things to close. `pause` waits for the deadline, unless the signal ends it. */
export function closing(log: Log, pause = pauseUnlessClosed): Closing {
  const steps: Map<string, Closer>[] = [];
  const together = (): Map<string, Closer> => {
    const step = new Map<string, Closer>();
    steps.push(step);
    return step;
  };
  return {
    later: (name, closer) => void together().set(name, closer),
    together: () => {
      const step = together();
      return { later: (name, closer) => void step.set(name, closer) };
    },
    closeAll: async () => {
      const closed = new AbortController();
      const left = new Set(steps.flatMap((step) => [...step.keys()]));
      const closeOne = async (name: string, closer: Closer): Promise<void> => {
        try {
          await closer();
        } catch (error) {
          log.warn({ name, error }, 'something did not close cleanly');
        }
        left.delete(name);
      };
      const inOrder = async (): Promise<void> => {
        for (const step of steps.splice(0).reverse())
          await Promise.all([...step].map(async ([name, closer]) => await closeOne(name, closer)));
      };
      await Promise.race([inOrder(), pause(CLOSE_WITHIN_MS, closed.signal)]);
      closed.abort();
      if (left.size > 0)
        log.error({ left: [...left] }, `not everything closed within ${CLOSE_WITHIN_MS / 1_000} seconds`);
      return left.size === 0;
    },
  };
}

async function pauseUnlessClosed(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
