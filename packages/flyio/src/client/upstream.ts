import { HangarError, ok, refuse, type Result } from '@hangar/http';
import { type Secret } from '@hangar/security';
import { createOriginPool, type Dispatcher } from '@hangar/security/outgoing';
import { authorizationFor } from '../authorization.ts';

/** One request to the Machines API, on its way as it is. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, already escaped; begins with `/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Dispatcher.DispatchOptions['body'];
  readonly signal?: AbortSignal;
  /** Until the answer's headers, in milliseconds; default 75,000. */
  readonly timeoutMs?: number;
}

/** The answer, its body still to be read. Read it or destroy it: until then it holds a socket. */
export interface UpstreamAnswer {
  readonly status: number;
  /** As received, lower-case names; a repeated header is a list. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Dispatcher.ResponseData['body'];
}

/** Why there is no usable answer. */
export type UpstreamReason =
  /** It said no. The body is its own, parsed when it was JSON. */
  | { readonly tag: 'refused'; readonly status: number; readonly body: unknown }
  /** Nothing was sent, or nothing that changes anything: safe to repeat. */
  | {
      readonly tag: 'unreachable';
      readonly detail: string;
      /** Why there was no credential to send, when that is the reason: worth telling as it is. */
      readonly noCredential?: HangarError;
    }
  /**
   * Sent, and no answer came: it may have taken effect. Also a connection that broke after a write was sent.
   */
  | { readonly tag: 'timeout'; readonly detail: string }
  /** It said yes in words that are not those of its documentation. */
  | { readonly tag: 'malformed'; readonly status: number; readonly detail: string };

/** Why a raw request has no answer at all. */
export type UpstreamFailure = Extract<UpstreamReason, { tag: 'unreachable' | 'timeout' }>;

/** What the typed client and the gateway's forwarding are built on. */
export interface Upstream {
  /**
   * Sends once. Any answer is a yes; the operator's token is added unless the request brings an
   * Authorization.
   */
  send(request: UpstreamRequest): Promise<Result<UpstreamAnswer, UpstreamFailure>>;
  /** Ends the sockets at once; an answer that is still being read breaks off. A shared pool is left alone. */
  close(): Promise<void>;
}

/** Options of {@link createUpstream}. */
export interface UpstreamOptions {
  readonly baseUrl: string;
  /** Asked at every call. A HangarError that it throws is the answer: nothing is sent without a credential. */
  readonly token: () => Secret | Promise<Secret>;
  /** The pool to use, for one that is shared; default a pool of its own. */
  readonly pool?: Dispatcher;
}

const HEADERS_TIMEOUT_MS = 75_000;

/**
 * Methods that can be repeated without asking (RFC 9110, 9.2.1); for all others a broken connection is a
 * timeout.
 */
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Errors from before a byte of the request was written. */
const NEVER_SENT: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
];
const TIMEOUTS: readonly string[] = [
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_ABORTED',
  'ABORT_ERR',
];

/** Makes the sender over undici's pool: built-in fetch is an order of magnitude slower as a client. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const pool = options.pool ?? createOriginPool(base.origin);
  return {
    async send(request) {
      const headers: Record<string, string> = { ...request.headers };
      if (!Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) {
        const credential = await credentialOf(options);
        if (!credential.ok) return credential;
        headers['authorization'] = credential.value;
      }
      try {
        const answer = await pool.request({
          origin: base.origin,
          path: prefix + request.path,
          method: request.method,
          headers,
          body: request.body ?? null,
          signal: request.signal ?? null,
          headersTimeout: request.timeoutMs ?? HEADERS_TIMEOUT_MS,
        });
        // Whoever destroys the body unread must not bring the process down by the error that undici then
        // emits.
        answer.body.on('error', () => undefined);
        return ok({ status: answer.statusCode, headers: answer.headers, body: answer.body });
      } catch (error) {
        return refuse(failureOf(error, request.method));
      }
    },
    async close() {
      if (!options.pool) await pool.destroy();
    },
  };
}

async function credentialOf(options: UpstreamOptions): Promise<Result<string, UpstreamFailure>> {
  try {
    return ok(authorizationFor(await options.token()));
  } catch (error) {
    if (!(error instanceof HangarError)) throw error;
    return refuse({ tag: 'unreachable', detail: error.sentence, noCredential: error });
  }
}

/** Sorts an error of the socket into "nothing happened" and "who knows". */
export function failureOf(error: unknown, method: string): UpstreamFailure {
  const code = codeOf(error);
  const detail = `${code}: ${error instanceof Error ? error.message : String(error)}`;
  if (NEVER_SENT.includes(code)) return { tag: 'unreachable', detail };
  const late =
    TIMEOUTS.includes(code) || (error instanceof Error && /^(Abort|Timeout)Error$/.test(error.name));
  if (late || !SAFE_METHODS.includes(method.toUpperCase())) return { tag: 'timeout', detail };
  return { tag: 'unreachable', detail };
}

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error instanceof Error ? error.name : 'unknown';
}
