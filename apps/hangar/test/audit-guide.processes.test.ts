import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const guide = readFileSync(`${root}/docs/guides/audit.md`, 'utf8');
const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code ?? '');
const MARK = '== end of a block';

let folder: string;
let said: readonly string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-guide-'));
  const script = blocks.map((code) => `${code}\necho '${MARK}'`).join('\n');
  writeFileSync(
    join(folder, '..', 'audit-guide.sh'),
    `hangar() { node "${root}/apps/hangar/dist/main.js" "$@"; }\n${script}`,
  );
  const run = spawnSync('bash', ['-eu', join(folder, '..', 'audit-guide.sh')], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
  });
  said = run.stdout.split(`${MARK}\n`).slice(0, -1);
  if (run.status !== 0)
    throw new Error(`block ${said.length + 1} ended with ${run.status}: ${run.stderr}\n${run.stdout}`);
}, 120_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(folder, '..', 'audit-guide.sh'), { force: true });
});

const of = (words: string): string => said[blocks.findIndex((code) => code.includes(words))] ?? '';

describe('the guide of the audit', () => {
  test('every block ran', () => {
    expect(said).toHaveLength(blocks.length);
    expect(blocks.length).toBeGreaterThan(8);
  });

  test('finds what it says, ends with 1, and says how to mend it', () => {
    const first = of('ended with');
    for (const rule of ['HA101', 'HA110', 'HA304']) expect(first).toContain(rule);
    expect(first).toContain('fly secrets set SESSION_SECRET=');
    expect(first).toContain('ended with 1\n');
    expect(first).not.toContain('q7Rv0pX2mLw9sKd4');
  });

  test('explains, mends, and is silent where it was asked to be', () => {
    expect(of('--explain')).toMatch(/^HA110 .+\(high\)/);
    expect(of('--fix')).toContain('force_https = true');
    expect(readFileSync(join(folder, '.github/workflows/deploy.yml'), 'utf8')).toContain(
      'permissions:\n  contents: read\n\njobs:',
    );
    expect(of('sed -i')).toContain('1 suppressed');
    expect(of('--write-baseline')).toContain('nothing found');
  });

  test('speaks to machines', () => {
    expect(JSON.parse(readFileSync(join(folder, 'audit.json'), 'utf8'))).toMatchObject({
      version: 1,
      complete: true,
    });
    expect(JSON.parse(readFileSync(join(folder, 'audit.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' });
    expect(of('--format github')).toMatch(/^::(?:warning|notice) file=/m);
  });
});
