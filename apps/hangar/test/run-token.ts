import { spawn } from 'node:child_process';
import { builtHangar } from '../../../test/harness/built.ts';

/** What a command left behind. */
export interface Ran {
  readonly code: number | null;
  readonly text: string;
  readonly errors: string;
  /** The one object of `--json`; empty without. */
  readonly json: Record<string, unknown>;
}

/** Runs the built `hangar token …` as a person or a script would. `onErrors` hears what it says while it runs. */
export async function token(
  args: readonly string[],
  environmentOf: Record<string, string> = {},
  input = '',
  onErrors: (text: string) => void = () => {},
): Promise<Ran> {
  const child = spawn(process.execPath, [builtHangar, 'token', ...args], {
    env: { PATH: '/usr/bin:/bin', ...environmentOf },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let text = '';
  let errors = '';
  child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString();
    onErrors(errors);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const json = args.includes('--json') && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { code, text, errors, json };
}
