import { afterAll, beforeAll, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import { createDirectory } from '@hangar/store';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  for (const number of [1, 2])
    await db.db
      .execute(sql`insert into gateway_workspaces (number, slug, extension_id, organization_id, created_at)
      overriding system value values (${number}, ${`ws-${number}`}, ${`ext-${number}`}, 'org', now())`);
  const rows = [
    [1, 'one', 'ready', 11],
    [1, 'two', 'ready', 12],
    [1, 'gone', 'deleted', 13],
    [1, 'unnumbered', 'provisioning', null],
    [2, 'theirs', 'ready', 14],
  ] as const;
  for (const [workspace, name, phase, number] of rows)
    await db.db
      .execute(sql`insert into gateway_environments (id, workspace, name, phase, numeric_id, network, bucket,
      key_name, policy_name, created_by_token, created_by_branch, journal, created_at, updated_at)
      values (${name}, ${workspace}, ${name}, ${phase}, ${number}, '', '', '', '', '', '', '[]', now(), now())`);
});
afterAll(() => db.close());

it('names the living apps of a workspace that are asked for, in one go', async () => {
  const names = await createDirectory(db.db).appNames(1n, [11n, 12n, 13n, 14n, 99n]);
  expect(names).toEqual(
    new Map([
      [11n, 'one'],
      [12n, 'two'],
    ]),
  );
  expect(await createDirectory(db.db).appNames(1n, [])).toEqual(new Map());
});
