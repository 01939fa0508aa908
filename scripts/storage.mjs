// docs/storage.md: what each table holds, what of it is sealed or hashed, and how long it stays. Read from the schema.

const TABLE = /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport const \w+ = pgTable\(\s*'(\w+)',([^]*?)\n(?:\}|  \})/g;
const COLUMN = /^ +\w+: \w+\('(\w+)'/gm;
/** Columns that are sealed, and columns that hold a digest instead of a value, by their names. */
const SEALED = /^sealed/;
const HASHED = /(?:_hash|digest|fingerprint)$/;

/**
 * The page. Each table says in its comment what a row is, and after `@kept` how long; `@sealed` and `@hashed` name columns
 * whose names do not tell.
 *
 * @param {ReadonlyMap<string, string>} schema the files of the schema by name
 * @throws {Error} for a table that does not say how long its rows stay
 */
export function storagePage(schema) {
  const sections = [...schema]
    .map(([file, text]) => [file, tablesOf(text)])
    .filter(([, tables]) => tables.length > 0);
  return [
    '# Storage',
    '',
    'Generated from `packages/store/src/schema`; change it there. Sealed columns are encrypted as',
    "[secrets at rest](specs/promises.md#secrets-at-rest) are; hashed ones hold a digest of a value that is stored nowhere, or of a token's chain.",
    'Beside these are the tables of pg-boss, in a schema of their own.',
    '',
    ...sections.flatMap(([file, tables]) => [
      `## ${file}`,
      '',
      '| Table | A row is | Sealed | Hashed | Kept |',
      '| --- | --- | --- | --- | --- |',
      ...tables.map((table) => `| ${table.join(' | ')} |`),
      '',
    ]),
  ].join('\n');
}

function tablesOf(text) {
  const tables = [...text.matchAll(TABLE)];
  const [silent] = [...text.matchAll(/ = pgTable\(\s*'(\w+)'/g)]
    .map((table) => table[1])
    .filter((name) => tables.every((table) => table[2] !== name));
  if (silent !== undefined) throw new Error(`table ${silent}: no comment says what a row is`);
  return tables.map(([, comment, name, body]) => {
    const lines = comment.split('\n').map((line) => line.replace(/^ *\* ?/, '').trim());
    const tags = new Map(
      lines.map((line) => /^@(\w+) (.+)$/.exec(line)).flatMap((tag) => (tag ? [[tag[1], tag[2]]] : [])),
    );
    const kept = tags.get('kept');
    if (kept === undefined)
      throw new Error(`table ${name}: its comment does not say how long a row is kept (@kept)`);
    const words = lines.filter((line) => line !== '' && !line.startsWith('@')).join(' ');
    const columns = [...body.matchAll(COLUMN)].map((column) => column[1]);
    return [
      `\`${name}\``,
      words,
      listed(
        columns.filter((column) => SEALED.test(column)),
        tags.get('sealed'),
      ),
      listed(
        columns.filter((column) => HASHED.test(column)),
        tags.get('hashed'),
      ),
      kept,
    ];
  });
}

function listed(columns, more) {
  return [...columns.map((column) => `\`${column}\``), ...(more === undefined ? [] : [more])].join(', ');
}
