import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHouse, type DemoHouse } from '../src/demo/house.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const guide = readFileSync(`${root}/docs/guides/tokens-on-the-command-line.md`, 'utf8');
let house: DemoHouse;
let folder: string;

beforeAll(async () => {
  house = await openHouse({ processes: 1, databaseUrl: undefined, onLine: () => {}, built: true });
  // The root of a repository in which `npm start` is running, as far as the guide looks at it.
  folder = mkdtempSync(join(tmpdir(), 'token-guide-'));
  symlinkSync(`${root}/apps`, join(folder, 'apps'));
  mkdirSync(join(folder, '.hangar'));
  writeFileSync(join(folder, '.hangar/data.development.json'), JSON.stringify(house.secrets));
}, 120_000);
afterAll(async () => {
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

test('every command of the guide does what the guide says', { timeout: 120_000 }, () => {
  const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code ?? '');
  expect(blocks).toHaveLength(11);
  const flyPort = new URL(house.flyUrl).port;
  const script = blocks.join('\n').replaceAll('127.0.0.1:4700', `127.0.0.1:${flyPort}`);
  const run = spawnSync('bash', ['-eu'], {
    cwd: folder,
    input: `${script.replaceAll('--simulator 4700', `--simulator ${flyPort}`)}\necho ran to the end\n`,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
  });
  expect(run.stderr.replaceAll(/.*OAuth token is left out.*\n/g, '')).toBe('');
  expect(run.status).toBe(0);
  const said = run.stdout;
  expect(said).toMatch(/^20\d\d-\d\d-\d\dT/);
  expect(said).toContain('Allowed.');
  expect(said).toContain('"code":"caveat_denied"');
  expect(said.match(/^Genuine\./gm)).toHaveLength(3);
  expect(said.match(/token_revoked/g)).toHaveLength(2);
  expect(said).toContain('token_truncated');
  expect(said).toContain('token_incomplete');
  expect(said.trim().endsWith('ran to the end')).toBe(true);
});
