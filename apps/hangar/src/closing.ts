import type { Log } from '@hangar/security';

/** What was opened, to be closed in the opposite order. */
export interface Closing {
  later(closer: () => Promise<unknown> | void): void;
  /** One that fails is logged and does not keep the rest open. */
  closeAll(): Promise<void>;
}

/** An empty list of things to close. */
export function closing(log: Log): Closing {
  const closers: (() => Promise<unknown> | void)[] = [];
  return {
    later: (closer) => void closers.push(closer),
    closeAll: async () => {
      for (const closer of closers.splice(0).reverse()) {
        try {
          await closer();
        } catch (error) {
          log.warn({ error }, 'something did not close cleanly');
        }
      }
    },
  };
}
