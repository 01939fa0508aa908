import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the examples of the README run', () => {
  const readme = readFileSync(`${root}/README.md`, 'utf8');
  const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
  expect(blocks.length).toBeGreaterThan(8);
  // That a block ran says little: each holds what it says against something.
  expect(blocks.filter((block) => !/\bassert\b/.test(block))).toEqual([]);
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

test('the table of files names every source file that is more than plumbing', () => {
  const readme = readFileSync(`${root}/README.md`, 'utf8');
  const table = readme.slice(readme.indexOf('## The files'), readme.indexOf('## What it checks'));
  const named = [...table.matchAll(/`(src\/[^`]*)`/g)].map(([, path]) => path!);
  const sources = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/${path}`);
  const covers = (pattern: string, path: string) => {
    const [before, after] = pattern.split('*') as [string, string?];
    if (pattern.endsWith('/')) return path.startsWith(pattern);
    return after === undefined ? path === pattern : path.startsWith(before) && path.endsWith(after);
  };
  expect(named.filter((pattern) => !sources.some((path) => covers(pattern, path)))).toEqual([]);
  expect(sources.filter((path) => !named.some((pattern) => covers(pattern, path))).sort()).toEqual([
    'src/bytes.ts',
    'src/caveats/action.ts',
    'src/clear/refusal.ts',
    'src/clear/resource-kinds.ts',
    'src/error.ts',
    'src/format/location.ts',
    'src/index.ts',
    'src/result.ts',
  ]);
});
