import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a build puts it, seen from `dist`; beside the sources there is none, and every new database is made from nothing. */
export const BLANK_FOLDER = fileURLToPath(new URL('./blank-database', import.meta.url));

/** Says what belongs to it: a copy that was cut off is not served from, and packing a product drops empty folders. */
const contentsOf = (blank: string): string => `${blank}.json`;

/** Read and written so much at a time: whole files, one of 16 MiB among them, would stay in the memory of the process. */
const PIECE_BYTES = 256 * 1024;

interface Contents {
  readonly folders: readonly string[];
  /** Path and SHA-256 in hex. */
  readonly files: readonly (readonly [string, string])[];
}

/**
 * Copies the database that a build made to `folder`, which is not there yet. False when there is none, or not the whole of it;
 * then `folder` is not there either.
 */
export function copyBlankDatabase(folder: string, blank = BLANK_FOLDER): boolean {
  try {
    const { folders, files } = JSON.parse(readFileSync(contentsOf(blank), 'utf8')) as Contents;
    mkdirSync(folder, { mode: 0o700 });
    for (const path of folders) mkdirSync(join(folder, path), { mode: 0o700 });
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    if (files.every(([path, digest]) => copied(join(blank, path), join(folder, path), piece) === digest))
      return true;
  } catch (error) {
    if (isDisk(error)) throw error;
  }
  rmSync(folder, { recursive: true, force: true });
  return false;
}

/** Writes down what is in it, so that {@link copyBlankDatabase} takes it for whole. */
export function finishBlankDatabase(blank = BLANK_FOLDER): void {
  const folders: string[] = [];
  const files: [string, string][] = [];
  for (const entry of readdirSync(blank, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(blank.length + 1).replaceAll('\\', '/');
    if (entry.isDirectory()) folders.push(name);
    else files.push([name, createHash('sha256').update(readFileSync(path)).digest('hex')]);
  }
  // Shorter paths come first, so that a folder is made before what is in it.
  folders.sort((a, b) => a.length - b.length);
  writeFileSync(contentsOf(blank), JSON.stringify({ folders, files } satisfies Contents));
}

/** Takes what an earlier build made away. */
export function forgetBlankDatabase(): void {
  rmSync(contentsOf(BLANK_FOLDER), { force: true });
  rmSync(BLANK_FOLDER, { recursive: true, force: true });
}

/** Copies one file; answers its digest. */
function copied(from: string, to: string, piece: Buffer): string {
  const source = openSync(from, 'r');
  try {
    const target = openSync(to, 'wx', 0o600);
    try {
      const digest = createHash('sha256');
      for (;;) {
        const length = readSync(source, piece);
        if (length === 0) return digest.digest('hex');
        const part = piece.subarray(0, length);
        digest.update(part);
        for (let written = 0; written < length;) written += writeSync(target, part, written);
      }
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** A disk that takes nothing takes no other database either: it is said as what it is. */
function isDisk(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '');
}
