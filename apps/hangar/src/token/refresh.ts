import { fetchDischarges, type DischargeFailure } from '@hangar/authority';
import { flyUrls } from '@hangar/flyio';
import { effectiveExpiry, encodeToken, LOCATIONS, type Macaroon, missingTickets } from '@hangar/macaroon';
import { systemClock } from '@hangar/http';
import { createOutgoing } from '@hangar/security/outgoing';
import type { Command } from 'commander';
import { credentialsForFlyThirdParties, FLY_THIRD_PARTIES } from '../house/fly-third-parties.ts';
import { type FlyOptions, flyOf } from './fly.ts';
import type { GivenToken } from './source/given.ts';
import type { HeldTokens } from './source/held.ts';
import { type Answer, note, run } from './output.ts';
import { TokenRefused } from './source/refused.ts';

interface RefreshOptions extends FlyOptions {
  readonly permission: string;
  readonly user: boolean;
}

/** A discharge that ends sooner is asked for again; flyctl's own margin in its loop is two minutes, at a start half of one. */
const FRESH_SECONDS = 60;

/** `hangar token refresh`: asks the third parties, Fly.io's own among them. */
export function addRefreshCommand(token: Command, common: (command: Command) => Command): void {
  common(token.command('refresh'))
    .description(
      'obtain every discharge that is missing or about to end. An OAuth token (fo1_…) beside the tokens signs you in at Fly.io itself and is sent nowhere else; other third parties may ask you to sign in with a browser',
    )
    .option('--permission <url>', 'location of permission tokens', LOCATIONS.permission)
    .option('--no-user', 'fail instead of asking a person')
    .option(
      '--simulator <port>',
      "ask a simulated Fly.io on this machine where Fly.io's own third parties are meant",
    )
    .action(
      async (options: RefreshOptions) => await run(options, async (given) => await refresh(given, options)),
    );
}

async function refresh(given: GivenToken, options: RefreshOptions): Promise<Answer> {
  const held = await given.held(options.permission);
  if (held.permission.length === 0)
    throw new TokenRefused(
      'token_wrong_location',
      `the text holds no permission token of ${options.permission}`,
    );
  const fresh = held.discharges.filter((one) => !endsSoon(one));
  const fetched = await fetchMissing(options, held, fresh);
  const [failure] = fetched.failures;
  if (failure !== undefined && fetched.discharges.length === 0)
    throw new TokenRefused('discharge_required', explain(failure, held));
  const macaroons = [...fresh, ...fetched.discharges, ...held.permission];
  const token = [...held.others, ...macaroons.map(encodeToken)].join(',');
  const missing = missingTickets({
    permission: held.permission,
    discharges: [...fresh, ...fetched.discharges],
  });
  return {
    json: {
      token,
      length: token.length,
      obtained: fetched.discharges.length,
      effective_expiry: expiryOf(macaroons),
      missing_discharges: [...new Set(missing.map((one) => one.location))],
    },
    value: token,
    notes: fetched.failures.map((each) => `discharge_required: ${explain(each, held)}`),
    // What was obtained is printed; that it is not everything must not be overlooked by a script.
    exitCode: fetched.failures.length === 0 ? 0 : 1,
  };
}

async function fetchMissing(options: RefreshOptions, held: HeldTokens, fresh: readonly Macaroon[]) {
  const simulated = (flyOf(options) ?? flyUrls('real')).originsServedBySimulator;
  const wanted = missingTickets({ permission: held.permission, discharges: fresh }).map(
    (one) => one.location,
  );
  const locations = [...new Set(wanted)];
  const plain = locations.filter(isOnThisMachine).map((location) => new URL(location).origin);
  const outgoing = createOutgoing({ allowedOrigins: [...plain, ...simulated.values()] });
  try {
    return await fetchDischarges(
      { permission: held.permission, discharges: fresh },
      {
        transport: outgoing,
        places: { locations, plainHttpOrigins: plain, originsServedBySimulator: simulated },
        ...credentialsForFlyThirdParties(held.others),
        ...(options.user
          ? {
              onUserUrl: (url: URL, location: string) => {
                note(`${location} wants you to sign in. Open:`);
                note(`  ${url.href}`);
              },
            }
          : {}),
      },
    );
  } finally {
    await outgoing.close();
  }
}

/** Plain http is for services of one's own: a password does not leave the machine that way. */
function isOnThisMachine(location: string): boolean {
  if (!URL.canParse(location)) return false;
  const url = new URL(location);
  return url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}

function explain(failure: DischargeFailure, held: HeldTokens): string {
  const byFly =
    failure.tag === 'needs_user' && held.others.length === 0 && FLY_THIRD_PARTIES.includes(failure.location);
  return `${failure.sentence}${byFly ? ' An OAuth token (fo1_…) beside the tokens does as well.' : ''}`;
}

function expiryOf(macaroons: readonly Macaroon[]): string | null {
  const end = effectiveExpiry(macaroons);
  const date = end === undefined ? undefined : new Date(end * 1000);
  return date === undefined || Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function endsSoon(discharge: Macaroon): boolean {
  const end = effectiveExpiry([discharge]);
  return end !== undefined && end < systemClock().getTime() / 1000 + FRESH_SECONDS;
}
