import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startHangars, type Hangars } from '../../../test/harness/hangars.ts';

const command = fileURLToPath(new URL('../bin/hangar.js', import.meta.url));
const LONG = { timeout: 480_000 };
const junit = join(tmpdir(), `conform-${process.pid}.xml`);

let hangars: Hangars;

/** `hangar conform`, with the secrets of this Hangar in its environment. */
async function conform(
  ...args: readonly string[]
): Promise<{ code: number | null; lines: string[]; errors: string }> {
  const { secrets } = hangars;
  const child = spawn(process.execPath, [command, 'conform', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      FLY_SAYS: secrets.HANGAR_PROVISIONING_SECRET,
      FLY_HEARS: secrets.HANGAR_WEBHOOK_SECRET,
      FLY_KNOWS: secrets.HANGAR_OAUTH_CLIENT_SECRET,
      NOT_IT: 'a-secret-that-nobody-was-given',
    },
  });
  const [out, errors] = [child.stdout, child.stderr].map(text);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, lines: ((await out) ?? '').trim().split('\n'), errors: (await errors) ?? '' };
}

/** The address of the first process; on Postgres a second one works on the same rows. */
const base = (): string => `${hangars.servers[0]?.url ?? ''}/flyio`;

beforeAll(async () => {
  const databaseUrl = inject('postgresUrl');
  hangars = await startHangars(databaseUrl === '' ? {} : { processes: 2, databaseUrl });
  // From here on the tester is Fly.io, at the same address.
  await hangars.simulator.stop();
}, 120_000);
afterAll(async () => {
  rmSync(junit, { force: true });
  await hangars.close();
});

describe('hangar conform, against Hangar itself', () => {
  test('every case holds that needs nothing to happen at the provider', LONG, async () => {
    const twin = [
      '--twin',
      new URL(hangars.flyUrl).port,
      '--oauth-client',
      'hangar',
      '--oauth-secret-env',
      'FLY_KNOWS',
    ];
    const run = await conform(
      base(),
      '--secret-env',
      'FLY_SAYS',
      '--webhook-secret-env',
      'FLY_HEARS',
      ...twin,
      '--json',
      '--junit',
      junit,
    );
    const results = run.lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
    const sums = JSON.parse(run.lines.at(-1) ?? '') as {
      passed: number;
      failed: number;
      skipped: number;
      left: unknown[];
    };
    expect(results.filter(({ outcome }) => outcome === 'failed' || outcome === 'broken')).toEqual([]);
    expect([run.code, sums.failed, sums.left]).toEqual([0, 0, []]);
    expect(sums.passed).toBeGreaterThanOrEqual(160);
    expect(run.errors).toContain(`Fly.io is played at ${hangars.flyUrl}`);
    expect(readFileSync(junit, 'utf8')).toContain(`tests="${results.length}" failures="0"`);
  });

  test('a wrong secret is a failure with a command that repeats it, and shows no secret', LONG, async () => {
    const run = await conform(base(), '--secret-env', 'NOT_IT', '--only', 'SIG-01');
    const said = run.lines.join('\n');
    expect([run.code, run.lines.at(-1)]).toEqual([1, '0 passed, 1 failed (1 of them MUST), 0 skipped']);
    expect(said).toContain('openssl dgst -sha256 -hmac "$NOT_IT"');
    expect(said).toContain('docs/specs/extensions.md#signature');
    expect(said).not.toContain('a-secret-that-nobody-was-given');
  });

  test('nobody there is the tester’s failure, and a wrong command is said', LONG, async () => {
    expect((await conform('http://127.0.0.1:9/flyio', '--secret-env', 'NOT_IT')).code).toBe(3);
    const unset = await conform(base(), '--secret-env', 'NO_SUCH_VARIABLE');
    expect([unset.code, unset.errors]).toEqual([
      2,
      'hangar conform: the environment variable NO_SUCH_VARIABLE is not set\n',
    ]);
    for (const wrong of [
      [],
      [base()],
      [base(), '--secret-env', 'NOT_IT', '--only', 'no-such-group'],
      [base(), '--no-such-option'],
    ])
      expect((await conform(...wrong)).code).toBe(2);
  });
});
