import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where a build puts it, seen from `dist`; beside the sources there is none, and every new database is made from nothing. */
const ARCHIVE = fileURLToPath(new URL('./blank-database.tar', import.meta.url));

/** The SHA-256 of the archive, in hex: a copy that was cut off is not unpacked. */
const DIGEST = `${ARCHIVE}.sha256`;

/** The database that a build made for first starts; undefined when there is none, or not the whole of it. */
export async function blankDatabase(): Promise<Blob | undefined> {
  try {
    const [archive, digest] = await Promise.all([openAsBlob(ARCHIVE), readFile(DIGEST, 'utf8')]);
    return digestOf(Buffer.from(await archive.arrayBuffer())) === digest ? archive : undefined;
  } catch {
    return undefined;
  }
}

/** Puts an archive where {@link blankDatabase} finds it. */
export async function saveBlankDatabase(archive: Buffer): Promise<void> {
  await writeFile(ARCHIVE, archive);
  await writeFile(DIGEST, digestOf(archive));
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
