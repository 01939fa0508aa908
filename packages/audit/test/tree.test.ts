import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { auditFolder, OFFLINE_RULES } from '../src/index.ts';
import { auditOf, inFolder, NOW, token } from './world.ts';

const live = token({ days: 30 });

describe('the tree', () => {
  test('links are not followed, neither out of the folder nor round in it', () => {
    inFolder(
      { 'outside/fly.toml': '[http_service]\ninternal_port = 1\n', 'project/a.txt': 'x' },
      (folder) => {
        symlinkSync('../outside', join(folder, 'project/out'));
        symlinkSync('../outside/fly.toml', join(folder, 'project/fly.toml'));
        symlinkSync('.', join(folder, 'project/round'));
        const { findings, files, problems } = auditFolder(join(folder, 'project'), { now: NOW });
        expect({ findings, files, problems }).toEqual({ findings: [], files: 1, problems: [] });
      },
    );
  });

  test('a pipe, and a folder of the name of a file, are passed over', () => {
    inFolder({ 'a.txt': 'x' }, (folder) => {
      execFileSync('mkfifo', [join(folder, 'fly.toml')]);
      mkdirSync(join(folder, '.env'));
      expect(auditFolder(folder, { now: NOW })).toMatchObject({ findings: [], problems: [], files: 1 });
    });
  });

  test.skipIf(process.getuid?.() === 0)('a file that cannot be read makes the audit incomplete', () => {
    inFolder({ 'fly.toml': 'app = "a"' }, (folder) => {
      chmodSync(join(folder, 'fly.toml'), 0);
      expect(auditFolder(folder, { now: NOW }).problems).toEqual([
        { path: 'fly.toml', reason: 'the file could not be read' },
      ]);
    });
  });

  test('a damaged index of git makes it incomplete; an old one and a new one are read', () => {
    const files = { 'a.txt': live, 'b/c.txt': 'x', 'b/d.txt': 'y' };
    inFolder(
      files,
      (folder) => {
        const ids = () => auditFolder(folder, { now: NOW, only: ['HA201'] });
        for (const version of ['2', '3', '4']) {
          execFileSync('git', ['update-index', `--index-version=${version}`], { cwd: folder });
          expect([version, ids().findings.length, ids().problems.length]).toEqual([version, 1, 0]);
        }
        execFileSync('git', ['rm', '-q', '--cached', 'a.txt'], { cwd: folder });
        expect(ids().findings).toEqual([]);
        const index = join(folder, '.git/index');
        writeFileSync(index, readFileSync(index).subarray(0, 40));
        expect(ids().problems).toEqual([
          { path: '.git/index', reason: 'the index of git could not be read' },
        ]);
      },
      true,
    );
  });

  test('an index of git whose names unfold without end makes it incomplete', () => {
    inFolder({ 'a.txt': 'x' }, (folder) => {
      const prefix = 'a'.repeat(65_536);
      const head = Buffer.alloc(12);
      head.write('DIRC');
      head.writeUInt32BE(4, 4);
      head.writeUInt32BE(2_000, 8);
      const entry = (name: string) =>
        Buffer.concat([Buffer.alloc(40 + 20 + 2 + 1), Buffer.from(`${name}\0`)]);
      const body = Buffer.concat([head, entry(prefix), ...Array<Buffer>(1_999).fill(entry('b'))]);
      mkdirSync(join(folder, '.git'));
      const digest = createHash('sha1').update(body).digest();
      writeFileSync(join(folder, '.git/index'), Buffer.concat([body, digest]));
      expect(auditFolder(folder, { now: NOW }).problems).toEqual([
        { path: '.git/index', reason: 'the index of git could not be read' },
      ]);
    });
  });

  test('data and long files are no text; a known file that is one is said to be unread', () => {
    const { findings, problems } = auditOf(
      { 'a.bin': `\0${live}`, 'fly.toml': Buffer.alloc(6 * 1024 * 1024, 32) },
      ['HA201', 'HA902'],
    );
    expect(findings.map(({ rule, place }) => [rule, place.path])).toEqual([['HA902', 'fly.toml']]);
    expect(problems).toHaveLength(1);
  });

  test.each([
    [
      'aliases that unfold',
      'fly.yaml',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
        .join('\n')}\n`,
    ],
    ['an alias of itself', 'fly.yaml', 'a: &a [*a]\n'],
    ['brackets without end', 'fly.yaml', '['.repeat(50_000)],
    ['a key a hundred thousand parts long', 'fly.toml', `a${'.a'.repeat(60_000)} = 1`],
    ['one line of half a megabyte', 'fly.toml', `a = "${'x'.repeat(500_000)}"`],
    ['a tag that would build something', 'fly.yaml', 'a: !!js/function "x"\n'],
    ['continued lines', 'Dockerfile', 'RUN a \\\n'.repeat(20_000)],
    ['here-documents that never end', 'Dockerfile', `RUN ${'<<A '.repeat(5_000)}\nx\n`],
    ['quotes that never end', '.env', 'A="\n'.repeat(20_000)],
  ])('%s: an answer, and never a crash', (_, path, text) => {
    const { problems, rules } = auditOf({ [path]: text });
    expect(rules).toHaveLength(OFFLINE_RULES.length);
    expect(problems.length).toBeLessThanOrEqual(1);
  });

  test('a workflow of ten thousand steps is read', () => {
    const steps = '      - run: echo x\n'.repeat(10_000);
    const { findings, problems } = auditOf(
      { '.github/workflows/a.yml': `on: push\njobs:\n  a:\n    steps:\n${steps}` },
      ['HA305', 'HA902'],
    );
    expect([findings.map(({ rule }) => rule), problems]).toEqual([['HA305'], []]);
  });
});
