/** A clock that only the test turns. */
export interface TestClock {
  readonly now: () => Date;
  seconds(): number;
  advance(seconds: number): void;
}

export function testClock(start = '2026-11-20T12:00:00Z'): TestClock {
  let at = new Date(start).getTime();
  return {
    now: () => new Date(at),
    seconds: () => Math.floor(at / 1000),
    advance: (seconds) => {
      at += seconds * 1000;
    },
  };
}
