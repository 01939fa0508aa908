import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { splitTarget, type HangarError, type Log, type RequestContext } from '@hangar/http';
import type { AnsweredFields } from '../processes/answer-lines.ts';
import type { AnswerLog } from '../processes/log.ts';
import { clientAddress, type ClientAddress } from './client-address.ts';
import type { Metrics } from './metrics.ts';

/** A log that may have a cheap line for answers that went well. */
export type ServerLog = Log & Partial<Pick<AnswerLog, 'answered'>>;

const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;

const peerOnly = clientAddress([]);

/** One request, from its head to the line in the log. */
export interface Visit {
  readonly requestId: string;
  readonly rawTarget: string;
  readonly remoteAddress: string | undefined;
  readonly started: number;
  failure: HangarError | undefined;
  /** What a direct door left to be answered with. */
  handedOver?: (signal: AbortSignal) => Promise<Response>;
}

export function visitOf(
  incoming: IncomingMessage,
  { clientAddress: addressOf = peerOnly }: { readonly clientAddress?: ClientAddress },
): Visit {
  return {
    requestId: requestIdOf(incoming),
    rawTarget: incoming.url ?? '/',
    remoteAddress: addressOf(incoming),
    started: performance.now(),
    failure: undefined,
  };
}

export function contextOf(visit: Visit): RequestContext {
  const { rawTarget, requestId, remoteAddress } = visit;
  return {
    rawTarget,
    requestId,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    onError: (error) => {
      visit.failure = error;
    },
  };
}

function requestIdOf(incoming: IncomingMessage): string {
  const given = incoming.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Counts and logs, when the head of the answer is known. */
export function note(
  { requestId, rawTarget, started, failure }: Visit,
  { method }: IncomingMessage,
  status: number,
  options: { readonly name: string; readonly log: ServerLog; readonly metrics: Metrics },
): void {
  const seconds = (performance.now() - started) / 1000;
  options.metrics.request(options.name, method ?? '', status, seconds);
  const fields = {
    door: options.name,
    requestId,
    method: method ?? '',
    path: splitTarget(rawTarget).path,
    status,
    ms: Math.round(seconds * 1000),
  };
  if (failure) logFailure(options.log, fields, failure);
  else if (options.log.answered) options.log.answered(fields);
  else options.log.info(fields, 'answered');
}

/** Logged once, at the edge: the private reason for us, which the caller never saw. */
function logFailure(log: Log, fields: AnsweredFields, failure: HangarError): void {
  const reason = { ...fields, code: failure.code, reason: failure.message, cause: failure.cause };
  if (failure.status >= 500) log.error(reason, 'failed');
  else log.info(reason, 'refused');
}
