/** What a pool does with each of the things that it takes. */
export interface PoolOptions<T, R> {
  /** How many are worked on side by side. */
  readonly size: number;
  /** Takes up to `limit` of what is due; an empty list when nothing is. */
  readonly take: (limit: number) => Promise<readonly T[]>;
  readonly work: (taken: T) => Promise<R>;
  /** Records what came of some of them. */
  readonly settle: (results: readonly R[]) => Promise<void>;
}

/** Work whose beginnings and ends are written in batches: as many at once as came together while the last were written. */
export interface Pool {
  /** Works until nothing is due and everything taken is settled. After an abort nothing more is taken. */
  drain(signal?: AbortSignal): Promise<void>;
  /** More may be due: a drain that waits looks again. */
  nudge(): void;
}

export function createPool<T, R>({ size, take, work, settle }: PoolOptions<T, R>): Pool {
  let nudge: () => void = () => undefined;

  async function drain(signal?: AbortSignal): Promise<void> {
    let ended: R[] = [];
    const broken: unknown[] = [];
    const running = new Set<Promise<void>>();
    /** Resolves when something ends or may be due from now on. */
    const something = async (): Promise<void> =>
      await new Promise<void>((resolve) => {
        nudge = resolve;
      });
    const carryOut = async (taken: T): Promise<void> => {
      try {
        const result = await work(taken);
        ended.push(result);
      } catch (error) {
        broken.push(error);
      }
    };
    const begin = (taken: T): void => {
      const run = carryOut(taken).finally(() => {
        running.delete(run);
        nudge();
      });
      running.add(run);
    };
    const settleEnded = async (): Promise<void> => {
      const results = ended;
      ended = [];
      if (results.length === 0) return;
      try {
        await settle(results);
      } catch (error) {
        ended.unshift(...results);
        throw error;
      }
    };
    try {
      for (;;) {
        const news = something();
        await settleEnded();
        const taken =
          signal?.aborted === true || broken.length > 0 || running.size >= size
            ? []
            : await take(size - running.size);
        for (const each of taken) begin(each);
        if (running.size === 0 && ended.length === 0 && taken.length === 0) break;
        await news;
      }
    } finally {
      // What is on its way ends before the next drain begins, also when this one cannot record it.
      await Promise.all(running);
      nudge = () => undefined;
      // Done again is what is not on record, so this is worth a second try.
      await settleEnded();
    }
    if (broken.length > 0) throw broken[0];
  }

  return { drain, nudge: () => nudge() };
}
