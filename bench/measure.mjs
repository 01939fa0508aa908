// Times several candidates in turn, on a machine that others use too. Imported by the benchmarks, no benchmark itself.

/** Rounds, of which the median and the extremes are given. */
const ROUNDS = 9;
/** How often each candidate has its turn in a round. */
const TURNS = 40;
/** How long a turn is. Shorter than what the system gives a process at a time, so that most turns run undisturbed. */
const TURN_MS = 1;
/** A turn that took so much longer than its processor time was interrupted by somebody else, and does not count. */
const DISTURBED = 1.1;
/** A round with fewer undisturbed turns of any candidate does not count. */
const LEAST_TURNS = TURNS / 4;
const WARM_UP_CALLS = 5000;

/**
 * @typedef {{ name: string, run: () => unknown, before?: () => void, calls?: number }} Candidate `before` is not timed.
 * @typedef {{ median: number, least: number, most: number }} Spread
 * @typedef {{ name: string, micros: Spread, ratio: Spread }} Figure microseconds of processor time, and of the first one's
 */

/**
 * Processor time of one call of each candidate, all threads of the process included, and its ratio to the first candidate's
 * in the same round.
 * @param {Candidate[]} candidates
 * @returns {{ figures: Figure[], rounds: number, voided: number }}
 */
export function measure(candidates) {
  const timed = candidates.map((candidate) => ({
    ...candidate,
    calls: candidate.calls ?? callsPerTurn(candidate),
  }));
  const micros = timed.map(() => []);
  let voided = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const sums = oneRound(timed);
    if (sums.some(({ turns }) => turns < LEAST_TURNS)) voided += 1;
    else
      for (const [index, { used, turns }] of sums.entries())
        micros[index].push(used / turns / timed[index].calls);
  }
  const floor = micros[0];
  const figures = timed.map(({ name }, index) => ({
    name,
    micros: spread(micros[index]),
    ratio: spread(micros[index].map((value, round) => value / floor[round])),
  }));
  return { figures, rounds: ROUNDS - voided, voided };
}

function oneRound(timed) {
  const sums = timed.map(() => ({ used: 0, turns: 0 }));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [index, { run, before, calls }] of timed.entries()) {
      before?.();
      const { used, wall } = time(run, calls);
      if (wall > used * DISTURBED) continue;
      sums[index].used += used;
      sums[index].turns += 1;
    }
  }
  return sums;
}

function time(run, calls) {
  const began = performance.now();
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) run();
  const { user, system } = process.cpuUsage(before);
  return { used: user + system, wall: (performance.now() - began) * 1000 };
}

function callsPerTurn({ run, before }) {
  before?.();
  for (let call = 0; call < WARM_UP_CALLS; call++) run();
  const { used } = time(run, 200);
  return Math.max(1, Math.round((TURN_MS * 1000 * 200) / used));
}

function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], least: sorted[0], most: sorted.at(-1) };
}

/** @param {Spread} value */
export const range = ({ median, least, most }, digits = 2) =>
  `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
