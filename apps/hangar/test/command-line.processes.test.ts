import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

  describe('completion', () => {
    /** What a shell offers after a line whose last word is being typed. */
    const ASK: Readonly<Record<string, (script: string, words: readonly string[]) => readonly string[]>> = {
      bash: (script, words) => {
        const line = `COMP_WORDS=(${quoted(words)}); COMP_CWORD=${words.length - 1}`;
        return ['bash', '-c', `${script}\n${line}; _hangar; printf '%s\\n' "\${COMPREPLY[@]}"`];
      },
      // Without a terminal zsh has no completion; what its function offers is the same.
      zsh: (script, words) => {
        const line = `words=(${quoted(words)}); CURRENT=${words.length}`;
        const stage = 'compdef() { :; }; compadd() { shift; print -l -- "$@"; }';
        return ['zsh', '-f', '-c', `${stage}\n${script}\n${line}; _hangar`];
      },
      fish: (script, words) => ['fish', '-c', `${script}\ncomplete -C '${words.join(' ')}'`],
    };
    const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');
    const shells = Object.keys(ASK).filter((shell) => spawnSync(shell, ['-c', 'true']).status === 0);

    test.each(shells)('in %s knows the commands and options of this version', async (shell) => {
      const { code, text } = await run(builtHangar, ['completion', shell]);
      expect(code).toBe(0);
      const offered = (...words: readonly string[]): string[] => {
        const [command = '', ...args] = ASK[shell]?.(text, words) ?? [];
        return spawnSync(command, args, { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
      };
      expect(offered('hangar', '')).toEqual(
        expect.arrayContaining(['start', 'serve', 'token', 'completion']),
      );
      expect(offered('hangar', 'token', '')).toEqual(expect.arrayContaining(['create', 'revoke', '3p']));
      expect(offered('hangar', 'token', '3p', '')).toEqual(
        expect.arrayContaining(['ticket', 'add-discharge']),
      );
      expect(offered('hangar', 'token', 'create', '--')).toEqual(
        expect.arrayContaining(['--preset', '--json']),
      );
      expect(offered('hangar', 'token', 'create', '--json', '--')).toEqual(
        expect.arrayContaining(['--preset']),
      );
      expect(offered('hangar', 'completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
      expect(offered('hangar', 'nonsense', '')).not.toContain('create');
    });

    test('of a shell that nobody knows is a wrong use', async () => {
      const { code, errors } = await run(builtHangar, ['completion', 'tcsh']);
      expect(code).toBe(2);
      expect(errors).toContain('Allowed choices are bash, zsh, fish');
    });
  });

  test('says its version, and lists every command when called with nothing', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await run(builtHangar, ['--version'])).toMatchObject({ code: 0, text: `${version}\n` });
    const { code, errors } = await run(builtHangar, []);
    expect(code).toBe(2);
    for (const name of ['start', 'serve', 'authority', 'simulator', 'demo', 'config', 'completion', 'token'])
      expect(errors).toMatch(new RegExp(`^  ${name} `, 'm'));
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
