import type { Macaroon } from '@hangar/macaroon';
import { isOver } from '../caveats/validity.ts';

/** Which discharges of a header answer which token. */
export interface Answers {
  to(token: Macaroon): {
    /** Those that are not over. */
    readonly current: readonly Macaroon[];
    /** Locations whose discharge is over. */
    readonly lateAt: ReadonlySet<string>;
  };
}

/**
 * Sorts the discharges of a header by their tickets, once: a header may hold hundreds of tokens with a dozen tickets
 * each, and nobody may make us compare every one with every other.
 */
export function answersOf(discharges: readonly Macaroon[], at: Date): Answers {
  const byTicket = new Map<string, { macaroon: Macaroon; isOver: boolean }[]>();
  for (const macaroon of discharges) {
    const ticket = keyOf(macaroon.nonce.keyId);
    const others = byTicket.get(ticket) ?? [];
    others.push({ macaroon, isOver: isOver(macaroon.caveats, at) });
    byTicket.set(ticket, others);
  }
  return {
    to: (token) => {
      const current = new Set<Macaroon>();
      const lateAt = new Set<string>();
      for (const caveat of byTicket.size === 0 ? [] : token.caveats) {
        if (caveat.type !== '3P') continue;
        for (const one of byTicket.get(keyOf(caveat.ticket)) ?? []) {
          if (one.isOver) lateAt.add(caveat.location);
          else current.add(one.macaroon);
        }
      }
      return { current: [...current], lateAt };
    },
  };
}

// Tickets are public labels in the same header, so nothing is given away by looking them up plainly.
function keyOf(ticket: Uint8Array): string {
  return Buffer.from(ticket.buffer, ticket.byteOffset, ticket.byteLength).toString('latin1');
}
