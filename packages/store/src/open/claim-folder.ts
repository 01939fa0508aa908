import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { HangarError } from '@hangar/http';
import { FileLockedError, type FileLock } from '@hangar/security';
import { lockFolder } from './folder-lock.ts';

/**
 * Makes the data folder and takes its lock, before anything slow or visible is started.
 *
 * @throws FileLockedError when another process holds it.
 * @throws HangarError `config_invalid` when it cannot be written.
 */
export function claimFolder(dataDir: string): FileLock {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return lockFolder(join(dataDir, 'pg.lock'));
  } catch (error) {
    if (error instanceof FileLockedError) throw error;
    throw new HangarError('config_invalid', {
      public: isFull(dataDir)
        ? `The disk that holds ${dataDir} is full. Make room, or set HANGAR_DATA_DIR to a folder on another one.`
        : `The data folder ${dataDir} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'}). Set HANGAR_DATA_DIR to a folder this user may write.`,
      cause: error,
    });
  }
}

/** Whether the disk of a folder has no room left. */
export function isFull(folder: string): boolean {
  try {
    return statfsSync(folder).bavail === 0;
  } catch {
    return false;
  }
}
