import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Direct, DirectContext } from '@hangar/http';
import { doubled, namesPlainHost } from './ambiguous-head.ts';
import type { ClientAddress } from './client-address.ts';
import type { Running } from './running.ts';
import { note, noteGone, visitOf, type Notebook, type Visit } from './visit.ts';

/** Those that a direct door has handed over. */
const visits = new WeakMap<IncomingMessage, Visit>();

/** The visit that a direct door began and handed over. */
export function handedOver(incoming: IncomingMessage): Visit | undefined {
  return visits.get(incoming);
}

/** What a direct door's server has beside it. */
export interface DirectServer extends Notebook {
  readonly clientAddress?: ClientAddress;
  /** The fetch door. */
  readonly listener: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;
  readonly running: Running;
}

/** True when the request is answered, or will be, without the fetch door being asked. */
export function answerDirectly(
  direct: Direct,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  server: DirectServer,
): boolean {
  if (incoming.method !== 'GET' || !namesPlainHost(incoming) || doubled(incoming) !== undefined) return false;
  // An answer that waits behind another on its connection is never told that the connection is gone.
  if (outgoing.socket === null) return false;
  const visit = visitOf(incoming, server);
  let isNoted = false;
  // Whoever left has been taken note of, and nobody reads what would be answered.
  const context: DirectContext = {
    rawTarget: visit.rawTarget,
    requestId: visit.requestId,
    remoteAddress: visit.remoteAddress,
    onError: visit.onError,
    answered: (status) => {
      if (isNoted) return;
      isNoted = true;
      note(visit, incoming, status, server);
    },
    handOver: (answer) => {
      if (isNoted) return;
      isNoted = true;
      visit.handedOver = answer;
      visits.set(incoming, visit);
      void server.listener(incoming, outgoing);
    },
  };
  try {
    if (!direct(incoming, outgoing, context)) return false;
  } catch (error) {
    server.log.error({ door: server.name, requestId: visit.requestId, err: error }, 'a direct door broke');
    if (outgoing.headersSent) outgoing.destroy();
    return outgoing.headersSent || visit.handedOver !== undefined;
  }
  server.running.begin();
  outgoing.once('close', () => {
    if (!isNoted) noteGone(visit, incoming, server);
    isNoted = true;
    server.running.end();
  });
  return true;
}
