import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { builtHangar } from '../../../test/harness/built.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const server = inject('postgresUrl');

interface Played {
  readonly code: number | null;
  readonly lines: Record<string, unknown>[];
}

/** Runs `hangar demo --json` and gives back its lines. */
async function demo(args: readonly string[], environment: Record<string, string> = {}): Promise<Played> {
  return await played([process.execPath, builtHangar, 'demo', '--json', ...args], environment);
}

/** Runs a command whose standard output is one JSON object a line, and nothing else. */
async function played(
  [command = '', ...args]: readonly string[],
  environment: Record<string, string>,
): Promise<Played> {
  const child = spawn(command, args, {
    cwd: root,
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  const lines = output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, lines };
}

const problems = (lines: Record<string, unknown>[]): unknown[] =>
  lines.filter((line) => line['ok'] === false);

describe('the demo', () => {
  test('plays ten steps as the README says for scripts, and says so', { timeout: 180_000 }, async () => {
    const shown = /`(npm run [^`]*--json)`/.exec(readFileSync(`${root}/README.md`, 'utf8'))?.[1] ?? '';
    const { code, lines } = await played(shown.split(' '), server === '' ? {} : { DATABASE_URL: server });
    expect(problems(lines)).toEqual([]);
    expect(lines.at(-1)).toEqual({ passed: 10, failed: 0 });
    expect(lines.slice(0, -1).map((line) => line['step'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(code).toBe(0);
  });

  // In a network namespace of its own, with a loopback and no route to anywhere: what would reach out fails there.
  const alone = ['unshare', '--map-root-user', '--net', 'sh', '-c'];
  const up = 'PATH="$PATH:/usr/sbin:/sbin"; ip link set lo up && test -z "$(ip route)" && exec "$0" "$@"';
  const canBeAlone = spawnSync(alone[0] ?? '', [...alone.slice(1), up, 'true']).status === 0;
  test.runIf(canBeAlone)('OPS-7: plays without a network', { timeout: 180_000 }, async () => {
    const { lines } = await played([...alone, up, process.execPath, builtHangar, 'demo', '--json'], {});
    expect(problems(lines)).toEqual([]);
    expect(lines.at(-1)).toEqual({ passed: 10, failed: 0 });
  });

  test(
    'loses and doubles nothing when the server is killed in the middle of things',
    { timeout: 240_000 },
    async () => {
      const { lines } = await demo(['--crashes'], server === '' ? {} : { DATABASE_URL: server });
      expect(problems(lines)).toEqual([]);
      expect(lines.at(-1)).toEqual({ passed: 10, failed: 0, killed: 4 });
    },
  );

  test('refuses two processes on the embedded database, with the reason', async () => {
    expect(await demo(['--processes', '2'])).toEqual({ code: 2, lines: [] });
  });

  test.skipIf(server === '')(
    'passes through two processes on one Postgres that are killed now and then',
    { timeout: 240_000 },
    async () => {
      const { lines } = await demo(['--processes', '2', '--crashes'], { DATABASE_URL: server });
      expect(problems(lines)).toEqual([]);
      expect(lines.at(-1)).toEqual({ passed: 10, failed: 0, killed: 8 });
    },
  );
});
