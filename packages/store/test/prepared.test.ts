import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';
import { statement } from '../src/prepared.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.execute(
    'create table kept (number bigint primary key, at timestamptz, bytes bytea, texts text[], json jsonb)',
  );
});
afterAll(async () => await database.close());

interface Kept {
  readonly number: bigint;
  readonly at: Date;
  readonly bytes: Uint8Array;
  readonly texts: string[];
  readonly json: unknown;
}

const keep = statement<[bigint, Date, Uint8Array, readonly string[], string], Kept>(
  'test_keep',
  `insert into kept values ($1::bigint, $2::timestamptz, $3::bytea, $4::text[], $5::jsonb) returning *`,
  (row) => ({
    number: BigInt(row['number'] as string),
    at: row['at'] as Date,
    bytes: row['bytes'] as Uint8Array,
    texts: row['texts'] as string[],
    json: row['json'],
  }),
);

const at = new Date('2026-11-20T12:00:00.123Z');
const row = (number: bigint) =>
  [number, at, Uint8Array.of(0, 255, 1), ['a', 'b,"c"', ''], '["x",{"y":null}]'] as const;

describe('a statement of fixed text', () => {
  test('gives back what went in, of every type that rows are made of', async () => {
    const [kept] = await keep(database.db, ...row(9_007_199_254_740_993n));
    expect({ ...kept, bytes: [...(kept?.bytes ?? [])] }).toEqual({
      number: 9_007_199_254_740_993n,
      at,
      bytes: [0, 255, 1],
      texts: ['a', 'b,"c"', ''],
      json: ['x', { y: null }],
    });
  });

  test('belongs to the transaction that it is run in', async () => {
    const undone = database.db.transaction(async (tx) => {
      await keep(tx, ...row(2n));
      throw new Error('not after all');
    });
    await expect(undone).rejects.toThrow('not after all');
    const { rows } = await database.execute('select 1 from kept where number = 2');
    expect(rows).toEqual([]);
  });

  test('says what it broke, as every statement does', async () => {
    await keep(database.db, ...row(3n));
    await expect(keep(database.db, ...row(3n))).rejects.toMatchObject({ code: '23505' });
  });
});

test('is parsed once for a connection of a server, under a name that belongs to its text', async ({
  skip,
}) => {
  if (!database.concurrent) skip();
  const twin = statement<[], string>('test_twin', 'select 1 as one', () => 'one');
  const other = statement<[], string>('test_twin', 'select 2 as two', () => 'two');
  const seen = await database.db.transaction(async (tx) => {
    for (let call = 0; call < 3; call += 1) await twin(tx);
    await other(tx);
    const names = statement<[], string>(
      'test_names',
      `select statement from pg_prepared_statements where name like 'test_twin%' order by statement`,
      (found) => found['statement'] as string,
    );
    return await names(tx);
  });
  expect(seen).toEqual(['select 1 as one', 'select 2 as two']);
});
