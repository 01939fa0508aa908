import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../test/harness/postgres.ts';
import { freePorts } from '../src/processes/keep-running.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const guide = readFileSync(`${root}/docs/guides/conform.md`, 'utf8');
const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code ?? '');

let folder: string;
let said: readonly string[];

/** Runs all blocks in one shell at the root, and says what each printed. What was started in the background ends with it. */
async function play(): Promise<readonly string[]> {
  const [port, fly] = [await freePort(), await freePorts(4)];
  const script = blocks
    .map(
      (code) =>
        `${code.replaceAll('4700', String(fly)).replaceAll('4800', String(port)).replaceAll('report.html', `${folder}/report.html`)}\necho '== end'`,
    )
    .join('\n');
  const run = spawn('bash', ['-eu', '-c', `trap 'kill $(jobs -p)' EXIT\n${script}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      npm_config_offline: 'true',
    },
  });
  const [out, errors] = [text(run.stdout), text(run.stderr)];
  const code = await new Promise<number | null>((resolve) => run.once('close', resolve));
  const parts = (await out).split('== end\n').slice(0, -1);
  if (code !== 0) throw new Error(`block ${parts.length + 1} ended with ${code}: ${await errors}`);
  return parts;
}

/** What the one block with these words in its code printed. */
function printed(words: string): string {
  const found = blocks.flatMap((code, index) => (code.includes(words) ? [said[index] ?? ''] : []));
  expect([words, found.length]).toEqual([words, 1]);
  return found[0] ?? '';
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'conform-guide-'));
  said = await play();
}, 480_000);
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 100, retryDelay: 100 }));

describe('the guide to test a provider', () => {
  test('every block ran', () => {
    expect(said).toHaveLength(blocks.length);
  });

  test('the example passes, and with the twin signs people in', () => {
    expect(printed('--only signing,replay,delete')).toMatch(
      /^\d{2} passed, 0 failed \(0 of them MUST\), \d skipped\n$/,
    );
    expect(printed('--only sign-on')).toMatch(/^\d{2} passed, 0 failed \(0 of them MUST\), 0 skipped\n$/);
  });

  test('a failure has a command, the answer and the rule, and ends with 1', () => {
    const failure = printed('WRONG_SECRET');
    expect(failure).toContain('FAILED  SIG-01 MUST A valid POST is accepted.');
    expect(failure).toContain('openssl dgst -sha256 -hmac "$WRONG_SECRET"');
    expect(failure).toContain('answer: 401');
    expect(failure).toContain('rule: docs/specs/extensions.md#signature');
    expect(failure).toContain('exit code 1');
    expect(failure).not.toContain('another-provisioning-secret');
  });

  test('all that must hold does, with a report of every case', () => {
    const [sums = '', rows] = printed('--html').split('\n');
    const [, passed, failed] = /^"passed":(\d+),"failed":(\d+)$/.exec(sums) ?? [];
    expect(Number(passed)).toBeGreaterThanOrEqual(100);
    expect([failed, Number(rows)]).toEqual(['0', Number(rows)]);
    expect(Number(rows)).toBeGreaterThanOrEqual(100);
  });
});
