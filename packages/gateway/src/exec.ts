import { HangarError } from '@hangar/security';
import { splitCommandLine } from './command-line.ts';
import type { Machine } from './environment.ts';
import type { Exchange } from './exchange.ts';
import { passOn } from './forward.ts';
import { invalid, isObject, withoutNulls } from './machine-config.ts';
import type { Parts } from './parts.ts';

/** A command to be executed, read from the body before the caveats are asked. */
export interface ExecRequest {
  /** What the caveats about commands are held against. */
  readonly command: readonly string[];
  /** What goes upstream. */
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A word that no list of allowed commands can hold. A line with shell operators is put to the caveats as this, so that
 * it passes only where no caveat limits commands.
 */
const notPlain: readonly string[] = ['\u0000not a plain command'];

const maxTimeoutSeconds = 60;

/**
 * Reads the body of an exec. A list of words is taken as it is. A `cmd` line, which flyctl sends, is split
 * here and sent on as a list, so that what was checked is what runs.
 */
export function readExec(value: unknown): ExecRequest {
  if (!isObject(value)) throw invalid('body', 'a JSON object is needed');
  const { command, cmd, container, stdin, timeout } = withoutNulls(value);
  const rest = {
    ...(container === undefined ? {} : { container: text(container, 'container') }),
    ...(stdin === undefined ? {} : { stdin: text(stdin, 'stdin') }),
    ...(timeout === undefined ? {} : { timeout: seconds(timeout) }),
  };
  if (command !== undefined && cmd !== undefined && cmd !== '')
    throw invalid('cmd', 'give either command or cmd');
  if (command !== undefined) {
    const words = wordsOf(command);
    return { command: words, body: { ...rest, command: words } };
  }
  const line = text(cmd, 'cmd');
  const words = splitCommandLine(line);
  return words
    ? { command: words, body: { ...rest, command: words } }
    : { command: notPlain, body: { ...rest, cmd: line } };
}

function wordsOf(command: unknown): readonly string[] {
  if (!Array.isArray(command) || command.length === 0) throw invalid('command', 'a list of texts is needed');
  return command.map((word: unknown, index) => text(word, `command[${index}]`));
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.includes('\u0000')) throw invalid(field, 'a text is needed');
  return value;
}

function seconds(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw invalid('timeout', 'whole seconds are needed');
  return Math.min(value, maxTimeoutSeconds);
}

/** `POST …/exec`, after the caveats have seen the command. */
export async function exec(
  exchange: Exchange,
  wanted: ExecRequest | undefined,
  machine: Machine,
  parts: Parts,
) {
  if (!wanted) throw new HangarError('internal', { detail: 'an exec without its body' });
  return await passOn(exchange, wanted.body, 'stream', machine, parts);
}
