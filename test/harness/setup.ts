import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { TestProject } from 'vitest/node';
import { migrateEmbedded } from '@hangar/store';
import { startPostgres } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A dump of a migrated, empty PGlite: loading it is six times faster than creating one. */
    pgliteTemplate: string;
    /** Address of the server's maintenance database when the Postgres lane runs, else empty. */
    postgresUrl: string;
  }
}

/** Makes the one thing that every test with a database starts from. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'hangar-test-'));
  const template = join(folder, 'template.tar');
  project.provide('pgliteTemplate', template);
  if (process.env['HANGAR_TEST_DATABASE'] === 'postgres') {
    const server = await startPostgres(folder, process.env['HANGAR_TEST_DATABASE_URL']);
    project.provide('postgresUrl', server.url);
    return async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    };
  }
  project.provide('postgresUrl', '');
  const client = await PGlite.create();
  await migrateEmbedded(client);
  writeFileSync(template, Buffer.from(await (await client.dumpDataDir('none')).arrayBuffer()));
  await client.close();
  return async () => rmSync(folder, { recursive: true, force: true });
}
