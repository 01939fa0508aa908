import { describe, expect, test } from 'vitest';
import { storagePage } from '../../scripts/storage.mjs';

const table = (comment: string): string => `${comment}
export const logins = pgTable(
  'logins',
  {
    tokenHash: text('token_hash').primaryKey(),
    sealedToken: bytes('sealed_token').notNull(),
    name: text('name'),
  },
  (table) => [index('logins_by_name').on(table.name)],
);
`;

describe('the page about storage', () => {
  test('says of a table what a row is, what is sealed and hashed, and how long it stays', () => {
    const text = table(
      '/**\n * Who signed in,\n * by cookie.\n *\n * @sealed `name`, at times\n * @kept two hours\n */',
    );
    expect(storagePage(new Map([['provider', text]]))).toContain(
      '| `logins` | Who signed in, by cookie. | `sealed_token`, `name`, at times | `token_hash` | two hours |',
    );
  });

  test.each([
    ['how long its rows stay', '/** Who signed in. */', /logins: .*@kept/],
    ['what a row is', '', /logins: no comment/],
  ])('refuses a table that does not say %s', (_, comment, words) => {
    expect(() => storagePage(new Map([['provider', table(comment)]]))).toThrow(words);
  });
});
