import { addThirdParty, attenuate, privateCaveat, type Caveat, type Macaroon } from '@hangar/macaroon';
import { sha256Hex } from '@hangar/security';
import { loginOfCaveat, type LoginOf } from '../caveats/login-of.ts';
import { CLOCK_LEEWAY_SECONDS, MAX_LIFETIME_SECONDS } from '../offline/lifetime.ts';

/** A discharge of our own service lives this long: what Fly.io's login tokens have, without their 30 seconds. */
export const DISCHARGE_SECONDS = 600;

/** What the ticket of a login caveat asks of our discharge service: somebody of this workspace, and not for long. */
export function loginTicketCaveats(
  workspace: bigint,
  of: LoginOf,
  dischargeSeconds = DISCHARGE_SECONDS,
): readonly Caveat[] {
  return [
    { type: 'ConfineOrganization', id: workspace },
    { type: 'MaxValidity', seconds: dischargeSeconds },
    privateCaveat(loginOfCaveat, of),
  ];
}

/**
 * Makes a token ask for a sign-in at our discharge service. Only who holds the key shared with that
 * service can do this. Throws `MacaroonError` when the token asks it already.
 *
 * The ticket says which copy it is for by a digest from before it was added, and that text works without a sign-in. So
 * a window comes first that takes nothing away: what a leaked discharge ends begins there, and the text lives on.
 */
export function requireLogin(
  token: Macaroon,
  options: {
    workspace: bigint;
    dischargeLocation: string;
    dischargeKey: Uint8Array;
    dischargeSeconds?: number;
    now: Date;
  },
): Macaroon {
  const start = Math.floor(options.now.getTime() / 1000);
  const copy = attenuate(token, [
    {
      type: 'ValidityWindow',
      notBefore: start - CLOCK_LEEWAY_SECONDS,
      notAfter: start + MAX_LIFETIME_SECONDS,
    },
  ]);
  const of = { branch: sha256Hex(copy.tail) };
  return addThirdParty(copy, {
    location: options.dischargeLocation,
    sharedKey: options.dischargeKey,
    ticketCaveats: loginTicketCaveats(options.workspace, of, options.dischargeSeconds),
  });
}
