import type { Upstream, UpstreamRequest } from '@hangar/flyio';
import { HangarError, type RequestContext } from '@hangar/http';
import type { Secret } from '@hangar/security';
import { forwardedRefusal } from '../answer/forwarded-refusal.ts';
import { markAnswer } from '../answer/head.ts';
import {
  codeFor,
  jsonOf,
  parseJson,
  PATIENCE_MS,
  replyOf,
  upstreamError,
  type UpstreamReply,
} from '../upstream/send.ts';
import { headersForCaller } from './headers.ts';

/** One call upstream with the caller's own credential. */
export interface CallerCall {
  readonly method: string;
  /** Path and query, built by us. */
  readonly target: string;
  /** As the caller sent it, to the letter. Undefined where it sent none. */
  readonly authorization: Secret | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: UpstreamRequest['body'] | undefined;
  readonly patienceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Methods that change nothing, so that a failure may invite to send them again. */
export function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The Machines API as a caller reaches it through us: nothing is sent twice, no redirect followed, nothing added. */
export class CallerUpstream {
  readonly #upstream: Upstream;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** @throws HangarError `upstream_unreachable` or `upstream_timeout` when there is no answer */
  async send(call: CallerCall): Promise<UpstreamReply> {
    const repeatable = isRead(call.method);
    const headers: Record<string, string> = { 'user-agent': 'hangar', ...call.headers };
    if (call.authorization !== undefined) headers['authorization'] = call.authorization.reveal();
    const sent = await this.#upstream.send({
      method: call.method,
      path: call.target,
      headers,
      timeoutMs: call.patienceMs ?? PATIENCE_MS,
      body: call.body,
      signal: call.signal,
    });
    if (sent.ok) return replyOf(sent.value, { repeatable });
    throw upstreamError(sent.reason, repeatable);
  }

  /** The JSON of a yes, or the refusal with its body still to be read. */
  async json(call: CallerCall): Promise<{ json: unknown } | { refusal: UpstreamReply }> {
    const reply = await this.send(call);
    if (reply.status >= 300) return { refusal: reply };
    return { json: await jsonOf(reply, { repeatable: isRead(call.method) }) };
  }
}

/**
 * Upstream's answer for the caller: what it says streams through, a refusal gets our code and request id beside its own
 * words. A 502 or 503 to something that must not be done twice is told as 504, since real clients repeat those blindly
 * (docs/specs/gateway.md#lost-answers).
 */
export async function bringBack(
  reply: UpstreamReply,
  method: string,
  { requestId, cut }: Pick<RequestContext, 'requestId' | 'cut'>,
): Promise<Response> {
  const headers = markAnswer(headersForCaller(reply.headers), { requestId, environment: undefined });
  const { status } = reply;
  if ((status >= 300 && status < 400 && status !== 304) || status > 599) {
    await reply.drop();
    throw new HangarError('upstream_failed', {
      status: isRead(method) ? 502 : 500,
      detail: `upstream answered ${status}`,
    });
  }
  if (status < 400) return new Response(method === 'HEAD' ? null : reply.stream(cut), { status, headers });
  const isDangerous = !isRead(method) && (status === 502 || status === 503);
  for (const name of ['content-encoding', 'content-range', 'content-disposition', 'etag'])
    headers.delete(name);
  return await forwardedRefusal(isDangerous ? { ...reply, status: 504 } : reply, headers, requestId);
}

/** A refusal that ends something of many steps, in upstream's words. */
export async function refusalOf(reply: UpstreamReply): Promise<HangarError> {
  const { status } = reply;
  const json = parseJson(await reply.bytes()) as { error?: unknown } | null | undefined;
  const sentence = typeof json?.error === 'string' ? json.error : `Fly.io answered ${status}`;
  if (status >= 500 || status < 400)
    return new HangarError('upstream_failed', { status: 504, detail: sentence });
  return new HangarError(codeFor(status), { status, public: sentence });
}
