import { addThirdParty, privateCaveat, type Caveat, type Macaroon } from '@hangar/macaroon';
import { sha256Hex } from '@hangar/security';
import { loginOfCaveat, type LoginOf } from './caveats/login-of.ts';

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
 */
export function requireLogin(
  token: Macaroon,
  options: {
    workspace: bigint;
    dischargeLocation: string;
    dischargeKey: Uint8Array;
    dischargeSeconds?: number;
  },
): Macaroon {
  const of = { branch: sha256Hex(token.tail) };
  return addThirdParty(token, {
    location: options.dischargeLocation,
    sharedKey: options.dischargeKey,
    ticketCaveats: loginTicketCaveats(options.workspace, of, options.dischargeSeconds),
  });
}
