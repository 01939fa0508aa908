import { checkBody } from './body-rules.ts';
import { splitCommandLine } from './command-line.ts';
import { invalid, isObject, withoutNulls } from './json.ts';
import type { EnvironmentPolicy } from '../policy/policy.ts';

/** A command to be executed, read from the body before the caveats are asked. */
export interface ExecRequest {
  /** What the caveats about commands are held against. */
  readonly command: readonly string[];
  /** Bounds that hold for this run. */
  readonly timeoutSeconds: number;
  readonly maxOutputBytes: number;
  /** Those of them that the caller asked for itself, for caveats about them. */
  readonly asked: { readonly timeoutSeconds?: number; readonly maxOutputBytes?: number };
  /** What goes upstream. */
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A word that no list of allowed commands can hold. A line with shell operators is put to the caveats as this, so that
 * it passes only where no caveat limits commands.
 */
export const NOT_PLAIN: readonly string[] = ['\u0000not a plain command'];

/**
 * The same for a command that reads something (a shell with `stdin` runs anything, whatever its words are) or that runs in
 * a container of the caller's choice, where its first word may be another program.
 */
export const NOT_ALONE: readonly string[] = ['\u0000a command with stdin or container'];

/**
 * Reads the body of an exec. A list of words is taken as it is. A `cmd` line, which flyctl sends, is split
 * here and sent on as a list, so that what was checked is what runs. Time and output are bounded by the policy; a caller
 * may ask for less (`timeout`, and `max_output_bytes`, which is Hangar's own), as a caveat may demand.
 */
export function readExec(value: unknown, policy: EnvironmentPolicy): ExecRequest {
  const { max_output_bytes: output, ...upstreams } = isObject(value) ? withoutNulls(value) : {};
  const { value: body } = checkBody('MachineExecRequest', isObject(value) ? upstreams : value, policy);
  const { command, cmd, container, stdin, timeout } = body;
  const timeoutSeconds = atMost(timeout, 'timeout', policy.maxExecSeconds);
  const maxOutputBytes = atMost(output, 'max_output_bytes', policy.maxExecOutputBytes);
  const asked = {
    ...(isAsked(timeout) ? { timeoutSeconds } : {}),
    ...(isAsked(output) ? { maxOutputBytes } : {}),
  };
  const bounds = { timeoutSeconds, maxOutputBytes, asked };
  const rest = {
    timeout: timeoutSeconds,
    container: container === undefined ? undefined : text(container, 'container'),
    stdin: stdin === undefined ? undefined : text(stdin, 'stdin'),
  };
  if (command !== undefined && cmd !== undefined && cmd !== '')
    throw invalid('cmd', 'give either command or cmd');
  const line = command === undefined ? text(cmd, 'cmd') : '';
  const words = command === undefined ? splitCommandLine(line) : wordsOf(command);
  const alone = isEmpty(container) && isEmpty(stdin);
  if (words) return { command: alone ? words : NOT_ALONE, body: { ...rest, command: words }, ...bounds };
  return { command: NOT_PLAIN, body: { ...rest, cmd: line }, ...bounds };
}

export function wordsOf(command: unknown): readonly string[] {
  if (!Array.isArray(command) || command.length === 0) throw invalid('command', 'a list of texts is needed');
  return command.map((word: unknown, index) => text(word, `command[${index}]`));
}

export function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.includes('\u0000')) throw invalid(field, 'a text is needed');
  return value;
}

/** A whole number, the limit when none is given and never more than it; fly-go sends 0 for none. */
export function atMost(value: unknown, field: string, limit: number): number {
  if (value === undefined || value === 0) return limit;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw invalid(field, 'a whole number is needed');
  return Math.min(value, limit);
}

export function isEmpty(value: unknown): boolean {
  return value === undefined || value === '';
}

export function isAsked(value: unknown): boolean {
  return value !== undefined && value !== 0;
}
