import { fetchDischarges } from '@hangar/authority';
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
  parseBundle,
} from '@hangar/macaroon';
import { systemClock } from '@hangar/security';
import { createOutgoing } from '@hangar/security/outgoing';
import type { Command } from 'commander';
import { processEnvironment } from '../config.ts';
import { readToken, type TokenOptions, UsageError } from './input.ts';
import { refused } from './offline.ts';
import { run, show, TokenRefused } from './output.ts';

interface ThirdPartyOptions extends TokenOptions {
  readonly location: string;
  readonly permission: string;
  readonly ticket?: string;
  readonly discharge?: string;
}

/** Ten minutes, as Fly.io's own discharges (seed 004). */
const DISCHARGE_SECONDS = 600;

/** The commands about third-party caveats: by hand below `3p`, and `refresh`, which asks the third parties. */
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
    .action(async (options: ThirdPartyOptions) => await run(options, () => add(options)));
  about(thirdParty.command('ticket'))
    .description("print the third party's ticket, in base64")
    .action(async (options: ThirdPartyOptions) => await run(options, () => ticket(options)));
  about(thirdParty.command('discharge'))
    .description('as the third party: discharge a ticket that carries no conditions')
    .requiredOption('--ticket <base64>', 'the ticket')
    .action(async (options: ThirdPartyOptions) => await run(options, () => discharge(options)));
  common(thirdParty.command('add-discharge'))
    .description('put a discharge beside its token')
    .requiredOption('--discharge <token>', 'the discharge')
    .option('--permission <url>', 'location of permission tokens', LOCATIONS.permission)
    .action(async (options: ThirdPartyOptions) => await run(options, () => addDischarge(options)));
  common(token.command('refresh'))
    .description('obtain every discharge that is missing, asking you to sign in where a third party wants it')
    .option('--permission <url>', 'location of permission tokens', LOCATIONS.permission)
    .option('--no-user', 'fail instead of asking a person')
    .action(
      async (options: ThirdPartyOptions & { user: boolean }) =>
        await run(options, async () => await refresh(options)),
    );
}

function add(options: ThirdPartyOptions): void {
  const sharedKey = secretOf();
  const bundle = read(options);
  const asking = bundle.permission.map((macaroon) =>
    addThirdParty(macaroon, { location: options.location, sharedKey }),
  );
  printTokens(options, [...asking, ...bundle.discharges]);
}

function ticket(options: ThirdPartyOptions): void {
  const found = missingTickets(read(options)).find((one) => one.location === options.location);
  if (found === undefined)
    throw new TokenRefused(
      'not_found',
      `the token asks nothing of ${options.location}, or has its discharge`,
    );
  const text = Buffer.from(found.ticket).toString('base64');
  show(options, { ticket: text, location: options.location }, [text]);
}

function discharge(options: ThirdPartyOptions): void {
  const sharedKey = secretOf();
  const bytes = new Uint8Array(Buffer.from(options.ticket ?? '', 'base64'));
  const opened = openTicket(sharedKey, bytes);
  if (!opened.ok) throw new TokenRefused('bad_request', 'the ticket does not open with this secret');
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
  printTokens(options, [macaroon]);
}

function addDischarge(options: ThirdPartyOptions): void {
  const bundle = read(options);
  const decoded = decodeToken((options.discharge ?? '').trim());
  if (!decoded.ok) throw new TokenRefused('discharge_invalid', explainTokenReason(decoded.reason));
  const fits = missingTickets(bundle).some((one) =>
    Buffer.from(one.ticket).equals(Buffer.from(decoded.value.nonce.keyId)),
  );
  if (!fits)
    throw new TokenRefused('discharge_invalid', 'the token has no ticket that this discharge is for');
  printTokens(options, [...bundle.permission, ...bundle.discharges, decoded.value]);
}

async function refresh(options: ThirdPartyOptions & { user: boolean }): Promise<void> {
  const bundle = read(options);
  const now = systemClock();
  const locations = [...new Set(missingTickets({ ...bundle, discharges: [] }).map((one) => one.location))];
  const local = locations
    .map((location) => new URL(location))
    .filter((url) => url.protocol === 'http:' && url.hostname === '127.0.0.1');
  const plain = local.map((url) => url.origin);
  const outgoing = createOutgoing({ allowedOrigins: plain });
  // A discharge that is about to end is asked for again; the old one would only be in the way.
  const fresh = bundle.discharges.filter((one) => endOf(one) > now.getTime() / 1000 + 60);
  try {
    const fetched = await fetchDischarges(
      { permission: bundle.permission, discharges: fresh },
      {
        transport: outgoing,
        places: { locations, plainHttpOrigins: plain },
        ...(options.user
          ? {
              onUserUrl: (url: URL, location: string) =>
                void process.stderr.write(`${location} wants you to sign in. Open:\n  ${url.href}\n`),
            }
          : {}),
      },
    );
    const [failure] = fetched.failures;
    if (failure !== undefined) throw new TokenRefused('discharge_required', failure.sentence);
    printTokens(options, [...bundle.permission, ...fresh, ...fetched.discharges]);
  } finally {
    await outgoing.close();
  }
}

function read(options: ThirdPartyOptions): {
  permission: readonly Macaroon[];
  discharges: readonly Macaroon[];
} {
  const bundle = parseBundle(readToken(options), options.permission);
  if (!bundle.ok) throw refused(bundle.reason);
  return bundle.value;
}

function printTokens(options: TokenOptions, macaroons: readonly Macaroon[]): void {
  const token = macaroons.map(encodeToken).join(',');
  show(options, { token, length: token.length }, [token]);
}

function endOf(macaroon: Macaroon): number {
  return Math.min(
    ...macaroon.caveats.map((caveat) =>
      caveat.type === 'ValidityWindow' ? Number(caveat.notAfter) : Number.POSITIVE_INFINITY,
    ),
  );
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
