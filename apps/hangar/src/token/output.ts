import { HangarError, redactText } from '@hangar/security';
import { MacaroonError } from '@hangar/macaroon';
import { fail, say } from '../terminal.ts';
import { ApiError, GatewayUnreachable } from './api.ts';
import { type TokenOptions, UsageError } from './input.ts';

/** Prints an answer: the object with `--json`, its lines otherwise. */
export function show(options: TokenOptions, answer: unknown, lines: readonly string[]): void {
  if (options.json === true) say(JSON.stringify(answer));
  else for (const line of lines) say(printable(line));
}

/** Names in a token are whatever its maker wrote: nothing of them may steer a terminal. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}

/** Something a person should know although the command went well. On standard error, so that no pipe gets it. */
export function note(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** For commands whose result is given away: a login is not. */
export const LOGIN_LEFT_OUT = 'The OAuth token is left out: whoever holds it can do everything you can.';

/** A refusal of a token text, with the code that tells truncated from forged. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly code: string;

  constructor(code: string, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/**
 * Runs a command. What goes wrong becomes one sentence on standard error, with the code in front of it where it has one, or an object with `code` and `error` on
 * standard output with `--json`; exit code 2 for a wrong use, 1 for anything else. No token text is ever repeated.
 */
export async function run(options: TokenOptions, command: () => Promise<void> | void): Promise<void> {
  try {
    await command();
  } catch (error) {
    const { code, sentence, exit } = judge(error);
    if (options.json === true) {
      say(JSON.stringify({ code, error: redactText(sentence) }));
      process.exitCode = exit;
    } else {
      fail(printable(code === 'usage' ? sentence : `${code}: ${sentence}`), exit);
    }
  }
}

function judge(error: unknown): { code: string; sentence: string; exit: number } {
  if (error instanceof UsageError) return { code: 'usage', sentence: error.message, exit: 2 };
  if (error instanceof TokenRefused) return { code: error.code, sentence: error.message, exit: 1 };
  if (error instanceof ApiError)
    return { code: textOf(error.body['code']) ?? 'refused', sentence: details(error), exit: 1 };
  if (error instanceof GatewayUnreachable)
    return { code: 'gateway_unreachable', sentence: error.message, exit: 1 };
  if (error instanceof MacaroonError) return { code: error.code, sentence: error.message, exit: 1 };
  if (error instanceof HangarError)
    return { code: error.code, sentence: `${error.sentence} (${error.message})`, exit: 1 };
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

/** A member of an answer that ought to be text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
