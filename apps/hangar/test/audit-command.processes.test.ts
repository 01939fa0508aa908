import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSimulator, listen } from '@hangar/simulator';
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

describe('--live', () => {
  test('is a wrong use without an organization or a token, and incomplete where nobody answers', () => {
    const live = (env: Record<string, string>, ...args: string[]) =>
      spawnSync(process.execPath, [main, 'audit', '--live', ...args], {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], ...env },
      });
    expect(live({ FLY_API_TOKEN: 'x' }).status).toBe(2);
    expect(live({}, '--org', 'acme').stderr).toContain('FLY_API_TOKEN');
    expect(live({ FLY_API_TOKEN: 'x' }, '--org', 'acme', '--simulator', 'none').status).toBe(2);
    const silent = live({ FLY_API_TOKEN: 'fo1_nobody' }, '--org', 'acme', '--simulator', '65530');
    expect([silent.status, silent.stdout]).toEqual([3, expect.stringContaining('The audit is incomplete')]);
  });

  test('looks at a simulated Fly.io, in a process of its own', async () => {
    const simulator = createSimulator();
    const { api, machines } = simulator.doors;
    const first = await listen(api.fetch, { port: 0 });
    const second = await listen(machines.fetch, { port: first.port + 1 });
    try {
      const made = await fetch(`${first.url}/_fly/tokens`, {
        method: 'POST',
        body: JSON.stringify({ organization: 'operator' }),
      });
      const { token } = (await made.json()) as { token: string };
      const { stdout, status } = await new Promise<{
        stdout: string;
        status: number | string | undefined | null;
      }>((resolve) => {
        write('owned.txt', 'heron # of the web team\n');
        const args = [
          main,
          'audit',
          '--live',
          '--org',
          'operator',
          '--simulator',
          String(first.port),
          '--format',
          'json',
          '--owned',
          'owned.txt',
        ];
        execFile(
          process.execPath,
          args,
          { cwd: folder, env: { PATH: process.env['PATH'], FLY_API_TOKEN: token } },
          (error, out) => resolve({ stdout: out, status: error === null ? 0 : error.code }),
        );
      });
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        complete: true,
        findings: [{ rule: 'HA715', logical: 'operator' }],
      });
    } finally {
      await Promise.all([first.close(), second.close()]);
      await simulator.close();
    }
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
