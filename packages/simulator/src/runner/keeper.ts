import { rmSync } from 'node:fs';

/**
 * A process that waits for the simulator's end, however that comes, and then ends what the simulator has started and removes the folder
 * that it is given: a SIGKILL leaves nobody in the simulator to do it. It is told of process groups over its channel, and the closing of
 * that channel is the end.
 */
const GROUPS = new Set<number>();

process.on('message', ({ group, runs }: { group: number; runs: boolean }) => {
  if (runs) GROUPS.add(group);
  else GROUPS.delete(group);
});
process.on('disconnect', end);
// What ends the simulator from a terminal comes to us as well, and we are needed until it is gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
// The simulator may have gone while we came.
if (!process.connected) end();

function end(): void {
  for (const group of GROUPS) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  rmSync(process.argv[2] ?? '', { recursive: true, force: true, maxRetries: 5 });
  process.exit();
}
