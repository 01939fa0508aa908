import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../src/processes/keep-running.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const guide = readFileSync(`${root}/docs/guides/test-your-fly-code-in-ci.md`, 'utf8');
const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code ?? '');
/** What `hangar simulator` needs of ours. */
const PACKAGES = [
  'apps/hangar',
  ...['simulator', 'flyio', 'http', 'macaroon', 'security'].map((one) => `packages/${one}`),
];

let folder: string;
let port: number;
let said: readonly string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simulator-guide-'));
  port = await freePorts(4);
  installPacked();
  said = play();
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 100, retryDelay: 100 }));

/**
 * The packages as `npm pack` makes them, unpacked where `npm install` puts them; libraries are those of the repository, so that no registry
 * is asked.
 */
function installPacked(): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@hangar'), { recursive: true });
  const packed = JSON.parse(
    execFileSync(
      'npm',
      ['pack', '--json', '--pack-destination', folder, ...PACKAGES.flatMap((one) => ['--workspace', one])],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    ),
  ) as { name: string; filename: string }[];
  for (const { name, filename } of packed) {
    const into = join(modules, name);
    mkdirSync(into, { recursive: true });
    execFileSync('tar', ['-xzf', join(folder, filename), '-C', into, '--strip-components=1']);
  }
  for (const name of readdirSync(`${root}/node_modules`))
    if (!name.startsWith('.') && name !== '@hangar')
      symlinkSync(`${root}/node_modules/${name}`, join(modules, name));
  mkdirSync(join(modules, '.bin'));
  symlinkSync('../@hangar/hangar/bin/hangar.js', join(modules, '.bin', 'hangar'));
  execFileSync('chmod', ['+x', join(modules, '@hangar/hangar/bin/hangar.js')]);
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
}

/** Runs all blocks in one shell, and says what each printed. */
function play(): readonly string[] {
  const script = blocks.map((code) => `${code.replaceAll('4700', String(port))}\necho '== end'`).join('\n');
  writeFileSync(join(folder, 'guide.sh'), script);
  const run = spawnSync('bash', ['-eu', 'guide.sh'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    timeout: 120_000,
    env: {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      npm_config_offline: 'true',
    },
  });
  const parts = run.stdout.split('== end\n').slice(0, -1);
  if (run.status !== 0) throw new Error(`block ${parts.length + 1} ended with ${run.status}: ${run.stderr}`);
  return parts;
}

/** What the one block with these words in its code printed. */
function printed(words: string): string {
  const found = blocks.flatMap((code, index) => (code.includes(words) ? [said[index] ?? ''] : []));
  expect([words, found.length]).toEqual([words, 1]);
  return found[0] ?? '';
}

describe('the guide for tests in CI', () => {
  test('every block ran in an empty folder, with the packed packages', () => {
    expect(said).toHaveLength(blocks.length);
    expect(readdirSync(folder)).not.toContain('packages');
  });

  test('starts, prints the variables, and is healthy', () => {
    const text = printed('npx hangar simulator');
    expect(text).toContain(`\nFLY_API_BASE_URL=http://127.0.0.1:${port}\n`);
    expect(text).toContain(`\nFLY_FLAPS_BASE_URL=http://127.0.0.1:${port + 1}\n`);
    expect(text).toContain('{"status":"ok"}');
  });

  test('gives clients all three addresses of flyctl, and that of S3', () => {
    expect(printed('grep -c BASE_URL').split('\n')).toEqual([
      '3',
      `AWS_ENDPOINT_URL_S3=http://127.0.0.1:${port + 2}`,
      `FLY_API_BASE_URL=http://127.0.0.1:${port}`,
      `FLY_FLAPS_BASE_URL=http://127.0.0.1:${port + 1}`,
      `FLY_UIEX_BASE_URL=http://127.0.0.1:${port}`,
      '',
    ]);
  });

  test('makes an app and a machine, which starts', () => {
    expect(printed('call() {')).toMatch(/^shop\n\{.*"ok":true/);
  });

  test('has a seed that fits', () => {
    expect(printed('seed.json')).toBe('');
    const seed = readFileSync(join(folder, 'seed.json'), 'utf8');
    expect(JSON.parse(seed)).toMatchObject({ apps: [{ name: 'shop' }], buckets: [{ name: 'pictures' }] });
  });

  test('puts a deleted world back', () => {
    expect(printed('_fly/world > world.json')).toBe('202\n{"ok":true}started\n');
  });

  test('fails once, and lets a month go by', () => {
    expect(printed('_fly/faults')).toBe('201\n503\n200\n2592000000\n');
  });

  test('ends when it is asked to', () => {
    expect(printed('_fly/stop')).toBe('{"ok":true}');
  });
});
