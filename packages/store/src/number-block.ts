/** Numbers taken at once: a commit for each hundred, and no more than that many gaps when a process ends. */
export const BLOCK = 100;

/** Numbers that this process took in advance, for whoever needs one: nobody waits for anybody else's commit. */
export interface NumberBlock {
  next(): Promise<bigint>;
  /** Takes others from now on: those at hand turned out to be of another time, as after a restore. */
  forget(): void;
}

/** @param take commits that these numbers are taken before it answers them, lowest first */
export function createNumberBlock(take: () => Promise<readonly bigint[]>): NumberBlock {
  let left: bigint[] = [];
  let taking: Promise<void> | undefined;
  const refill = async (): Promise<void> => {
    try {
      left.push(...(await take()));
    } finally {
      taking = undefined;
    }
  };
  return {
    next: async () => {
      for (;;) {
        const number = left.shift();
        if (number !== undefined) return number;
        taking ??= refill();
        await taking;
      }
    },
    forget: () => {
      left = [];
    },
  };
}
