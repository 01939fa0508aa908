/** Work that is done in rounds, one at a time in this process. */
export interface Rounds {
  /** Does a round, or waits for the one under way and the one that follows it. */
  run(signal?: AbortSignal): Promise<void>;
  /** Starts a round in the background. */
  wake(): void;
  /** Resolves when no round is under way. */
  idle(): Promise<void>;
}

/** Never two rounds at once; a call during a round makes another follow, so that nothing is overlooked. */
export function createRounds(
  work: (signal?: AbortSignal) => Promise<void>,
  brokeOff: (error: unknown) => void,
): Rounds {
  let round: Promise<void> | undefined;
  let again = false;
  const run = async (signal?: AbortSignal): Promise<void> => {
    again = true;
    round ??= (async () => {
      try {
        while (again) {
          again = false;
          await work(signal);
        }
      } finally {
        round = undefined;
      }
    })();
    await round;
  };
  return {
    run,
    wake: () => void run().catch(brokeOff),
    idle: async () => {
      for (let current = round; current !== undefined; current = round) {
        await current.catch(() => undefined);
      }
    },
  };
}
