import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../migrations', import.meta.url));
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.sql'))
  .toSorted();

async function apply(db: PGlite, names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const statement of readFileSync(join(folder, name), 'utf8').split('--> statement-breakpoint'))
      await db.exec(statement);
  }
}

const token = (id: string) =>
  `insert into authority_tokens (id, workspace, key_number, name, preset, creator, caveats, summary, ends_with, created_at, expires_at)
   values ('${id}', 1, 1, 'n', 'org', 'c', '[]', '[]', 'xxxx', now(), now())`;

describe('the migration that gives tokens a depth', () => {
  it('counts the ancestors that the lineage of before had in full, and keeps every row', async () => {
    const db = await PGlite.create();
    const at = files.findIndex((name) => name.includes('token-parts-and-depth'));
    await apply(db, files.slice(0, at));
    for (const id of ['first', 'second', 'third', 'alone']) await db.exec(token(id));
    // As it was written: ids, digests of copies and the number of the key, of every ancestor.
    const above = { second: ['first', '1', 'a'], third: ['second', 'first', '1', 'a', 'b'] };
    for (const [id, ancestors] of Object.entries(above)) {
      for (const ancestor of ancestors)
        await db.exec(
          `insert into authority_lineage (workspace, ancestor, token) values (1, '${ancestor}', '${id}')`,
        );
    }
    await apply(db, files.slice(at));
    const { rows } = await db.query('select id, depth from authority_tokens order by depth, id');
    expect(rows).toEqual([
      { id: 'alone', depth: 1 },
      { id: 'first', depth: 1 },
      { id: 'second', depth: 2 },
      { id: 'third', depth: 3 },
    ]);
    expect((await db.query('select 1 from authority_lineage')).rows).toHaveLength(8);
    await db.close();
  });
});
