import { type FileLock, lockFile } from '@hangar/security';

/**
 * Takes the lock of a PGlite folder. PGlite itself takes none, and two processes on one folder lose acknowledged rows without a
 * word (docs/specs/promises.md#one-writer).
 *
 * @throws FileLockedError when a live process holds it, or one on another machine or boot namespace
 */
export function lockFolder(file: string): FileLock {
  return lockFile(file, {
    what: 'The database folder',
    remedy:
      'Stop that process, choose another HANGAR_DATA_DIR, or set DATABASE_URL so that several can share one Postgres.',
  });
}
