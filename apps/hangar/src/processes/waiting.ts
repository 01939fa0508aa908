import { setTimeout as pause } from 'node:timers/promises';

/** Between two looks at something that is about to happen. */
const LOOK_EVERY_MS = 50;

/**
 * Looks until `look` gives something other than undefined.
 *
 * @throws Error naming `what` when it did not happen in `withinMs`.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}
