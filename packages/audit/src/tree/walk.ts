import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../finding.ts';

/** Folders that hold other people's files, or made ones; files that git has in them are looked at nevertheless. */
const PASSED_OVER = new Set([
  '.git',
  'node_modules',
  '.venv',
  'venv',
  '__pycache__',
  '.next',
  '.turbo',
  '.cache',
  'target',
  '.terraform',
]);
/** A tree of a person is not deeper, and a link cannot make it so: links are not followed. */
const MAX_FOLDER_DEPTH = 64;
const MAX_FILES = 100_000;
/** What is longer is data. */
const MAX_FILE_BYTES = 5 * 1024 * 1024;
/** A zero byte among so many first ones makes a file binary, as for git. */
const SNIFFED_BYTES = 8_000;

export interface Tree {
  /** Regular files, sorted, relative to the root. */
  readonly paths: readonly string[];
  readonly problems: readonly Problem[];
}

/** All regular files below a folder. Links, sockets and devices are passed over; nothing outside is reached. */
export function walk(root: string, tracked: ReadonlySet<string> | undefined): Tree {
  const paths: string[] = [];
  const problems: Problem[] = [];
  const folders: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
  const withTracked = foldersOf(tracked);
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(root, folder.path, problems)) {
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      if (entry.isDirectory()) {
        const passed = PASSED_OVER.has(entry.name) && (entry.name === '.git' || !withTracked.has(path));
        if (passed) continue;
        if (folder.depth >= MAX_FOLDER_DEPTH) problems.push({ path, reason: 'nested too deeply' });
        else folders.push({ path, depth: folder.depth + 1 });
      } else if (entry.isFile()) paths.push(path);
      if (paths.length >= MAX_FILES) {
        problems.push({ path: '', reason: `more than ${MAX_FILES} files; the rest was not looked at` });
        return { paths: paths.toSorted(), problems };
      }
    }
  }
  return { paths: paths.toSorted(), problems };
}

function entriesOf(root: string, path: string, problems: Problem[]): readonly Dirent[] {
  try {
    return readdirSync(join(root, path), { withFileTypes: true });
  } catch {
    problems.push({ path, reason: 'the folder could not be read' });
    return [];
  }
}

function foldersOf(tracked: ReadonlySet<string> | undefined): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of tracked ?? []) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

/** The bytes of a regular file; a sentence for one that cannot be read; undefined for data. */
export function readBytes(root: string, path: string): Buffer | string | undefined {
  try {
    const full = join(root, path);
    const stat = lstatSync(full);
    if (!stat.isFile() || stat.size > MAX_FILE_BYTES) return undefined;
    const bytes = readFileSync(full);
    return bytes.subarray(0, SNIFFED_BYTES).includes(0) ? undefined : bytes;
  } catch {
    return 'the file could not be read';
  }
}
