import type { Place } from '../finding.ts';
import { at, textOf, Unreadable } from '../readers/config-node.ts';
import { readFlyConfig } from '../readers/fly-config.ts';
import { kindOf } from '../tree/kinds.ts';
import { SourceFile } from '../tree/source-file.ts';
import { readBytes, walk } from '../tree/walk.ts';

/** Where each app of a folder is configured, by its name. */
export function findApps(folder: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const path of walk(folder, undefined).paths) {
    if (kindOf(path) !== 'fly') continue;
    const bytes = readBytes(folder, path);
    if (bytes === undefined || typeof bytes === 'string') continue;
    const name = appOf(new SourceFile(path, bytes.toString('utf8')));
    if (name !== undefined && !places.has(name))
      places.set(name, { path, line: 1, column: 1, endLine: 1, endColumn: 1 });
  }
  return places;
}

/** A file that cannot be read is the other audit's to tell. */
function appOf(file: SourceFile): string | undefined {
  try {
    return textOf(at(readFlyConfig(file).root, 'app'));
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}
