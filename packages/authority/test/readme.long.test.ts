import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}/README.md`, 'utf8');

it('runs the examples of the README', () => {
  const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
  expect(blocks).toHaveLength(3);
  // The first one only puts an authority together; the others hold what they say against something.
  expect(blocks.slice(1).filter((block) => !/\bassert\b/.test(block ?? ''))).toEqual([]);
  // Inside the package, so that its own name resolves.
  const file = `${root}/test/readme-${process.pid}.generated.mts`;
  writeFileSync(file, `${blocks.join('\n')}\nconsole.log('ran to the end');\n`);
  try {
    const output = execFileSync(process.execPath, ['--conditions=hangar-source', '--import', 'tsx', file], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(output.trim()).toBe('ran to the end');
  } finally {
    rmSync(file);
  }
});

it('has every source file in its table', () => {
  const table = readme.slice(readme.indexOf('## The files'), readme.indexOf('## What it checks'));
  const named = [...table.matchAll(/`(src\/[^`]*)`/g)].map(([, path]) => path ?? '');
  const sources = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/${path}`);
  const covers = (entry: string, path: string) =>
    entry.endsWith('/') ? path.startsWith(entry) : path === entry;
  expect(sources.filter((path) => !named.some((entry) => covers(entry, path)))).toEqual(['src/index.ts']);
  expect(named.filter((entry) => !sources.some((path) => covers(entry, path)))).toEqual([]);
});
