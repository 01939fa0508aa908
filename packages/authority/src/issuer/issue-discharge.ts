import { clearTicket, createDischarge, type Caveat, type Macaroon } from '@hangar/macaroon';
import { ok, refuse, type Result } from '@hangar/http';
import type { Identity } from '../ports.ts';
import type { OpenedTicket } from './ticket.ts';

/** Hangar's processes may differ this much in time. */
const CLOCK_LEEWAY_SECONDS = 30;

/** No number of any user: ids are never negative, so it equals none of them. */
const NO_USER_NUMBER = -1n;

/**
 * Signs a discharge, if the ticket's caveats clear for this one identity. Without an identity only
 * tickets that ask for none can clear. The reason is a sentence for the person who tried.
 */
export function issueDischarge(
  ticket: OpenedTicket,
  options: { identity: Identity | undefined; location: string; lifetimeSeconds: number; now: Date },
): Result<Macaroon, string> {
  const start = Math.floor(options.now.getTime() / 1000);
  const end = start + Math.min(options.lifetimeSeconds, ticket.maxSeconds ?? options.lifetimeSeconds);
  const { identity } = options;
  const cleared = clearTicket(ticket.caveats, {
    now: options.now,
    expiry: new Date(end * 1000),
    flyio: identity
      ? { userId: identity.userNumber ?? NO_USER_NUMBER, organizationIds: identity.workspaces }
      : undefined,
  });
  if (!cleared.ok) return refuse(cleared.reason.sentence);
  const caveats: Caveat[] = [
    { type: 'ValidityWindow', notBefore: start - CLOCK_LEEWAY_SECONDS, notAfter: end },
  ];
  if (identity?.userNumber !== undefined) caveats.push({ type: 'FlyioUserID', id: identity.userNumber });
  return ok(
    createDischarge({
      ticket: ticket.bytes,
      sharedKey: ticket.sharedKey,
      location: options.location,
      caveats,
    }),
  );
}
