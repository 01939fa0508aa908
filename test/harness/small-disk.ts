import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of a test's own, which can be full. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all the room there is, down to the last block. */
  fill(): void;
  /** Gives that room back. */
  free(): void;
  unmount(): void;
}

/** Why a test that needs one is skipped where there is none. */
export const NO_DISK = 'this user may not mount a file system';

/** Mounts one of `size` (as mount says it: `64k`); undefined where this user may not, or it is no Linux. */
export function mountDisk(size: string): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'hangar-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const filler = join(folder, 'filler');
  return {
    folder,
    fill: () => {
      const file = openSync(filler, 'w');
      for (const bytes of [1_048_576, 4_096]) writeUntilFull(file, Buffer.alloc(bytes));
      closeSync(file);
      if (statfsSync(folder).bavail !== 0) throw new Error(`${folder} is not full`);
    },
    free: () => rmSync(filler),
    unmount: () => execFileSync('umount', [folder]),
  };
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    while (writeSync(file, bytes) === bytes.byteLength);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
