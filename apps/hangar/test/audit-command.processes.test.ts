import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function audit(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'audit', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  return { status, stdout, stderr };
}
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const BAD = 'app = "a"\n[http_service]\ninternal_port = 8080\n';

describe('exit codes of hangar audit', () => {
  test('0 for a clean folder, and for findings below --level', () => {
    write('fly.toml', BAD.replace('8080', '8080\nforce_https = true'));
    expect(audit()).toMatchObject({ status: 0, stderr: '' });
    expect(audit('--level', 'low').status).toBe(1);
  });

  test('1 for findings, also where something was not looked at', () => {
    write('fly.toml', BAD);
    expect(audit().status).toBe(1);
    write('fly.json', '{');
    expect(audit().status).toBe(1);
  });

  test('2 for a wrong use, whatever the project is', () => {
    write('fly.toml', BAD);
    for (const args of [
      ['--level', 'bad'],
      ['--format', 'xml'],
      ['--only', 'HA999'],
      ['nowhere'],
      ['--baseline', 'none.json'],
      ['--what'],
    ])
      expect([args, audit(...args).status]).toEqual([args, 2]);
    write('hangar.audit.toml', '[[ignore]]\npaths = ["**"]\nrules = ["HA110"]\n');
    expect(audit()).toMatchObject({ status: 2, stdout: '' });
  });

  test('3 for what could not be looked at, and when the checker itself fails', () => {
    write('fly.json', '{');
    expect(audit().status).toBe(3);
    const failed = audit('--write-baseline', 'no/such/folder/b.json');
    expect(failed).toMatchObject({ status: 3, stdout: '' });
    expect(failed.stderr).toMatch(/^The audit itself failed, and says nothing about the project: /);
  });
});

test('--fix mends, and judges what is left', () => {
  write('fly.toml', BAD);
  expect(audit('--fix')).toMatchObject({ status: 0, stderr: 'mended "fly.toml"\n' });
  expect(readFileSync(join(folder, 'fly.toml'), 'utf8')).toContain('force_https = true');
});

test('--format sarif names the version of the command', () => {
  const { stdout } = audit('--format', 'sarif');
  const version = spawnSync(process.execPath, [main, '--version'], { encoding: 'utf8' }).stdout.trim();
  expect(JSON.parse(stdout)).toMatchObject({ runs: [{ tool: { driver: { semanticVersion: version } } }] });
});
