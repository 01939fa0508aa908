import { setTimeout as pause } from 'node:timers/promises';
import { FolderLockedError, lockFolder } from '@hangar/store';

const [file = '', mode = 'hold'] = process.argv.slice(2);

try {
  lockFolder(file);
  process.stdout.write('held\n');
  if (mode === 'die') process.kill(process.pid, 'SIGKILL');
  // Long enough for every rival to have tried while this one lives.
  await pause(mode === 'once' ? 4_000 : 60_000);
} catch (error) {
  if (!(error instanceof FolderLockedError)) throw error;
  process.stdout.write('refused\n');
}
