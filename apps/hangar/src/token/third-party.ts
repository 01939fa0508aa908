import {
  addThirdParty,
  createDischarge,
  decodeToken,
  encodeToken,
  explainTokenReason,
  LOCATIONS,
  type Macaroon,
  missingTickets,
  openTicket,
  trimBlanks,
} from '@hangar/macaroon';
import { systemClock } from '@hangar/http';
import type { Command } from 'commander';
import { processEnvironment } from '../config.ts';
import type { GivenToken } from './source/given.ts';
import type { TokenOptions } from './source/input.ts';
import { type Answer, LOGIN_LEFT_OUT, run } from './output.ts';
import { TokenRefused } from './source/refused.ts';
import { UsageError } from './source/usage-error.ts';

interface ThirdPartyOptions extends TokenOptions {
  readonly location: string;
  readonly permission: string;
  readonly ticket?: string;
  readonly discharge?: string;
}

/** Ten minutes, as Fly.io's own discharges (docs/sources.md#third-party-caveats). */
const DISCHARGE_SECONDS = 600;

/** The commands about third-party caveats by hand, below `3p`. They work on Fly.io's own tokens. */
export function addThirdPartyCommands(token: Command, common: (command: Command) => Command): void {
  const thirdParty = token.command('3p').description('third-party caveats by hand');
  const about = (command: Command): Command =>
    common(command)
      .requiredOption('-l, --location <url>', 'the third party')
      .option('--permission <url>', 'location of permission tokens', LOCATIONS.permission);
  about(thirdParty.command('add'))
    .description(
      'make the token ask a third party, with whom you share a secret (TOKEN_3P_SHARED_SECRET, base64 of 32 bytes)',
    )
    .action(
      async (options: ThirdPartyOptions) => await run(options, async (given) => await add(given, options)),
    );
  about(thirdParty.command('ticket'))
    .description("print the third party's ticket, in base64")
    .action(
      async (options: ThirdPartyOptions) => await run(options, async (given) => await ticket(given, options)),
    );
  about(thirdParty.command('discharge'))
    .description('as the third party: discharge a ticket that carries no conditions')
    .requiredOption('--ticket <base64>', 'the ticket')
    .action(async (options: ThirdPartyOptions) => await run(options, () => discharge(options)));
  common(thirdParty.command('add-discharge'))
    .description('put a discharge beside its token')
    .requiredOption('--discharge <token>', 'the discharge')
    .option('--permission <url>', 'location of permission tokens', LOCATIONS.permission)
    .action(
      async (options: ThirdPartyOptions) =>
        await run(options, async (given) => await addDischarge(given, options)),
    );
}

async function add(given: GivenToken, options: ThirdPartyOptions): Promise<Answer> {
  const sharedKey = secretOf();
  if (!URL.canParse(options.location))
    throw new UsageError('-l takes the address of a third party, such as https://auth.example.com');
  const bundle = await given.held(options.permission);
  if (bundle.permission.length === 0)
    throw new TokenRefused(
      'token_wrong_location',
      `the text holds no permission token of ${options.permission}`,
    );
  const asking = bundle.permission.map((macaroon) =>
    addThirdParty(macaroon, { location: options.location, sharedKey }),
  );
  return {
    ...tokensAnswer([...bundle.discharges, ...asking]),
    notes: bundle.others.length > 0 ? [LOGIN_LEFT_OUT] : [],
  };
}

async function ticket(given: GivenToken, options: ThirdPartyOptions): Promise<Answer> {
  const found = missingTickets(await given.held(options.permission)).find(
    (one) => one.location === options.location,
  );
  if (found === undefined)
    throw new TokenRefused(
      'not_found',
      `the token asks nothing of ${options.location}, or has its discharge`,
    );
  const text = Buffer.from(found.ticket).toString('base64');
  return { json: { ticket: text, location: options.location }, value: text };
}

function discharge(options: ThirdPartyOptions): Answer {
  const sharedKey = secretOf();
  const bytes = new Uint8Array(Buffer.from(options.ticket ?? '', 'base64'));
  const opened = openTicket(sharedKey, bytes);
  if (!opened.ok)
    throw new TokenRefused('bad_request', 'the ticket does not open with this secret, or is cut off');
  if (opened.value.caveats.length > 0) {
    throw new TokenRefused(
      'bad_request',
      'the ticket carries conditions that somebody has to judge; a command cannot',
    );
  }
  const start = Math.floor(systemClock().getTime() / 1000);
  const macaroon = createDischarge({
    ticket: bytes,
    sharedKey,
    location: options.location,
    caveats: [{ type: 'ValidityWindow', notBefore: start, notAfter: start + DISCHARGE_SECONDS }],
  });
  return tokensAnswer([macaroon]);
}

async function addDischarge(given: GivenToken, options: ThirdPartyOptions): Promise<Answer> {
  const bundle = await given.held(options.permission);
  const decoded = decodeToken(trimBlanks(options.discharge ?? ''));
  if (!decoded.ok) {
    const code = decoded.reason.tag === 'truncated' ? 'token_truncated' : 'discharge_invalid';
    throw new TokenRefused(code, `the discharge: ${explainTokenReason(decoded.reason)}`);
  }
  const fits = missingTickets(bundle).some((one) =>
    Buffer.from(one.ticket).equals(Buffer.from(decoded.value.nonce.keyId)),
  );
  if (!fits)
    throw new TokenRefused('discharge_invalid', 'the token has no ticket that this discharge is for');
  return tokensAnswer([...bundle.discharges, decoded.value, ...bundle.permission], bundle.others);
}

function tokensAnswer(macaroons: readonly Macaroon[], others: readonly string[] = []): Answer {
  const token = [...others, ...macaroons.map(encodeToken)].join(',');
  return { json: { token, length: token.length }, value: token };
}

/** The secret comes from the environment only: arguments of a command are visible to everybody on the machine. */
function secretOf(): Uint8Array {
  const text = processEnvironment()['TOKEN_3P_SHARED_SECRET'] ?? '';
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32 || bytes.toString('base64') !== text) {
    throw new UsageError('TOKEN_3P_SHARED_SECRET must hold 32 bytes in base64');
  }
  return new Uint8Array(bytes);
}
