// Takes a lock, says how it went, and keeps it until killed. Plain JavaScript on the built package: eight of these start at once.
import { setTimeout as pause } from 'node:timers/promises';
import { FileLockedError } from '@hangar/security';
import { lockFolder } from '@hangar/store';

const [file = '', mode = 'hold'] = process.argv.slice(2);

try {
  lockFolder(file);
  process.stdout.write('held\n');
  if (mode === 'die') process.kill(process.pid, 'SIGKILL');
  await pause(60_000);
} catch (error) {
  if (!(error instanceof FileLockedError)) throw error;
  process.stdout.write('refused\n');
}
