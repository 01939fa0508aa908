import {
  clearTicket,
  createDischarge,
  encodeToken,
  explainRefusal,
  openTicket,
  type Caveat,
} from '@hangar/macaroon';
import { ok, refuse, type Result } from '@hangar/http';
import type { Simulation } from '../simulation.ts';
import type { Principal } from './principals.ts';
import { ticketKey } from '../world/world.ts';

/** Ten minutes, and the half that flyctl prunes ahead: the 10.5 minutes of docs/sources.md#third-party-caveats. */
const LIFETIME_SECONDS = 630;

/** The conditions of a ticket of ours; undefined when it does not open, or is none. */
export function ticketConditions({ world }: Simulation, ticket: Uint8Array): readonly Caveat[] | undefined {
  const opened = openTicket(ticketKey(world), ticket);
  return opened.ok ? opened.value.caveats : undefined;
}

/**
 * Discharges a ticket for the first of those principals who meets all of its conditions. It lives 630 s of simulated time,
 * or less where MaxValidity says so, and states who it was for. Refuses in words.
 */
export function issueDischarge(
  simulation: Simulation,
  about: { ticket: Uint8Array; location: string; by: readonly Principal[] },
): Result<string, string> {
  const { world, clock } = simulation;
  const conditions = ticketConditions(simulation, about.ticket);
  if (!conditions) return refuse('ticket: not one of ours');
  const limits = conditions.flatMap((one) => (one.type === 'MaxValidity' ? [Number(one.seconds)] : []));
  const seconds = Math.min(LIFETIME_SECONDS, ...limits);
  const start = Math.floor(clock.nowMs() / 1000);
  let why = 'nobody is signed in';
  for (const principal of about.by) {
    const organizationIds = principal.organizations.flatMap((slug) => {
      const number = world.organizations.get(slug)?.number;
      return number === undefined ? [] : [BigInt(number)];
    });
    const cleared = clearTicket(conditions, {
      now: new Date(start * 1000),
      expiry: new Date((start + seconds) * 1000),
      flyio: { userId: principal.number, organizationIds },
    });
    if (!cleared.ok) {
      why = explainRefusal(cleared.reason);
      continue;
    }
    const discharge = createDischarge({
      ticket: about.ticket,
      sharedKey: ticketKey(world),
      location: about.location,
      caveats: [
        { type: 'ValidityWindow', notBefore: start, notAfter: start + seconds },
        { type: 'FlyioUserID', id: principal.number },
      ],
    });
    return ok(encodeToken(discharge));
  }
  return refuse(why);
}
