import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.ts';
import { embeddedTemplate } from './template.ts';

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
  const server = process.env['HANGAR_TEST_DATABASE'] === 'postgres';
  const folder = server ? mkdtempSync(join(tmpdir(), 'hangar-test-')) : undefined;
  project.provide('pgliteTemplate', server ? '' : await embeddedTemplate());
  if (folder === undefined) {
    project.provide('postgresUrl', '');
    return async () => {};
  }
  const { url, stop } = await startPostgres(folder, process.env['HANGAR_TEST_DATABASE_URL']);
  project.provide('postgresUrl', url);
  return async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
