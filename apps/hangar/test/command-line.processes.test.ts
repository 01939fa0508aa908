import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { encodeToken, LOCATIONS, mint } from '@hangar/macaroon';
import { describe, expect, test } from 'vitest';
import { builtHangar } from '../../../test/harness/built.ts';

const builtSimulator = fileURLToPath(new URL('../../../packages/simulator/dist/main.js', import.meta.url));
const held = encodeToken(
  mint({
    key: new Uint8Array(32).fill(1),
    keyId: new Uint8Array([1]),
    location: LOCATIONS.permission,
    caveats: [{ type: 'Organization', id: 7n, mask: 31 }],
  }),
);

/** Runs a command, with a reader of its output that is already gone if so asked. */
async function run(script: string, args: readonly string[], o: { deaf?: boolean } = {}) {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: '/usr/bin:/bin', HANGAR_TOKEN: held, HANGAR_API_URL: 'http://127.0.0.1:9' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let errors = '';
  if (o.deaf === true) child.stdout.destroy();
  else child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text, errors };
}

describe('the command line', { timeout: 120_000 }, () => {
  test('ends quietly when nobody reads it any more, with the code that it would have ended with', async () => {
    for (const [args, expected] of [
      [['token', 'explain'], 0],
      [['token', 'attenuate', '--mask', 'r'], 0],
      [['token', 'list', '--json'], 1],
      [['token', 'explain', '--token', 'fm2_AAA', '--json'], 1],
      [['token', '--help'], 0],
      [['--help'], 0],
      [['config'], 0],
      [['demo'], 0],
    ] as const) {
      const { code, errors } = await run(builtHangar, args, { deaf: true });
      const about = errors.replace(/^Token .* from HANGAR_TOKEN\.\n/, '');
      expect([args, code, about]).toEqual([args, expected, '']);
    }
    expect(await run(builtSimulator, ['--help'], { deaf: true })).toMatchObject({ code: 0, errors: '' });
  });

  test('calls a wrong use 2 at every level', async () => {
    for (const args of [
      [],
      ['tokne'],
      ['demo', '--nope'],
      ['demo', '--processes', '99'],
      ['demo', 'what'],
      ['start', 'what'],
      ['config', '--nope'],
      ['token'],
      ['token', 'frobnicate'],
      ['token', 'check', 'GET'],
      ['token', '3p', 'frobnicate'],
    ]) {
      const { code, text, errors } = await run(builtHangar, args);
      expect([args, code, text]).toEqual([args, 2, '']);
      expect(errors).not.toBe('');
    }
    for (const args of [['--nope'], ['what'], ['--port', 'x']])
      expect([args, (await run(builtSimulator, args)).code]).toEqual([args, 2]);
    for (const args of [['--help'], ['help'], ['demo', '--help'], ['token', 'check', '--help']])
      expect([args, (await run(builtHangar, args)).code]).toEqual([args, 0]);
  });
});
