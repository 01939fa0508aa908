import { inspectTokens, type Inspection } from '@hangar/authority';
import { LOCATIONS } from '@hangar/macaroon';
import { systemClock } from '@hangar/http';
import type { Command } from 'commander';
import type { GivenToken } from './source/given.ts';
import { reasonOf, type HeldTokens } from './source/held.ts';
import type { TokenOptions } from './source/input.ts';
import { type Answer, run } from './output.ts';
import { TokenRefused } from './source/refused.ts';

/** Options of the commands that read a token without asking anybody. */
export interface InspectOptions extends TokenOptions {
  readonly location: string;
}

/** `hangar token explain`: needs no server, and works on Fly.io's own tokens. */
export function addExplainCommand(token: Command, common: (command: Command) => Command): void {
  common(token.command('explain'))
    .description('say in plain English what a token can do and when it ends; nothing is verified')
    .option('--location <url>', 'location of permission tokens', LOCATIONS.permission)
    .action(async (options: InspectOptions) => {
      await run(options, async (given) => explain(await given.held(options.location), options));
    });
}

function explain(held: HeldTokens, options: InspectOptions): Answer {
  const inspection = inspected(held.macaroons, options.location);
  const lines = inspection.tokens.flatMap((one) =>
    one.kind === 'unreadable'
      ? [one.sentence]
      : [
          `${one.kind === 'permission' ? 'Permission token' : 'Discharge'} ${one.id}`,
          `  location  ${one.location}`,
          ...one.sentences.map((sentence) => `  - ${sentence}`),
        ],
  );
  return { json: inspectionJson(inspection, held), lines: [...lines, ...closingLines(inspection, held)] };
}

/** `hangar token show` without an id: the very token given, as exactly as it can be written in JSON. */
export async function showHeld(given: GivenToken, options: InspectOptions): Promise<Answer> {
  const held = await given.held(options.location);
  const inspection = inspected(held.macaroons, options.location);
  const lines = inspection.tokens.flatMap((one) =>
    one.kind === 'unreadable'
      ? [one.sentence]
      : [
          `${one.kind} ${one.id}`,
          `  location  ${one.location}`,
          `  branch    ${one.branch}`,
          `  expires   ${one.expiresAt?.toISOString() ?? 'never'}`,
          // Whole as it is: numbers of caveats can be larger than a number of JavaScript.
          `  caveats   ${one.caveats}`,
        ],
  );
  return { json: inspectionJson(inspection, held), lines: [...lines, ...closingLines(inspection, held)] };
}

/**
 * What a text of tokens says.
 *
 * @throws TokenRefused when it holds more than any header may
 */
export function inspected(text: string, location: string): Inspection {
  const inspection = inspectTokens(text, location);
  if (inspection.ok) return inspection.value;
  const { code, sentence } = reasonOf(inspection.reason);
  throw new TokenRefused(code, sentence);
}

function inspectionJson(inspection: Inspection, held: HeldTokens): Answer['json'] {
  const tokens = inspection.tokens.map((one) =>
    one.kind === 'unreadable'
      ? one
      : {
          kind: one.kind,
          id: one.id,
          location: one.location,
          branch: one.branch,
          expires_at: one.expiresAt?.toISOString() ?? null,
          caveats: JSON.parse(one.caveats) as unknown,
          sentences: one.sentences,
        },
  );
  return {
    tokens,
    oauth_tokens: held.others.length,
    effective_expiry: inspection.effectiveExpiry?.toISOString() ?? null,
    missing_discharges: inspection.missingDischarges,
  };
}

function closingLines(inspection: Inspection, held: HeldTokens): string[] {
  const end = inspection.effectiveExpiry;
  const together = inspection.tokens.length > 1 ? 'All of it together' : 'It';
  const over = end !== undefined && end < systemClock();
  return [
    ...held.others.map(() => 'OAuth token: a login at Fly.io, with no limits that could be read here.'),
    end === undefined
      ? `${together} has no end.`
      : over
        ? `${together} has not worked since ${end.toISOString()}.${anyDischarge(inspection) ? ' A discharge can be renewed: hangar token refresh.' : ''}`
        : `${together} works until ${end.toISOString()}.`,
    ...inspection.missingDischarges.map(
      (location) => `It does not work before ${location} discharges it: hangar token refresh.`,
    ),
  ];
}

function anyDischarge(inspection: Inspection): boolean {
  return inspection.tokens.some((one) => one.kind === 'discharge');
}
