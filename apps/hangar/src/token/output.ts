import { MacaroonError } from '@hangar/macaroon';
import { HangarError } from '@hangar/http';
import { redactText } from '@hangar/security';
import { EXIT_USAGE, fail, say } from '../processes/terminal.ts';
import { ApiError, GatewayUnreachable, NotAGateway } from './api.ts';
import { GivenToken, usedWords } from './source/given.ts';
import type { TokenOptions } from './source/input.ts';
import { TokenRefused } from './source/refused.ts';
import { UsageError } from './source/usage-error.ts';

/** What a command has to say. */
export interface Answer {
  /** The members of the object that `--json` prints. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The result, where it is one text to go on with: alone on standard output, so that `$(…)` and pipes get just it. */
  readonly value?: string;
  /** For people: on standard output, or beside it where a value is there. */
  readonly lines?: readonly string[];
  /** What must not be overlooked although the command went well. On standard error, with `--json` too. */
  readonly notes?: readonly string[];
  /** Default: 0. */
  readonly exitCode?: number;
}

/** For commands whose result is given away: a login is not. */
export const LOGIN_LEFT_OUT = 'The OAuth token is left out: whoever holds it can do everything you can.';

/**
 * Runs a command and prints what it answers, together with the token that it used: on standard error, or as `used` in the
 * object of `--json`. What goes wrong becomes one sentence on standard error, with the code in front of it where it has one,
 * or an object with `code` and `error` on standard output with `--json`; exit code 2 for a wrong use, 1 for anything else. No
 * token text is ever repeated.
 */
export async function run(
  options: TokenOptions,
  command: (given: GivenToken) => Promise<Answer> | Answer,
): Promise<void> {
  const given = new GivenToken(options);
  let answer: Answer;
  try {
    answer = await command(given);
  } catch (error) {
    printFailure(judge(error), options, given);
    return;
  }
  // First of all: whoever reads may be gone before everything is printed, and the verdict must stand.
  process.exitCode = answer.exitCode ?? 0;
  if (options.json === true) {
    say(JSON.stringify(given.used === undefined ? answer.json : { ...answer.json, used: given.used }));
  } else {
    if (given.used !== undefined) note(usedWords(given.used));
    if (answer.value !== undefined) say(printable(answer.value));
    for (const line of answer.lines ?? []) {
      if (answer.value === undefined) say(printable(line));
      else note(line);
    }
  }
  for (const line of answer.notes ?? []) note(line);
}

interface Failure {
  readonly code: string;
  readonly sentence: string;
  readonly exitCode: number;
}

function printFailure(
  { code, sentence, exitCode }: Failure,
  options: TokenOptions,
  { used }: GivenToken,
): void {
  process.exitCode = exitCode;
  if (options.json === true) {
    say(JSON.stringify({ code, error: redactText(sentence), used }));
    return;
  }
  if (used !== undefined) note(usedWords(used));
  fail(printable(code === 'usage' ? sentence : `${code}: ${sentence}`), exitCode);
}

function judge(error: unknown): Failure {
  if (error instanceof UsageError) return { code: 'usage', sentence: error.message, exitCode: EXIT_USAGE };
  if (error instanceof TokenRefused) return { code: error.code, sentence: error.message, exitCode: 1 };
  if (error instanceof ApiError)
    return { code: textOf(error.body['code']) ?? 'refused', sentence: details(error), exitCode: 1 };
  if (error instanceof GatewayUnreachable)
    return { code: 'gateway_unreachable', sentence: error.message, exitCode: 1 };
  if (error instanceof NotAGateway) return { code: 'not_a_gateway', sentence: error.message, exitCode: 1 };
  if (error instanceof MacaroonError) return { code: error.code, sentence: error.message, exitCode: 1 };
  if (error instanceof HangarError)
    return { code: error.code, sentence: `${error.sentence} (${error.message})`, exitCode: 1 };
  throw error;
}

/** The gateway's sentence, with the fields it found fault with and the id to ask about. */
function details(error: ApiError): string {
  const fields = error.body['fields'];
  const faults =
    typeof fields === 'object' && fields !== null
      ? Object.entries(fields).map(([name, fault]) => `${name}: ${String(fault)}`)
      : [];
  const id = error.body['request_id'];
  return `${error.message}${faults.length === 0 ? '' : ` (${faults.join('; ')})`}${typeof id === 'string' ? ` [request ${id}]` : ''}`;
}

/** Something for a person, on standard error, so that no pipe gets it. */
export function note(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Names in a token are whatever its maker wrote: nothing of them may steer a terminal. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}

/** A member of an answer that ought to be text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
