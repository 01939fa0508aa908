import { expect } from 'vitest';
import type { Simulator } from '@hangar/simulator';

type Fault = Parameters<Simulator['faults']['add']>[0];

/** What goes wrong, at which door of the simulator. Without more words it strikes before the request, always. */
export type Mishap = Partial<Fault> & Pick<Fault, 'door' | 'kind'>;

/** A fault that is switched on. */
export interface SwitchedOn {
  /** Fails when it never struck, or not as often as it was told to: what is seen without a mishap says nothing about it. */
  expectStruck(): void;
  end(): void;
}

/** Switches a fault of the simulator on. `scripts/check-house.mjs` lets tests do it in no other way. */
export function switchOn({ faults }: Pick<Simulator, 'faults'>, mishap: Mishap): SwitchedOn {
  const fault = faults.add({ when: 'before', skip: 0, ...mishap });
  const happened = `${mishap.kind} at ${mishap.door} ${mishap.method ?? ''} ${mishap.route ?? ''}: strikes`;
  return {
    expectStruck() {
      if (mishap.remaining === undefined) expect(fault.struck, happened).toBeGreaterThan(0);
      else expect(fault.struck, happened).toBe(mishap.remaining);
    },
    end: () => faults.clear(fault.id),
  };
}

/** Runs with a fault switched on that must have struck by the end. */
export async function withFault<T>(
  simulator: Pick<Simulator, 'faults'>,
  mishap: Mishap,
  run: () => Promise<T>,
): Promise<T> {
  const fault = switchOn(simulator, mishap);
  try {
    const seen = await run();
    fault.expectStruck();
    return seen;
  } finally {
    fault.end();
  }
}
