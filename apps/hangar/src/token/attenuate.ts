import {
  hangarCaveats,
  headerReason,
  narrowingCaveats,
  narrowTokens,
  parseLifetime,
} from '@hangar/authority';
import { caveatsFromJson, type Caveat, type HeaderReason, LOCATIONS } from '@hangar/macaroon';
import { systemClock } from '@hangar/http';
import type { Command } from 'commander';
import { ApiError, appNumberOf, GatewayUnreachable } from './api.ts';
import type { GivenToken } from './source/given.ts';
import { readTextFile, type TokenOptions } from './source/input.ts';
import { inspected } from './inspect.ts';
import { type Answer, LOGIN_LEFT_OUT, run } from './output.ts';
import { TokenRefused } from './source/refused.ts';
import { UsageError } from './source/usage-error.ts';

interface AttenuateOptions extends TokenOptions {
  readonly app?: string[];
  readonly mask?: string;
  readonly machine?: string[];
  readonly for?: string;
  readonly source?: string[];
  readonly location: string;
}

/** `hangar token attenuate`: needs no server, and works on Fly.io's own tokens. */
export function addAttenuateCommand(token: Command, common: (command: Command) => Command): void {
  common(token.command('attenuate'))
    .description('narrow a token, on this machine: give the result away and keep the original')
    .option('--app <app...>', 'only these apps, by number; a name is looked up at the gateway')
    .option('--mask <letters>', 'only these actions: r read, w write, c create, d delete, C control')
    .option('--machine <id...>', 'only these machines')
    .option('--for <duration>', 'for this long from now, such as 1h')
    .option('--source <cidr...>', 'usable from these networks only (Hangar tokens)')
    .option('--caveats <file>', 'add a JSON list of caveats; - reads standard input')
    .option('--location <url>', 'whose permission tokens are narrowed', LOCATIONS.permission)
    .action(
      async (options: AttenuateOptions) =>
        await run(options, async (given) => await attenuate(given, options)),
    );
}

async function attenuate(given: GivenToken, options: AttenuateOptions): Promise<Answer> {
  const held = await given.held(options.location);
  const lifetime =
    options.for === undefined ? undefined : parseLifetime(options.for, Number.MAX_SAFE_INTEGER);
  if (lifetime?.ok === false)
    throw new UsageError('--for takes a duration in w, d, h, m and s, such as 1h, 30m or 7d');
  const wanted = {
    apps: options.app && (await numbersOf(options.app, options, held.macaroons)),
    actions: options.mask,
    machines: options.machine,
    validForSeconds: lifetime?.value,
    source: options.source,
  };
  const caveats: Caveat[] = options.caveats === undefined ? [] : [...(await readCaveats(options.caveats))];
  const narrowing = narrowingCaveats(wanted, systemClock());
  if (narrowing.ok) caveats.push(...narrowing.value);
  else if (narrowing.reason.tag === 'no_app') throw noApp(String(narrowing.reason.app));
  else if (narrowing.reason.tag === 'unknown_action') throw new UsageError('--mask takes letters of rwcdC');
  if (caveats.length === 0)
    throw new UsageError('nothing to add: give --app, --mask, --machine, --for, --source or --caveats');
  if (held.permission.length === 0)
    throw new TokenRefused(
      'token_wrong_location',
      `the text holds no permission token of ${options.location}`,
    );
  const narrowed = narrowTokens(held.macaroons, caveats, options.location);
  if (!narrowed.ok) throw refused(narrowed.reason);
  const inspection = inspected(narrowed.value, options.location);
  return {
    json: {
      token: narrowed.value,
      length: narrowed.value.length,
      effective_expiry: inspection.effectiveExpiry?.toISOString() ?? null,
      missing_discharges: inspection.missingDischarges,
    },
    value: narrowed.value,
    notes: held.others.length > 0 ? [LOGIN_LEFT_OUT] : [],
  };
}

/** Only a name needs somebody to ask. */
async function numbersOf(apps: readonly string[], options: TokenOptions, token: string): Promise<bigint[]> {
  const numbers: bigint[] = [];
  for (const app of apps) numbers.push(/^\d+$/.test(app) ? BigInt(app) : await lookUp(app, options, token));
  return numbers;
}

async function lookUp(name: string, options: TokenOptions, token: string): Promise<bigint> {
  try {
    const number = await appNumberOf(options, token, name);
    if (number === undefined) throw noApp(name);
    return number;
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof GatewayUnreachable)) throw error;
    throw new UsageError(
      `the number of ${name} cannot be looked up: ${error.message}. Give the number in its place, which needs no gateway`,
    );
  }
}

function noApp(app: string): UsageError {
  return new UsageError(`no app ${app}; give its number, which needs no gateway`);
}

function refused(reason: HeaderReason): TokenRefused {
  const { code, sentence } = headerReason(reason);
  return new TokenRefused(code, sentence);
}

async function readCaveats(file: string): Promise<readonly Caveat[]> {
  // The text itself: ids above 2^53 would be rounded on the way through JSON.parse.
  const parsed = caveatsFromJson(await readTextFile(file), hangarCaveats());
  if (!parsed.ok) throw new UsageError(`caveats${parsed.reason.path}: ${parsed.reason.detail}`);
  return parsed.value;
}
