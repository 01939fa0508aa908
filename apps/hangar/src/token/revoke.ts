import type { Command } from 'commander';
import { ask } from './api.ts';
import { consent } from './source/consent.ts';
import { type GivenToken, usedWords } from './source/given.ts';
import type { TokenOptions, TokenSource } from './source/input.ts';
import { type Answer, run } from './output.ts';
import { TokenRefused } from './source/refused.ts';
import { UsageError } from './source/usage-error.ts';

interface RevokeOptions extends TokenOptions {
  readonly branch?: string;
  readonly creator?: string;
  readonly app?: number;
  readonly key?: number;
  readonly reason?: string;
  readonly yes?: boolean;
}

/** `hangar token revoke`. */
export function addRevokeCommand(token: Command, common: (command: Command) => Command): void {
  common(token.command('revoke [id]'))
    .description(
      'end a token and everything made from it; without an id, the very token given and what was narrowed from it',
    )
    .option('--branch <digest>', 'end one offline child, by the digest that inspecting it shows')
    .option('--creator <text>', 'end everything this creator made')
    .option('--app <number>', 'end everything minted for this app', Number)
    .option('--key <number>', 'end everything signed with this key', Number)
    .option('--reason <text>', 'kept with the record')
    .option('--yes', 'end the very token of an environment variable without asking')
    .action(
      async (id: string | undefined, options: RevokeOptions) =>
        await run(options, async (given) => await revoke(given, id, options)),
    );
}

async function revoke(given: GivenToken, id: string | undefined, options: RevokeOptions): Promise<Answer> {
  const targets = Object.entries({
    id,
    branch: options.branch,
    creator: options.creator,
    app: options.app,
    key: options.key,
  }).filter(([, value]) => value !== undefined);
  if (targets.length > 1) throw new UsageError('name one target: an id, --branch, --creator, --app or --key');
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const answer =
    targets.length === 0
      ? await ask(options, {
          method: 'POST',
          path: '/revoke',
          body: { token: await veryToken(given, options), ...reason },
        })
      : await ask(options, {
          method: 'POST',
          path: '/revoke',
          token: await given.forGateway('credential'),
          body: { ...Object.fromEntries(targets), ...reason },
        });
  const reached = Array.isArray(answer['tokens']) ? answer['tokens'].length : 0;
  return { json: answer, lines: [`Revoked. Recorded tokens it reached: ${reached}.`] };
}

/** The token to end itself. It may be a leaked one without its discharges; it can be ended all the same. */
async function veryToken(given: GivenToken, options: RevokeOptions): Promise<string> {
  const { held, source } = await given.read();
  if (!held.ok) throw new TokenRefused(held.reason.code, held.reason.sentence);
  await agree(given, source, options);
  return held.value.macaroons;
}

/** A variable holds what a machine works with every day, and nobody named it here: ending it has to be meant. */
async function agree(given: GivenToken, source: TokenSource, options: RevokeOptions): Promise<void> {
  if (source.tag !== 'environment') return;
  const { variable } = source;
  if (source.besideEmptyPipe)
    throw new UsageError(
      `nothing came through standard input, so only the token of ${variable} could be meant; to end that one, --token "$${variable}"`,
    );
  if (options.yes === true) return;
  const token = given.used === undefined ? variable : usedWords(given.used);
  if (!(await consent(`${token} End it, and everything narrowed from it? [y/N] `)))
    throw new UsageError(`the token of ${variable} was not ended: --yes ends it, --token names another`);
}
