import { runProcess } from './process/run.ts';
import { WrongUse } from './process/wrong-use.ts';

// Whoever read the output is gone: there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM', 'SIGTERM');
  else process.exit();
});

try {
  await runProcess(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`hangar-simulator: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof WrongUse ? 2 : 1);
}
