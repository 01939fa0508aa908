import { openTicket, readPrivate, type Caveat, type TokenCrypto } from '@hangar/macaroon';
import { ok, refuse, type Result } from '@hangar/http';
import { isLoginOf, loginOfCaveat, type LoginOf } from '../caveats/login-of.ts';

/** A ticket that this service can answer. */
export interface OpenedTicket {
  readonly bytes: Uint8Array;
  readonly sharedKey: Uint8Array;
  readonly dischargeKey: Uint8Array;
  /** What has to clear. */
  readonly caveats: readonly Caveat[];
  /** What it was made for; tickets of before this was written into them do not say. */
  readonly loginOf: LoginOf | undefined;
  /** Whether somebody must sign in: the ticket asks who. */
  readonly asksForIdentity: boolean;
  /** The shortest validity its caveats ask for, in seconds. */
  readonly maxSeconds: number | undefined;
}

/** Why a ticket is not answered. Garbage and foreign tickets are one reason: the difference would be an oracle. */
export type TicketRefusal = { readonly tag: 'not_ours' } | { readonly tag: 'asks_too_much' };

/** Opens a ticket with the keys of this service, newest first, and sees what it asks for. */
export function readTicket(
  bytes: Uint8Array,
  sharedKeys: readonly Uint8Array[],
  crypto?: TokenCrypto,
): Result<OpenedTicket, TicketRefusal> {
  let opened: OpenedTicket | undefined;
  // All keys are tried, whichever fits: how long it takes says nothing.
  for (const sharedKey of sharedKeys) {
    const ticket = openTicket(sharedKey, bytes, crypto);
    if (!ticket.ok) continue;
    const { dischargeKey } = ticket.value;
    const caveats = ticket.value.caveats.filter((caveat) => !isLoginOf(caveat));
    const loginOf = loginOfIn(ticket.value.caveats);
    opened ??= { bytes, sharedKey, dischargeKey, caveats, loginOf, ...demands(caveats) };
  }
  if (!opened) return refuse({ tag: 'not_ours' });
  return opened.caveats.every(isAnswerable) ? ok(opened) : refuse({ tag: 'asks_too_much' });
}

function loginOfIn(caveats: readonly Caveat[]): LoginOf | undefined {
  for (const caveat of caveats) {
    if (caveat.type === 'Unknown' && isLoginOf(caveat)) return readPrivate(loginOfCaveat, caveat)?.value;
  }
  return undefined;
}

function isAnswerable(caveat: Caveat): boolean {
  switch (caveat.type) {
    case 'ConfineUser':
    case 'ConfineOrganization':
    case 'MaxValidity':
    case 'ValidityWindow':
      return true;
    default:
      return false;
  }
}

function demands(caveats: readonly Caveat[]): Pick<OpenedTicket, 'asksForIdentity' | 'maxSeconds'> {
  const limits = caveats.flatMap((caveat) => (caveat.type === 'MaxValidity' ? [Number(caveat.seconds)] : []));
  return {
    asksForIdentity: caveats.some(
      (caveat) => caveat.type === 'ConfineUser' || caveat.type === 'ConfineOrganization',
    ),
    maxSeconds: limits.length > 0 ? Math.min(...limits) : undefined,
  };
}
