import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { auditFolder } from '../src/index.ts';
import { inFolder, NOW, token } from './world.ts';

const live = token({ days: 30 });
const git = (folder: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@host9.net', ...args], {
    cwd: folder,
    stdio: 'pipe',
  });

/** A repository in whose history something was, and is no more. */
function after(files: Record<string, string>, then: (folder: string) => void, history = true) {
  return inFolder(
    files,
    (folder) => {
      git(folder, 'commit', '-qm', 'one');
      for (const path of Object.keys(files)) rmSync(join(folder, path));
      writeFileSync(join(folder, 'kept'), 'x');
      git(folder, 'add', '-A');
      git(folder, 'commit', '-qm', 'two');
      then(folder);
      return auditFolder(folder, { now: NOW, only: ['HA209'], history });
    },
    true,
  );
}
const ids = ({ findings }: { findings: readonly { rule: string }[] }) => findings.map(({ rule }) => rule);

describe('HA209', () => {
  test.each([
    ['a loose object', { 'a.txt': `token ${live}\n` }, () => {}],
    ['a pack', { 'a.txt': `token ${live}\n` }, (folder: string) => git(folder, 'gc', '-q')],
    ['a file of another kind', { '.env': `FLY_API_TOKEN=${live}\n` }, () => {}],
    ['base64', { 'a.yaml': Buffer.from(live).toString('base64') }, () => {}],
    ['a key of another service', { 'a.ts': "k = 'sk_live_aB3dE5gH7jK9mN1pQ3'" }, () => {}],
  ])('finds it in %s', (_, files, then) => {
    expect(ids(after(files, then as (folder: string) => void))).toEqual(['HA209']);
  });

  test.each([
    ['nothing secret', { 'a.txt': 'hello' }],
    ['a placeholder', { 'a.txt': 'fm2_...' }],
    ['a key id alone', { 'a.txt': 'tid_aB3dE5gH7jK9mN1pQ3sT5' }],
    ['an example', { '.env.example': 'FLY_API_TOKEN=' }],
  ])('says nothing of %s', (_, files) => {
    expect(after(files, () => {})).toMatchObject({ findings: [], problems: [] });
  });

  test('is silent without being asked, and about what is still there', () => {
    expect(ids(after({ 'a.txt': live }, () => {}, false))).toEqual([]);
    expect(ids(after({ 'a.txt': live }, (folder) => writeFileSync(join(folder, 'again'), live)))).toEqual([
      'HA209',
    ]);
    expect(
      ids(
        after({ 'a.txt': live }, (folder) => {
          writeFileSync(join(folder, 'again'), live);
          git(folder, 'add', '-A');
        }),
      ),
    ).toEqual([]);
  });
});
