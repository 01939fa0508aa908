import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { splitTarget, type HangarError, type Log } from '@hangar/http';
import type { AnsweredFields } from '../processes/answer-lines.ts';
import type { AnswerLog } from '../processes/log.ts';
import { clientAddress, type ClientAddress } from './client-address.ts';
import type { Metrics } from './metrics.ts';

/** A log that may have a cheap line for answers. */
export type ServerLog = Log & Partial<Pick<AnswerLog, 'answered'>>;

const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;

const peerOnly = clientAddress([]);

/** One request, from its head to the line in the log. */
export interface Visit {
  readonly requestId: string;
  readonly rawTarget: string;
  readonly remoteAddress: string | undefined;
  readonly started: number;
  readonly onError: (error: HangarError) => void;
  failure: HangarError | undefined;
  /** What a direct door left to be answered with. */
  handedOver: ((signal: AbortSignal) => Promise<Response>) | undefined;
}

export function visitOf(
  incoming: IncomingMessage,
  { clientAddress: addressOf = peerOnly }: { readonly clientAddress?: ClientAddress },
): Visit {
  const visit: Visit = {
    requestId: requestIdOf(incoming),
    rawTarget: incoming.url ?? '/',
    remoteAddress: addressOf(incoming),
    started: performance.now(),
    failure: undefined,
    handedOver: undefined,
    onError: (error) => {
      visit.failure = error;
    },
  };
  return visit;
}

function requestIdOf(incoming: IncomingMessage): string {
  const given = incoming.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Where a server counts and logs. */
export interface Notebook {
  readonly name: string;
  readonly log: ServerLog;
  readonly metrics: Metrics;
}

/** Counts and logs, when the head of the answer is known. */
export function note(visit: Visit, incoming: IncomingMessage, status: number, notebook: Notebook): void {
  const fields = counted(visit, incoming, status, notebook);
  if (visit.failure) logFailure(notebook.log, fields, visit.failure);
  else if (notebook.log.answered) notebook.log.answered(fields);
  else notebook.log.info({ ...fields }, 'answered');
}

/** No status that anybody is told: its caller went away before there was one. */
const CALLER_GONE = 499;

/** The same for a caller that did not wait for the head. */
export function noteGone(visit: Visit, incoming: IncomingMessage, notebook: Notebook): void {
  notebook.log.info({ ...counted(visit, incoming, CALLER_GONE, notebook) }, 'the caller went away');
}

function counted(
  { requestId, rawTarget, started }: Visit,
  { method = '' }: IncomingMessage,
  status: number,
  { name, metrics }: Notebook,
): AnsweredFields {
  const seconds = (performance.now() - started) / 1000;
  metrics.request(name, method, status, seconds);
  const { path } = splitTarget(rawTarget);
  return { door: name, requestId, method, path, status, ms: Math.round(seconds * 1000) };
}

/** Logged once, at the edge: the private reason for us, which the caller never saw. */
function logFailure(log: ServerLog, fields: AnsweredFields, failure: HangarError): void {
  const { code, message, cause } = failure;
  if (failure.status < 500 && cause === undefined && log.answered) {
    log.answered(fields, { code, reason: message });
    return;
  }
  const reason = { ...fields, code, reason: message, cause };
  if (failure.status >= 500) log.error(reason, 'failed');
  else log.info(reason, 'refused');
}
