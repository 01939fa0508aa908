import { claim } from '../../lab/claims.ts';
import type { Lab } from '../../lab/lab.ts';

/** Right leading bytes that are tried. */
const PREFIXES: readonly number[] = [0, 4, 8, 12, 16, 20, 24, 28, 31];
const TRIES = 11;
/** An early exit in a comparison of 32 bytes moves every step the same way; noise does not do that twice. */
const CORRELATION = 0.95;

/**
 * Claims that answers to wrong signatures do not take longer the more leading bytes are right. Over a network this finds only what
 * is gross; two rounds must both show it before it counts.
 */
export async function claimNoTimingOracle(lab: Lab): Promise<void> {
  const shown = (await round(lab)) > CORRELATION && (await round(lab)) > CORRELATION;
  claim(!shown, 'the more leading bytes of a signature are right, the longer its refusal takes');
}

async function round(lab: Lab): Promise<number> {
  const times = new Map<number, number[]>(PREFIXES.map((right) => [right, []]));
  for (let one = 0; one < TRIES; one += 1)
    for (const right of PREFIXES) {
      const answer = await lab.post(lab.order(), {
        carried: (hex) => [['x-signature', spoiled(hex, right)]],
      });
      if (answer.answer.tag === 'answered') times.get(right)?.push(answer.answer.ms);
    }
  const medians = PREFIXES.map((right) => median(times.get(right) ?? []));
  return correlationOf(PREFIXES, medians);
}

/** The right signature up to a byte, and wrong from there on. */
function spoiled(hex: string, right: number): string {
  const tail = Buffer.from(hex, 'hex').subarray(right);
  return hex.slice(0, right * 2) + Buffer.from(tail.map((byte) => byte ^ 0xff)).toString('hex');
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function correlationOf(xs: readonly number[], ys: readonly number[]): number {
  const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [mx, my] = [mean(xs), mean(ys)];
  let [together, ofX, ofY] = [0, 0, 0];
  for (const [at, x] of xs.entries()) {
    const [dx, dy] = [x - mx, (ys[at] ?? 0) - my];
    together += dx * dy;
    ofX += dx * dx;
    ofY += dy * dy;
  }
  return ofX === 0 || ofY === 0 ? 0 : together / Math.sqrt(ofX * ofY);
}
