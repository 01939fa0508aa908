import { expect } from 'vitest';
import type { Simulator } from '@hangar/simulator';

/** What goes wrong, at which door of the simulator. Without more words it strikes before the request, always. */
export type Mishap = Partial<Parameters<Simulator['faults']['add']>[0]> &
  Pick<Parameters<Simulator['faults']['add']>[0], 'door' | 'kind'>;

/**
 * Runs with a fault of the simulator switched on, and fails when it did not strike: whatever is seen without the mishap
 * says nothing about it. One that was given a number of times must have struck that often.
 */
export async function withFault<T>(
  { faults }: Pick<Simulator, 'faults'>,
  mishap: Mishap,
  run: () => Promise<T>,
): Promise<T> {
  const fault = faults.add({ when: 'before', skip: 0, ...mishap });
  try {
    return await run();
  } finally {
    faults.clear(fault.id);
    const happened = `${mishap.kind} at ${mishap.door} ${mishap.method ?? ''} ${mishap.route ?? ''}: strikes`;
    if (mishap.remaining === undefined) expect(fault.struck, happened).toBeGreaterThan(0);
    else expect(fault.struck, happened).toBe(mishap.remaining);
  }
}
