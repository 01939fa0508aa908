import type { Command } from 'commander';
import { isPresetName, parseLifetime, presets } from '@hangar/authority';
import { LOCATIONS } from '@hangar/macaroon';
import { ApiError, ask } from './api.ts';
import type { GivenToken } from './source/given.ts';
import { readJsonFile, type TokenOptions } from './source/input.ts';
import { type InspectOptions, showHeld } from './inspect.ts';
import { type Answer, run, textOf } from './output.ts';
import { UsageError } from './source/usage-error.ts';

interface CreateOptions extends TokenOptions {
  readonly preset?: string;
  readonly app?: string;
  readonly name?: string;
  readonly expires?: string;
  readonly command?: string[];
  readonly prefix?: string[];
  readonly source?: string[];
  readonly requireLogin?: boolean;
}

/** The commands that ask the authority about its records: create, list, show. */
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
    .action(
      async (options: CreateOptions) => await run(options, async (given) => await create(given, options)),
    );
  common(token.command('list'))
    .description('the tokens of the workspace: what they can do, who made them, when they were last used')
    .option('--app <name>', 'only those for this app')
    .option('--creator <text>', 'only those made by')
    .option('--active', 'only those that work now')
    .action(async (options: ListOptions) => await run(options, async (given) => await list(given, options)));
  common(token.command('show [id]'))
    .description('one token of the workspace, by its id; without one, the very token given, on this machine')
    .option('--location <url>', 'location of permission tokens', LOCATIONS.permission)
    .action(async (id: string | undefined, options: InspectOptions) => {
      await run(options, async (given) => {
        if (id === undefined) return await showHeld(given, options);
        const token = await given.forGateway('credential');
        const row = await ask(options, { method: 'GET', path: `/${encodeURIComponent(id)}`, token });
        return { json: row, lines: describe(row) };
      });
    });
}

async function create(given: GivenToken, options: CreateOptions): Promise<Answer> {
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
  if (options.expires !== undefined && !isDuration(options.expires))
    throw new UsageError('--expires takes a duration in w, d, h, m and s, such as 30d, 8760h or 1h30m');
  const app = options.app;
  const minted = await asFlags(
    ask(options, {
      method: 'POST',
      path: '',
      token: await given.forGateway(),
      body: {
        name: options.name ?? `${options.preset ?? 'custom'}${app === undefined ? '' : ` for ${app}`}`,
        preset: options.preset,
        caveats: options.caveats === undefined ? undefined : await readJsonFile(options.caveats),
        ...(app === undefined ? {} : /^\d+$/.test(app) ? { app_id: Number(app) } : { app }),
        expires_in: options.expires,
        ...(commands.length === 0 ? {} : { commands }),
        source: options.source,
        ...(options.requireLogin === true ? { require_login: true } : {}),
      },
    }),
  );
  return {
    json: minted,
    value: String(minted['token']),
    lines: [
      `  id       ${String(minted['id'])}`,
      `  expires  ${String(minted['effective_expiry'])}`,
      `  length   ${String(minted['length'])} characters, ending in ${String(minted['check'])}`,
      '  It is shown this once.',
    ],
  };
}

/** The flag behind each field of the gateway's door: a refusal speaks of what was typed. */
const FLAGS: Readonly<Record<string, string>> = {
  name: '--name',
  preset: '--preset',
  caveats: '--caveats',
  app: '--app',
  app_id: '--app',
  commands: '--command or --prefix',
  expires_in: '--expires',
  source: '--source',
  require_login: '--require-login',
};

async function asFlags<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { fields } = error.body;
    if (typeof fields !== 'object' || fields === null) throw error;
    const renamed = Object.entries(fields).map(([field, fault]) => [
      field.replace(/^[a-z_]+/, (name) => FLAGS[name] ?? name),
      fault as unknown,
    ]);
    throw new ApiError(error.status, { ...error.body, fields: Object.fromEntries(renamed) as unknown });
  }
}

/** How long is too long is the gateway's to say. */
function isDuration(text: string): boolean {
  const read = parseLifetime(text);
  return read.ok || read.reason.tag === 'out_of_range';
}

interface ListOptions extends TokenOptions {
  readonly app?: string;
  readonly creator?: string;
  readonly active?: boolean;
}

async function list(given: GivenToken, options: ListOptions): Promise<Answer> {
  const token = await given.forGateway();
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
  return {
    json: { tokens },
    lines: tokens.length === 0 ? ['No tokens.'] : tokens.flatMap((row) => [...describe(row), '']),
  };
}

function describe(row: Readonly<Record<string, unknown>>): string[] {
  const summary = Array.isArray(row['summary']) ? row['summary'].map(String) : [];
  return [
    `${String(row['name'])} (${[String(row['state']), ...endedParts(row)].join(', ')})`,
    `  id         ${String(row['id'])}, ends in ${String(row['ends_with'])}`,
    `  made       ${String(row['created_at'])} by ${String(row['created_by'])} as ${String(row['preset'])}`,
    `  expires    ${String(row['expires_at'])}`,
    `  last used  ${lastUse(row)}`,
    ...summary.map((sentence) => `  - ${sentence}`),
  ];
}

/** Which texts of a token that works no longer do. */
function endedParts(row: Readonly<Record<string, unknown>>): string[] {
  const parts = Array.isArray(row['parts']) ? (row['parts'] as Readonly<Record<string, unknown>>[]) : [];
  if (row['state'] !== 'active') return [];
  return parts.flatMap((part, index) =>
    part['state'] === 'revoked' ? [`part ${index + 1} of ${parts.length} revoked`] : [],
  );
}

function lastUse(row: Readonly<Record<string, unknown>>): string {
  const at = textOf(row['last_used_at']);
  return at === undefined ? 'never' : `${at} from ${textOf(row['last_source']) ?? 'an unknown address'}`;
}
