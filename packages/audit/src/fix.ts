import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Edit, Finding } from './finding.ts';

/** What was changed, and what was not because it is no longer as it was read. */
export interface Fixed {
  readonly changed: readonly string[];
  readonly refused: readonly string[];
}

/**
 * Makes the edits that findings carry. Only files whose text still holds what was read, and which are regular files, are written; one
 * file gets all its edits or none.
 */
export function applyFixes(root: string, findings: readonly Finding[]): Fixed {
  const byPath = new Map<string, Edit[]>();
  for (const { edit } of findings) {
    if (edit !== undefined) byPath.set(edit.path, [...(byPath.get(edit.path) ?? []), edit]);
  }
  const changed: string[] = [];
  const refused: string[] = [];
  for (const [path, edits] of byPath) (rewrite(join(root, path), edits) ? changed : refused).push(path);
  return { changed, refused };
}

function rewrite(file: string, edits: readonly Edit[]): boolean {
  if (!lstatSync(file).isFile()) return false;
  const bytes = readFileSync(file);
  let text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) return false;
  let before = Infinity;
  for (const { start, end, text: replacement } of edits.toSorted((a, b) => b.start - a.start)) {
    if (end > before || end > text.length) return false;
    text = text.slice(0, start) + replacement + text.slice(end);
    before = start;
  }
  writeFileSync(file, text);
  return true;
}
