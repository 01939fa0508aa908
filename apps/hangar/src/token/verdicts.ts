import type { Command } from 'commander';
import { ApiError, ask } from './api.ts';
import { aboutFly, checkAtFly, type FlyOptions, flyOf, inspectAtFly } from './fly.ts';
import type { GivenToken } from './source/given.ts';
import { type HeldReason, type HeldTokens, incompleteness } from './source/held.ts';
import { type Answer, run, textOf } from './output.ts';
import { UsageError } from './source/usage-error.ts';

/** Nobody was asked to do anything, and the answer is no. */
const EXIT_NO = 3;

/** The commands whose answer is yes or no: verify and check. */
export function addVerdictCommands(token: Command, common: (command: Command) => Command): void {
  aboutFly(common(token.command('verify')))
    .description(
      'ask the authority whether the token is genuine, not over and not revoked; exit code 3 when it is not',
    )
    .action(async (options: FlyOptions) => await run(options, async (given) => await verify(given, options)));
  aboutFly(common(token.command('check <method> <path>')))
    .description('what if: would this request be allowed? Exit code 0 when it would, 3 when not')
    .option('--from <address>', 'as if it came from this address')
    .action(async (method: string, path: string, options: CheckOptions) => {
      await run(options, async (given) => await check(given, { method, path }, options));
    });
}

interface CheckOptions extends FlyOptions {
  readonly from?: string;
}

/** The tokens to ask about, or what is wrong with the text: then nobody has to be asked. */
async function askable(given: GivenToken): Promise<{ held: HeldTokens } | { reason: HeldReason }> {
  const { held } = await given.read();
  if (!held.ok) return { reason: held.reason };
  const reason = incompleteness(held.value);
  return reason ? { reason } : { held: held.value };
}

async function verify(given: GivenToken, options: FlyOptions): Promise<Answer> {
  const fly = flyOf(options);
  const asked = await askable(given);
  const answer: Record<string, unknown> =
    'reason' in asked
      ? { tokens: [], problem: asked.reason }
      : fly === undefined
        ? await ask(options, { method: 'POST', path: '/inspect', body: { token: asked.held.macaroons } })
        : await inspectAtFly(fly, asked.held);
  const tokens = answer['tokens'] as Record<string, unknown>[];
  const permission = tokens.filter((one) => one['kind'] === 'permission');
  const valid =
    answer['problem'] === undefined &&
    permission.length > 0 &&
    permission.every((one) => one['verified'] === true);
  const problems = [answer, ...tokens]
    .map((one) => one['problem'])
    .filter((one) => one !== undefined) as Record<string, unknown>[];
  return {
    json: { valid, code: problems[0]?.['code'] ?? null, ...answer },
    lines: [
      valid ? `Genuine. Works until ${textOf(answer['effective_expiry']) ?? 'it is revoked'}.` : 'Not valid.',
      ...problems.map((problem) => `  ${String(problem['code'])}: ${String(problem['sentence'])}`),
    ],
    exitCode: valid ? 0 : EXIT_NO,
  };
}

async function check(
  given: GivenToken,
  { method, path }: { method: string; path: string },
  options: CheckOptions,
): Promise<Answer> {
  if (!/^[A-Za-z]+$/.test(method) || !path.startsWith('/'))
    throw new UsageError('check takes a method and a path, such as: POST /v1/apps/NAME/machines/ID/start');
  const fly = flyOf(options);
  const asked = await askable(given);
  const request = { method: method.toUpperCase(), path };
  const answer: Record<string, unknown> =
    'reason' in asked
      ? { allowed: false, ...asked.reason }
      : fly === undefined
        ? await ask(options, {
            method: 'POST',
            path: '/check',
            body: {
              token: asked.held.macaroons,
              ...request,
              source: options.from,
            },
          }).catch(nothingThere)
        : await checkAtFly(fly, asked.held, request);
  const allowed = answer['allowed'] === true;
  const told = {
    allowed,
    code: textOf(answer['code']) ?? null,
    caveat: textOf(answer['caveat']) ?? null,
    reason: textOf(answer['sentence']) ?? null,
    token_id: textOf(answer['token_id']) ?? null,
  };
  return {
    json: told,
    lines: allowed ? ['Allowed.'] : [`Not allowed (${String(told.code)}).`, `  ${String(told.reason)}`],
    exitCode: allowed ? 0 : EXIT_NO,
  };
}

/** A request for something that does not exist would be a 404: an answer to the question, and not a failure of it. */
function nothingThere(error: unknown): Record<string, unknown> {
  if (!(error instanceof ApiError) || error.status !== 404) throw error;
  return { allowed: false, code: 'not_found', sentence: error.message };
}
