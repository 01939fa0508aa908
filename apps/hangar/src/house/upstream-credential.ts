import type { Task } from '@hangar/contract';
import { createDischargeKeeper, type DischargeKeeper, fetchDischarges } from '@hangar/authority';
import type { FlyUrls } from '@hangar/flyio';
import { LOCATIONS, parseBundle } from '@hangar/macaroon';
import { type Clock, HangarError, type Log, type Soon } from '@hangar/http';
import { Secret } from '@hangar/security';
import type { Outgoing } from '@hangar/security/outgoing';
import { credentialsForFlyThirdParties, FLY_THIRD_PARTIES } from './fly-third-parties.ts';

/** The operator's own credential at Fly.io, as it is to be sent now. */
export interface UpstreamCredential {
  /**
   * Asked for every call.
   *
   * @throws HangarError `discharge_expired` or `discharge_required`, naming the location, while a third party of Fly.io
   *   gives no discharge: without one the call would only be refused there.
   */
  current(): Soon<Secret>;
  /** Renews discharges ahead of their end; empty when there is nothing to renew. */
  readonly tasks: readonly Task[];
}

/** A discharge of Fly.io lives 630 seconds and is renewed after a seventh of them, so this is often enough. */
const RENEW_EVERY_SECONDS = 15;

/** Fly.io looks at a token when a call arrives, however long the call then takes: this is for the way there. */
const ON_THE_WAY_SECONDS = 2;

/** When to try again: the pause of the keeper between attempts, at its longest. */
const RETRY_AFTER_SECONDS = 10;

/**
 * Keeps `FLY_API_TOKEN` usable. A token without third-party caveats is sent as it is. One with them needs
 * discharges that live minutes (docs/sources.md#third-party-caveats): they are obtained from Fly.io's own third
 * parties and nobody else, with the OAuth tokens of the same bundle where there are any, and renewed long before they
 * end.
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
  const asItIs = { current: () => parts.token, tasks: [] };
  if (!/fm(?:2|1r|1a)_/.test(text)) return asItIs;
  const bundle = parseBundle(text, LOCATIONS.permission);
  if (!bundle.ok || bundle.value.permission.length === 0) {
    const why = bundle.ok ? 'holds no permission token' : `cannot be read (${bundle.reason.tag})`;
    throw new HangarError('config_invalid', {
      public: `FLY_API_TOKEN ${why}. Make a new one with \`fly tokens create org\`.`,
    });
  }
  const { permission, other } = bundle.value;
  if (!permission.flatMap((token) => token.caveats).some((caveat) => caveat.type === '3P')) return asItIs;

  const keeper = createDischargeKeeper({
    tokens: text,
    permissionLocation: LOCATIONS.permission,
    now,
    fetch: async (tokens) =>
      await fetchDischarges(tokens, {
        transport: outgoing,
        places: { locations: FLY_THIRD_PARTIES, originsServedBySimulator: urls.originsServedBySimulator },
        ...credentialsForFlyThirdParties(other),
      }),
  });
  if (!keeper.ok)
    throw new HangarError('config_invalid', { public: 'FLY_API_TOKEN holds no permission token.' });

  const renew = async (): Promise<void> => {
    await keeper.value.renew();
    const sendable = await askKeeper(keeper.value);
    if (!sendable.ok) log.warn({ ...sendable.reason }, 'the upstream credential has no discharge');
  };
  await renew();
  return {
    current: async () => {
      const sendable = await askKeeper(keeper.value);
      if (sendable.ok) return Secret.of(sendable.value);
      const { code, location, sentence } = sendable.reason;
      // Not 401: the caller's own token is good, and nothing was sent, so the same request may be sent again.
      throw new HangarError(code, {
        status: 503,
        public: `the operator's credential at Fly.io cannot be used now. ${sentence}`,
        extra: { location },
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    },
    tasks: [{ name: 'upstream.credential', everySeconds: RENEW_EVERY_SECONDS, run: renew }],
  };
}

/** The header to send now; asking for it also renews what is due. */
function askKeeper(keeper: DischargeKeeper): ReturnType<DischargeKeeper['header']> {
  return keeper.header({ needSeconds: ON_THE_WAY_SECONDS });
}
