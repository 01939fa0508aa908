import { fileURLToPath } from 'node:url';
import { runInForeground } from '../processes/foreground.ts';

/** `hangar conform`: the cases of the Extensions API, aimed at any provider over HTTP only. */
export async function conform(args: readonly string[]): Promise<void> {
  await runInForeground(fileURLToPath(import.meta.resolve('@hangar/conformance/main')), args);
}
