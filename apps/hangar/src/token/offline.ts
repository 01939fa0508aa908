import {
  headerReason,
  inspectTokens,
  narrowingCaveats,
  narrowTokens,
  parseLifetime,
} from '@hangar/authority';
import { caveatsFromJson, type Caveat, type HeaderReason, LOCATIONS } from '@hangar/macaroon';
import { systemClock } from '@hangar/security';
import type { Command } from 'commander';
import { appNumberOf } from './app-number.ts';
import { readJsonFile, readToken, type TokenOptions, UsageError } from './input.ts';
import { run, show, TokenRefused } from './output.ts';

interface AttenuateOptions extends TokenOptions {
  readonly app?: string[];
  readonly mask?: string;
  readonly machine?: string[];
  readonly for?: string;
  readonly source?: string[];
  readonly caveats?: string;
  readonly location: string;
}

/** The commands that need no server: attenuate and explain. They work on Fly.io's own tokens as well. */
export function addOfflineCommands(token: Command, common: (command: Command) => Command): void {
  common(token.command('attenuate'))
    .description('narrow a token, on this machine: give the result away and keep the original')
    .option('--app <app...>', 'only these apps, by number; a name is looked up at the gateway')
    .option('--mask <letters>', 'only these actions: r read, w write, c create, d delete, C control')
    .option('--machine <id...>', 'only these machines')
    .option('--for <duration>', 'for this long from now, such as 1h')
    .option('--source <cidr...>', 'usable from these networks only (Hangar tokens)')
    .option('--caveats <file>', 'add a JSON list of caveats; - reads standard input')
    .option('--location <url>', 'whose permission tokens are narrowed', LOCATIONS.permission)
    .action(async (options: AttenuateOptions) => await run(options, async () => await attenuate(options)));
  common(token.command('explain'))
    .description('say in plain English what a token can do and when it ends; nothing is verified')
    .option('--location <url>', 'location of permission tokens', LOCATIONS.permission)
    .action(
      async (options: TokenOptions & { location: string }) => await run(options, () => explain(options)),
    );
}

async function attenuate(options: AttenuateOptions): Promise<void> {
  const text = readToken(options);
  const lifetime =
    options.for === undefined ? undefined : parseLifetime(options.for, Number.MAX_SAFE_INTEGER);
  if (lifetime?.ok === false) throw new UsageError('--for takes a duration such as 1h, 30m or 7d');
  const wanted = {
    ...(options.app === undefined
      ? {}
      : { apps: options.app.map((app) => (/^\d+$/.test(app) ? BigInt(app) : app)) }),
    ...(options.mask === undefined ? {} : { actions: options.mask }),
    ...(options.machine === undefined ? {} : { machines: options.machine }),
    ...(lifetime === undefined ? {} : { validForSeconds: lifetime.value }),
    ...(options.source === undefined ? {} : { source: options.source }),
  };
  const caveats: Caveat[] = options.caveats === undefined ? [] : [...readCaveats(options.caveats)];
  if (Object.keys(wanted).length > 0) {
    const narrowing = await narrowingCaveats(wanted, {
      appNumber: async (name) => await appNumberOf(options, text, name),
      now: systemClock(),
    });
    if (!narrowing.ok) {
      throw new UsageError(
        narrowing.reason.tag === 'unknown_app'
          ? `no app ${narrowing.reason.app}; give its number, which needs no gateway`
          : '--mask takes letters of rwcdC',
      );
    }
    caveats.push(...narrowing.value);
  }
  if (caveats.length === 0)
    throw new UsageError('nothing to add: give --app, --mask, --machine, --for, --source or --caveats');
  const narrowed = narrowTokens(text, caveats, options.location);
  if (!narrowed.ok) throw refused(narrowed.reason);
  const inspection = inspectTokens(narrowed.value, options.location);
  const answer = {
    token: narrowed.value,
    length: narrowed.value.length,
    effective_expiry: inspection.effectiveExpiry?.toISOString() ?? null,
    missing_discharges: inspection.missingDischarges,
  };
  show(options, answer, [narrowed.value]);
}

function explain(options: TokenOptions & { location: string }): void {
  const inspection = inspectTokens(readToken(options), options.location);
  const unreadable = inspection.tokens.find((one) => one.kind === 'unreadable');
  const answer = {
    tokens: inspection.tokens.map((one) =>
      one.kind === 'unreadable'
        ? one
        : {
            ...one,
            expiresAt: undefined,
            caveats: JSON.parse(one.caveats) as unknown,
            expires_at: one.expiresAt?.toISOString() ?? null,
          },
    ),
    effective_expiry: inspection.effectiveExpiry?.toISOString() ?? null,
    missing_discharges: inspection.missingDischarges,
  };
  const lines = inspection.tokens.flatMap((one) =>
    one.kind === 'unreadable'
      ? [`Token ${one.position + 1} cannot be read: ${one.sentence}`]
      : [
          `${one.kind === 'permission' ? 'Permission token' : 'Discharge'} ${one.id}`,
          `  location  ${one.location}`,
          ...one.sentences.map((sentence) => `  - ${sentence}`),
        ],
  );
  const end = inspection.effectiveExpiry;
  show(options, answer, [
    ...lines,
    end === undefined ? 'It has no end.' : `All of it together works until ${end.toISOString()}.`,
    ...inspection.missingDischarges.map(
      (location) => `It does not work before ${location} discharges it (hangar token refresh).`,
    ),
  ]);
  if (unreadable !== undefined) process.exitCode = 1;
}

function readCaveats(file: string): readonly Caveat[] {
  const parsed = caveatsFromJson(JSON.stringify(readJsonFile(file)));
  if (!parsed.ok) throw new UsageError(`caveats${parsed.reason.path}: ${parsed.reason.detail}`);
  return parsed.value;
}

/** A text that is no usable token, under its own code: cut off is not the same as forged. */
export function refused(reason: HeaderReason): TokenRefused {
  const { code, sentence } = headerReason(reason);
  return new TokenRefused(code, sentence);
}
