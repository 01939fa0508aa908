import { createDischargeKeeper, fetchDischarges } from '@hangar/authority';
import type { FlyUrls } from '@hangar/flyio';
import { LOCATIONS, parseBundle } from '@hangar/macaroon';
import { type Clock, HangarError, type Log, Secret } from '@hangar/security';
import type { Outgoing } from '@hangar/security/outgoing';
import type { Task } from './workers.ts';

/** The operator's own credential at Fly.io, as it is to be sent now. */
export interface UpstreamCredential {
  current(): Secret;
  /** Renews discharges ahead of their end; empty when there is nothing to renew. */
  readonly tasks: readonly Task[];
}

/** A discharge of Fly.io lives 630 seconds and is renewed after a fifth of them, so this is often enough. */
const RENEW_EVERY_SECONDS = 15;

/** What a call to the Machines API may take; a discharge that ends sooner is not relied on. */
const LONGEST_CALL_SECONDS = 75;

/**
 * Keeps `FLY_API_TOKEN` usable. A token without third-party caveats is sent as it is. One with them needs
 * discharges that live minutes (seed 004): they are obtained from Fly.io's own third parties and nobody else, with the
 * OAuth token of the same bundle where there is one, and renewed long before they end.
 *
 * @throws HangarError `config_invalid` when the text starts like a macaroon and is none.
 */
export async function keepUpstreamCredential(parts: {
  readonly token: Secret;
  readonly urls: FlyUrls;
  readonly outgoing: Outgoing;
  readonly now: Clock;
  readonly log: Log;
}): Promise<UpstreamCredential> {
  const { urls, outgoing, now, log } = parts;
  const text = parts.token.reveal();
  if (!/fm(?:2|1r|1a)_/.test(text)) return { current: () => parts.token, tasks: [] };
  const bundle = parseBundle(text, LOCATIONS.permission);
  if (!bundle.ok || bundle.value.permission.length === 0) {
    const why = bundle.ok ? 'holds no permission token' : `cannot be read (${bundle.reason.tag})`;
    throw new HangarError('config_invalid', {
      public: `FLY_API_TOKEN ${why}. Make a new one with \`fly tokens create org\`.`,
    });
  }
  const asked = bundle.value.permission
    .flatMap((token) => token.caveats)
    .some((caveat) => caveat.type === '3P');
  if (!asked) return { current: () => parts.token, tasks: [] };

  const locations = [LOCATIONS.authentication, LOCATIONS.newAuthentication, `${urls.api}/aaa/v1`];
  const origins = [...new Set(locations.map((location) => new URL(location).origin))];
  const oauth = bundle.value.other.find((token) => token.startsWith('fo1_'));
  const keeper = createDischargeKeeper({
    tokens: text,
    permissionLocation: LOCATIONS.permission,
    now,
    fetch: async (tokens) =>
      await fetchDischarges(tokens, {
        transport: outgoing,
        places: { locations, plainHttpOrigins: origins.filter((origin) => origin.startsWith('http:')) },
        ...(oauth === undefined
          ? {}
          : { credentials: new Map(origins.map((origin) => [origin, `Bearer ${oauth}`])) }),
      }),
  });
  if (!keeper.ok)
    throw new HangarError('config_invalid', { public: 'FLY_API_TOKEN holds no permission token.' });

  let current = parts.token;
  const renew = async (): Promise<void> => {
    await keeper.value.renew();
    const header = await keeper.value.header({ needSeconds: LONGEST_CALL_SECONDS });
    if (header.ok) current = Secret.of(header.value);
    else
      log.warn(
        { code: header.reason.code, location: header.reason.location },
        'the upstream credential has no discharge',
      );
  };
  await renew();
  return {
    current: () => current,
    tasks: [{ name: 'upstream.credential', everySeconds: RENEW_EVERY_SECONDS, run: renew }],
  };
}
