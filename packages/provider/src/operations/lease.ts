import type { Lease } from '@hangar/contract';
import type { Clock } from '@hangar/http';
import type { ExtensionRecord } from '../ports.ts';

/** Holder of a lease that only keeps work from being repeated too soon. Nobody works under it. */
const WAITING = 'waiting';

/** A pause before failed work is taken up again. */
export function pause(now: Date, ms: number): Lease {
  return { holder: WAITING, heldUntil: new Date(now.getTime() + ms) };
}

/** True while some process works on the extension, as far as anybody can tell. */
export function isBeingWorkedOn(record: ExtensionRecord, now: Date): boolean {
  const { lease, operation } = record;
  return operation !== undefined && lease !== undefined && lease.holder !== WAITING && lease.heldUntil > now;
}

/** Resolves when the signal is aborted, and lets go of it when `over` does. */
export async function whenAborted(signal: AbortSignal, over: AbortSignal): Promise<'aborted'> {
  return await new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true, signal: over });
  });
}

/** Resolves after `ms`, or with the promise, whichever is first. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), Math.max(0, ms));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** How much of `limitMs` is left since `since`. */
export function remaining(since: Date, limitMs: number, now: Clock): number {
  return since.getTime() + limitMs - now().getTime();
}
