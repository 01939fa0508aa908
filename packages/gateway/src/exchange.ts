import { HangarError, parseStrictJson, readBody, type Door, type JsonReason } from '@hangar/security';
import type { Caller, RequestPlan } from './decide.ts';
import type { Environment } from './environment.ts';
import { markAnswer } from './headers.ts';
import type { Clearance } from './ports.ts';

/** An allowed request on its way through the gateway. */
export interface Exchange {
  readonly request: Request;
  readonly door: Door;
  readonly plan: RequestPlan;
  readonly caller: Caller;
  /** What allowed it. Undefined for a list that is cut down to what the token may see. */
  readonly clearance: Clearance | undefined;
  /** The live environment of the path, when the path names one. */
  readonly environment: Environment | undefined;
  /** Headers for upstream. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An exchange whose path names an app. */
export type AppExchange = Exchange & { readonly environment: Environment };

/** What an operation answers, before it is rendered. */
export interface Answer {
  readonly status: number;
  /** Undefined for an answer without a body. */
  readonly json?: unknown;
}

/** Narrows an exchange to one about an app; the route table guarantees it. */
export function appOf(exchange: Exchange): AppExchange {
  const { environment } = exchange;
  if (!environment)
    throw new HangarError('internal', { detail: `${exchange.plan.route.id} has no app in its path` });
  return { ...exchange, environment };
}

/** Renders an answer in JSON with the gateway's marks. */
export function respond(
  { door, environment }: Exchange,
  answer: Answer,
  more: Record<string, string> = {},
): Response {
  const headers = markAnswer(new Headers(more), { requestId: door.requestId, environment: environment?.id });
  if (answer.json === undefined) return new Response(null, { status: answer.status, headers });
  headers.set('content-type', 'application/json; charset=utf-8');
  return new Response(JSON.stringify(answer.json), { status: answer.status, headers });
}

/**
 * Reads the JSON body of a request, as long as its route allows; an empty one is undefined.
 * @throws HangarError `too_large`, or `bad_request` for anything that is not one unambiguous JSON value
 */
export async function readJson({
  request,
  plan,
  door,
}: Pick<Exchange, 'request' | 'plan' | 'door'>): Promise<{ bytes: Uint8Array; value: unknown }> {
  const { treatment } = plan.route;
  const maxBytes = treatment.kind === 'refuse' ? 0 : treatment.maxBodyBytes;
  const bytes = await readBody(request, maxBytes, door);
  if (bytes.byteLength === 0) return { bytes, value: undefined };
  const parsed = parseStrictJson(bytes, { maxBytes });
  if (!parsed.ok) throw jsonError(parsed.reason);
  return { bytes, value: parsed.value };
}

function jsonError(reason: JsonReason): HangarError {
  switch (reason.tag) {
    case 'json_too_large':
      return new HangarError('too_large', { public: `the request is larger than ${reason.maxBytes} bytes` });
    case 'json_duplicate_key':
      return new HangarError('bad_request', { public: `the body holds "${reason.key}" twice` });
    case 'json_too_deep':
      return new HangarError('bad_request', { public: `the body is nested deeper than ${reason.maxDepth}` });
    case 'json_not_utf8':
    case 'json_malformed':
      return new HangarError('bad_request', { public: 'the body is not JSON in UTF-8' });
  }
}
