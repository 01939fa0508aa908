import { ok, refuse, type Result } from '@hangar/http';
import { addressInReality, addressOnTheWire, type OriginsServedBySimulator } from './discharge-url.ts';

const MAX_REDIRECTS = 3;
const MAX_ANSWER_BYTES = 65_536;

/** The way out. `@hangar/security/outgoing` is one; it bounds time, size and where a name may resolve to. */
export interface DischargeTransport {
  send(request: {
    method: string;
    url: string;
    headers?: Record<string, string>;
    body?: string;
    signal?: AbortSignal;
  }): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Uint8Array }>;
}

/** An answer that was read. `body` is undefined when it was no JSON object. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterSeconds: number | undefined;
}

/** Why there is no answer. */
export type ConversationReason =
  | { readonly tag: 'unreachable'; readonly cause: unknown }
  | { readonly tag: 'redirected_away' };

/**
 * Talks with one third party on behalf of one principal: keeps its cookies, and sends credentials to the
 * exact origin they were given for, redirects included.
 */
export function createConversation(options: {
  transport: DischargeTransport;
  /** Origin to Authorization value. */
  credentials: ReadonlyMap<string, string>;
  originsServedBySimulator?: OriginsServedBySimulator | undefined;
}) {
  const simulated = options.originsServedBySimulator;
  const cookies = new Map<string, Map<string, string>>();

  function headersFor(origin: string, sendsJson: boolean): Record<string, string> {
    const jar = [...(cookies.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`);
    const credential = options.credentials.get(origin);
    return {
      accept: 'application/json',
      ...(sendsJson ? { 'content-type': 'application/json' } : {}),
      ...(credential === undefined ? {} : { authorization: credential }),
      ...(jar.length > 0 ? { cookie: jar.join('; ') } : {}),
    };
  }

  function keepCookies(origin: string, headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1);
      const at = pair.indexOf('=');
      if (at <= 0) continue;
      const jar = cookies.get(origin) ?? new Map<string, string>();
      jar.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
      cookies.set(origin, jar);
    }
  }

  return async function ask(
    method: 'GET' | 'POST',
    start: URL,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<Result<Answer, ConversationReason>> {
    let url = start;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      let response;
      try {
        response = await options.transport.send({
          method,
          url: addressOnTheWire(url, simulated).href,
          headers: headersFor(url.origin, body !== undefined),
          signal,
          body,
        });
      } catch (cause) {
        return refuse({ tag: 'unreachable', cause });
      }
      keepCookies(url.origin, response.headers);
      const target = redirectOf(response.status, response.headers, url);
      if (target === undefined) return ok(readAnswer(response));
      const next = addressInReality(target, url.origin, simulated);
      // Another origin would get the ticket; only the same one is followed.
      if (next.origin !== url.origin) return refuse({ tag: 'redirected_away' });
      url = next;
    }
    return refuse({ tag: 'redirected_away' });
  };
}

function redirectOf(status: number, headers: Headers, from: URL): URL | undefined {
  // 301 to 303 would turn a POST into a GET; the protocol has no use for that.
  if (status !== 307 && status !== 308) return undefined;
  const target = headers.get('location');
  return target !== null && URL.canParse(target, from.href) ? new URL(target, from.href) : undefined;
}

function readAnswer(response: { status: number; headers: Headers; body: Uint8Array }): Answer {
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  return {
    status: response.status,
    body: response.body.length > MAX_ANSWER_BYTES ? undefined : readObject(response.body),
    retryAfterSeconds: Number.isFinite(after) && after >= 0 ? after : undefined,
  };
}

function readObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
