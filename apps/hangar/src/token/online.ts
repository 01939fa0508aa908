import type { Command } from 'commander';
import { isPresetName, presets } from '@hangar/authority';
import { LOCATIONS } from '@hangar/macaroon';
import { ask } from './api.ts';
import { readForGateway, readHeld } from './held.ts';
import { readJsonFile, type TokenOptions, UsageError } from './input.ts';
import { type InspectOptions, showHeld } from './inspect.ts';
import { run, show, textOf } from './output.ts';

interface CreateOptions extends TokenOptions {
  readonly preset?: string;
  readonly caveats?: string;
  readonly app?: string;
  readonly name?: string;
  readonly expires?: string;
  readonly command?: string[];
  readonly prefix?: string[];
  readonly source?: string[];
  readonly requireLogin?: boolean;
}

/** The commands that ask the authority about its records: create, list, show, revoke. */
export function addOnlineCommands(token: Command, common: (command: Command) => Command): void {
  common(token.command('create'))
    .description('mint a token that can do no more than the one it is asked with')
    .option('--preset <name>', 'org, deploy, readonly, machine-exec, ssh, wireguard or app-control')
    .option('--caveats <file>', 'a JSON list of caveats instead of a preset; - reads standard input')
    .option('--app <name>', 'the app it is for, by name or number')
    .option('--name <text>', 'what it is for, shown in lists')
    .option('--expires <duration>', 'such as 1h, 30d or 8760h')
    .option('--command <args...>', 'machine-exec: run exactly this')
    .option('--prefix <args...>', 'machine-exec: run anything that starts with this')
    .option('--source <cidr...>', 'usable from these networks only')
    .option('--require-login', 'ask for a sign-in, renewed every ten minutes')
    .action(async (options: CreateOptions) => await run(options, async () => await create(options)));
  common(token.command('list'))
    .description('the tokens of the workspace: what they can do, who made them, when they were last used')
    .option('--app <name>', 'only those for this app')
    .option('--creator <text>', 'only those made by')
    .option('--active', 'only those that work now')
    .action(
      async (options: TokenOptions & { app?: string; creator?: string; active?: boolean }) =>
        await run(options, async () => await list(options)),
    );
  common(token.command('show [id]'))
    .description('one token of the workspace, by its id; without one, the very token given, on this machine')
    .option('--location <url>', 'location of permission tokens', LOCATIONS.permission)
    .action(async (id: string | undefined, options: InspectOptions) => {
      await run(options, async () => {
        if (id === undefined) {
          showHeld(options);
          return;
        }
        const row = await ask(options, {
          method: 'GET',
          path: `/${encodeURIComponent(id)}`,
          token: readForGateway(options),
        });
        show(options, row, describe(row));
      });
    });
  common(token.command('revoke [id]'))
    .description(
      'end a token and everything made from it; without an id, the very token given and what was narrowed from it',
    )
    .option('--branch <digest>', 'end one offline child, by the digest that inspecting it shows')
    .option('--creator <text>', 'end everything this creator made')
    .option('--app <number>', 'end everything minted for this app', Number)
    .option('--key <number>', 'end everything signed with this key', Number)
    .option('--reason <text>', 'kept with the record')
    .action(
      async (id: string | undefined, options: RevokeOptions) =>
        await run(options, async () => await revoke(id, options)),
    );
}

async function create(options: CreateOptions): Promise<void> {
  if ((options.preset === undefined) === (options.caveats === undefined))
    throw new UsageError('give either --preset or --caveats');
  if (options.preset !== undefined && !isPresetName(options.preset))
    throw new UsageError(
      `there is no preset ${options.preset}; there are ${Object.keys(presets).join(', ')}`,
    );
  const commands = [
    ...(options.command === undefined ? [] : [{ args: options.command, exact: true }]),
    ...(options.prefix === undefined ? [] : [{ args: options.prefix, exact: false }]),
  ];
  const app = options.app;
  const minted = await ask(options, {
    method: 'POST',
    path: '',
    token: readForGateway(options),
    body: {
      name: options.name ?? `${options.preset ?? 'custom'}${app === undefined ? '' : ` for ${app}`}`,
      ...(options.preset === undefined ? {} : { preset: options.preset }),
      ...(options.caveats === undefined ? {} : { caveats: readJsonFile(options.caveats) }),
      ...(app === undefined ? {} : /^\d+$/.test(app) ? { app_id: Number(app) } : { app }),
      ...(options.expires === undefined ? {} : { expires_in: options.expires }),
      ...(commands.length === 0 ? {} : { commands }),
      ...(options.source === undefined ? {} : { source: options.source }),
      ...(options.requireLogin === true ? { require_login: true } : {}),
    },
  });
  show(options, minted, [
    String(minted['token']),
    '',
    `  id       ${String(minted['id'])}`,
    `  expires  ${String(minted['effective_expiry'])}`,
    `  length   ${String(minted['length'])} characters, ending in ${String(minted['check'])}`,
    '  It is shown this once.',
  ]);
}

async function list(
  options: TokenOptions & { app?: string; creator?: string; active?: boolean },
): Promise<void> {
  const token = readForGateway(options);
  const tokens: Record<string, unknown>[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({
      ...(options.app === undefined ? {} : { app: options.app }),
      ...(options.creator === undefined ? {} : { creator: options.creator }),
      ...(options.active === true ? { state: 'active' } : {}),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const page = await ask(options, { method: 'GET', path: `?${query.toString()}`, token });
    tokens.push(...(page['tokens'] as Record<string, unknown>[]));
    cursor = typeof page['next_cursor'] === 'string' ? page['next_cursor'] : undefined;
  } while (cursor !== undefined);
  show(
    options,
    { tokens },
    tokens.length === 0 ? ['No tokens.'] : tokens.flatMap((row) => [...describe(row), '']),
  );
}

interface RevokeOptions extends TokenOptions {
  readonly branch?: string;
  readonly creator?: string;
  readonly app?: number;
  readonly key?: number;
  readonly reason?: string;
}

async function revoke(id: string | undefined, options: RevokeOptions): Promise<void> {
  const targets = Object.entries({
    id,
    branch: options.branch,
    creator: options.creator,
    app: options.app,
    key: options.key,
  }).filter(([, value]) => value !== undefined);
  if (targets.length > 1) throw new UsageError('name one target: an id, --branch, --creator, --app or --key');
  // The very token given may be a leaked one without its discharges; it can be ended all the same.
  const token =
    targets.length === 0 ? readHeld(options, LOCATIONS.permission).macaroons : readForGateway(options);
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const answer =
    targets.length === 0
      ? await ask(options, { method: 'POST', path: '/revoke', body: { token, ...reason } })
      : await ask(options, {
          method: 'POST',
          path: '/revoke',
          token,
          body: { ...Object.fromEntries(targets), ...reason },
        });
  const reached = Array.isArray(answer['tokens']) ? answer['tokens'].length : 0;
  show(options, answer, [`Revoked. Recorded tokens it reached: ${reached}.`]);
}

function describe(row: Readonly<Record<string, unknown>>): string[] {
  const summary = Array.isArray(row['summary']) ? row['summary'].map(String) : [];
  return [
    `${String(row['name'])} (${String(row['state'])})`,
    `  id         ${String(row['id'])}, ends in ${String(row['ends_with'])}`,
    `  made       ${String(row['created_at'])} by ${String(row['created_by'])} as ${String(row['preset'])}`,
    `  expires    ${String(row['expires_at'])}`,
    `  last used  ${lastUse(row)}`,
    ...summary.map((sentence) => `  - ${sentence}`),
  ];
}

function lastUse(row: Readonly<Record<string, unknown>>): string {
  const at = textOf(row['last_used_at']);
  return at === undefined ? 'never' : `${at} from ${textOf(row['last_source']) ?? 'an unknown address'}`;
}
