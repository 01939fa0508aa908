import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkReferences } from '../../scripts/references.mjs';
import { requirementsPage } from '../../scripts/requirements.mjs';
import { rulesPage } from '../../scripts/rules.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const texts = new Map(
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => /\.(?:md|[cm]?[jt]s|tsx)$/.test(file) && existsSync(join(root, file)))
    .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
);

const page = '# Rules\n\n## One `rule`, twice\n\n## Again\n\n## Again\n';
const rows =
  '| Id | Requirement | Source | Tests |\n| --- | --- | --- | --- |\n| ZZ-01 | A. | B | not yet |\n';

/** What is said about one file in a house of two pages. */
function offences(file: string, text: string): string[] {
  return checkReferences(
    new Map([
      ['docs/rules.md', page],
      ['docs/requirements.md', rows],
      [file, text],
    ]),
  );
}

describe('references', () => {
  test('of this house can all be opened', () => {
    expect(checkReferences(texts)).toEqual([]);
  });

  test.each([
    ['a cite of a heading', 'packages/a/src/a.ts', '// docs/rules.md#one-rule-twice'],
    ['a cite of the second of two headings', 'packages/a/src/a.ts', '/** See docs/rules.md#again-1. */'],
    ['a decision', 'packages/a/src/a.ts', '// docs/decisions/0001.', 'docs/decisions/0001-why.md'],
    ['an id with a row', 'packages/a/test/a.test.ts', "test('ZZ-01: …');"],
    ['what only looks like an id', 'packages/a/src/a.ts', '// SHA-256 of UTF-8'],
    ['a link to a page', 'docs/other.md', '[rules](rules.md#again)'],
    ['a link in an example', 'docs/other.md', '```\n[rules](none.md)\n```'],
    ['a file by its place in the repository', 'README.md', '`packages/a/src/a.ts`', 'packages/a/src/a.ts'],
    [
      'a file by its place in the package',
      'packages/a/README.md',
      '`test/a.test.ts`',
      'packages/a/test/a.test.ts',
    ],
    ['a file by its folder', 'README.md', '`wire/a.ts` and `a.ts`', 'packages/a/src/wire/a.ts'],
  ])('%s is fine', (_, file, text, beside = 'x.ts') => {
    expect(
      checkReferences(
        new Map([
          ['docs/rules.md', page],
          ['docs/requirements.md', rows],
          [beside, ''],
          [file, text],
        ]),
      ),
    ).toEqual([]);
  });

  test.each([
    ['a heading', 'packages/a/src/a.ts', '// docs/rules.md#none', /no such heading/],
    ['a page', 'packages/a/src/a.ts', '// docs/none.md#again', /not there/],
    ['a page as a whole', 'packages/a/src/a.ts', "'see docs/none.md'", /not there/],
    ['a decision', 'packages/a/src/a.ts', '// docs/decisions/0042.', /0042, which is not there/],
    ['an id', 'packages/a/test/a.test.ts', "test('ZZ-02: …');", /ZZ-02 has no row/],
    ['a link', 'docs/guides/other.md', '[rules](rules.md)', /not there/],
    ['the place of a link', 'docs/other.md', '[rules](rules.md#none)', /no such heading/],
    ['a file', 'README.md', '`packages/a/src/none.ts`', /names packages\/a\/src\/none\.ts/],
    ['the end of a path', 'README.md', '`wire/none.ts`', /no path ends like that/],
    ['a bare name', 'README.md', '`none.ts`', /no path ends like that/],
  ])('%s that is not there is refused', (_, file, text, offence) => {
    expect(offences(file, text)).toEqual([expect.stringMatching(offence)]);
  });

  test.each([
    'spec 12.4',
    'Design decision 3',
    'seed 004',
    'defect U9',
    'extensions-api 3.1',
    'security-reliability 9.9',
    'stack.md trap 4',
    'F-45: a title',
    'a title (G-3)',
    'a title (T13, F-02)',
  ])('%s points nowhere', (words) => {
    expect(offences('packages/a/test/a.test.ts', `// ${words}`)).not.toEqual([]);
  });
});

describe('the tests of a requirement', () => {
  test('are the files that name it, also within a range', () => {
    const tests = new Map([
      ['b.test.ts', "test('ZZ-01 to ZZ-04: …')"],
      ['a.test.ts', '/** ZZ-03 */'],
    ]);
    const written = (id: string, cell: string) =>
      requirementsPage(`| ${id} | A. | B | ${cell} |`, tests).split(' | ').at(-1);
    expect(written('ZZ-03', 'not yet')).toBe('`a.test.ts`, `b.test.ts` |');
    expect(written('ZZ-05', '`a.test.ts`')).toBe('not yet |');
    expect(written('ZZ-05', 'out of scope: why')).toBe('out of scope: why |');
  });
});

test('the code of a rule is the files that cite it, whatever was said before', () => {
  const sources = new Map([
    ['b.ts', '// docs/specs/one.md#a-rule, of which'],
    ['a.ts', '/** (docs/specs/one.md#a-rule) */'],
    ['c.ts', '// docs/specs/one.md#a-rule-of-another docs/specs/two.md#a-rule'],
  ]);
  const before = '# One\n\n## A rule\n\nCode: `old.ts`.\n\nIt says.\n\n## Nobody\n\nIt says.\n';
  const after = '# One\n\n## A rule\n\nCode: `a.ts`, `b.ts`.\n\nIt says.\n\n## Nobody\n\nIt says.\n';
  expect(rulesPage('docs/specs/one.md', before, sources)).toBe(after);
  expect(rulesPage('docs/specs/one.md', after, sources)).toBe(after);
});
