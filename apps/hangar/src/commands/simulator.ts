import { runInForeground } from '../processes/foreground.ts';
import { simulatorScript } from '../processes/simulator-process.ts';

/** `hangar simulator`: the simulated Fly.io alone. */
export async function simulator(args: readonly string[]): Promise<void> {
  await runInForeground(simulatorScript(), args);
}
