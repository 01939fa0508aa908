import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { migrateEmbedded } from '@hangar/store';

const root = fileURLToPath(new URL('../..', import.meta.url));
const migrations = join(root, 'packages/store/migrations');

/**
 * Path of a dump of a migrated, empty PGlite. Making one takes some seconds, so it is kept, under a name that changes with the
 * migrations and with the lock file, which says which PGlite it is of.
 */
export async function embeddedTemplate(): Promise<string> {
  const known = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const file of readdirSync(migrations, { recursive: true, encoding: 'utf8' }).sort()) {
    if (/\.(sql|json)$/.test(file)) known.update(file).update(readFileSync(join(migrations, file)));
  }
  const folder = join(root, 'node_modules/.cache/hangar');
  const template = join(folder, `test-database-${known.digest('hex').slice(0, 16)}.tar`);
  if (existsSync(template)) return template;
  const client = await PGlite.create();
  await migrateEmbedded(client);
  const dump = await client.dumpDataDir('none');
  await client.close();
  mkdirSync(folder, { recursive: true });
  // Under its name it is whole, whoever else makes one at this moment.
  const unfinished = `${template}.${process.pid}`;
  writeFileSync(unfinished, Buffer.from(await dump.arrayBuffer()));
  renameSync(unfinished, template);
  return template;
}
