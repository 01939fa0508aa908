import { existsSync, lstatSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { copyBlankDatabase } from './blank-database.ts';
import { openEngine } from './engine.ts';

/** An embedded database in a folder. */
export interface EmbeddedFolder {
  readonly client: PGlite;
  /** To be called once it is migrated: from now on what is in the folder is kept. */
  readonly settled: () => void;
}

/**
 * Opens the embedded database of a data folder, or makes one. A process that dies while it makes one leaves a folder in
 * which nothing was ever served; a file beside it says so, and the next start begins anew instead of calling it damaged.
 */
export async function openFolder(dataDir: string): Promise<EmbeddedFolder> {
  const folder = join(dataDir, 'pg');
  const unfinished = join(dataDir, 'pg.unfinished');
  if (existsSync(unfinished)) rmSync(folder, { recursive: true, force: true });
  // A link to a volume that is not mounted is there too: the engine refuses it, and nothing new takes its place.
  const isThere = lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
  if (isThere) return { client: await openEngine(folder), settled: () => {} };
  writeFileSync(unfinished, '');
  copyBlankDatabase(folder);
  return { client: await openEngine(folder), settled: () => rmSync(unfinished, { force: true }) };
}
