import { HangarError, ok, refuse, type Result, type Soon } from '@hangar/http';
import { type Secret } from '@hangar/security';
import { createOriginPool, type Dispatcher } from '@hangar/security/outgoing';
import { authorizationFor } from '../authorization.ts';
import { Dispatched, type DispatchedCall, type UpstreamHandler } from './dispatched.ts';
import { failureOf, type UpstreamFailure } from './upstream-failure.ts';

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

/** What the typed client and the gateway's forwarding are built on. */
export interface Upstream {
  /** As `send`, with the bytes handed on as they come and without any stream; for calls without a body. */
  dispatch(request: Omit<UpstreamRequest, 'body' | 'signal'>, handler: UpstreamHandler): DispatchedCall;
  /**
   * Sends once. Any answer is a yes; the operator's token, where there is one, is added unless the request brings an
   * Authorization.
   */
  send(request: UpstreamRequest): Promise<Result<UpstreamAnswer, UpstreamFailure>>;
  /** Ends the sockets at once; an answer that is still being read breaks off. A shared pool is left alone. */
  close(): Promise<void>;
}

/** Options of {@link createUpstream}. */
export interface UpstreamOptions {
  readonly baseUrl: string;
  /**
   * Asked at every call. A HangarError that it throws is the answer: nothing is sent without a credential. Undefined
   * where each request brings its caller's own, or none.
   */
  readonly token: (() => Soon<Secret>) | undefined;
  /** The pool to use, for one that is shared; default a pool of its own. */
  readonly pool?: Dispatcher;
}

const HEADERS_TIMEOUT_MS = 75_000;

/** Makes the sender over undici's pool: built-in fetch is an order of magnitude slower as a client. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const pool = options.pool ?? createOriginPool(base.origin);
  const credential = credentialOf(options);
  return {
    async send(request) {
      const headers: Record<string, string> = { ...request.headers };
      if (!Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) {
        const found = await credential();
        if (!found.ok) return found;
        if (found.value !== undefined) headers['authorization'] = found.value;
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
    dispatch({ method, path, headers, timeoutMs }, handler) {
      const call = new Dispatched(method, handler);
      const send = (authorization: string | undefined): void => {
        if (call.isOver) return;
        const request = {
          origin: base.origin,
          path: prefix + path,
          method,
          headers:
            authorization === undefined ? { ...headers } : Object.assign({}, headers, { authorization }),
          headersTimeout: timeoutMs ?? HEADERS_TIMEOUT_MS,
        };
        pool.dispatch(request, call);
      };
      const found = credential();
      // What fails at once is told when the caller has its call, as what fails later is.
      if (!(found instanceof Promise) && found.ok) send(found.value);
      else
        Promise.resolve(found).then(
          (later) => (later.ok ? send(later.value) : call.fail(later.reason)),
          (error: unknown) => call.fail(failureOf(error, method)),
        );
      return call;
    },
    async close() {
      if (!options.pool) await pool.destroy();
    },
  };
}

/** The Authorization to send, written once for each token; undefined where there is none of ours. */
function credentialOf({ token }: UpstreamOptions): () => Soon<Result<string | undefined, UpstreamFailure>> {
  if (token === undefined) return () => ok(undefined);
  let written: { readonly secret: Secret; readonly text: string } | undefined;
  const textOf = (secret: Secret): Result<string, UpstreamFailure> => {
    if (written?.secret !== secret) written = { secret, text: authorizationFor(secret) };
    return ok(written.text);
  };
  const without = (error: unknown): Result<string, UpstreamFailure> => {
    if (!(error instanceof HangarError)) throw error;
    return refuse({ tag: 'unreachable', detail: error.sentence, noCredential: error });
  };
  return () => {
    try {
      const secret = token();
      return secret instanceof Promise ? secret.then(textOf).catch(without) : textOf(secret);
    } catch (error) {
      return without(error);
    }
  };
}
