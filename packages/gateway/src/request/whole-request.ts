import { HangarError, parseStrictJson, readBody, type RequestContext, type JsonReason } from '@hangar/http';
import type { HeaderReader } from './headers.ts';
import type { RequestPlan } from './plan.ts';

/** What came before the body. The signal is made when it is asked for. */
export interface Head {
  readonly method: string;
  readonly headers: HeaderReader;
  readonly signal: () => AbortSignal;
}

const NO_BYTES = new Uint8Array();

/**
 * A request that came in to its last byte: the second step of the pipeline. Only {@link WholeRequest.read} makes one. The
 * `Request` is not handed on, so nothing after this step can wait for its sender.
 */
export class WholeRequest {
  readonly plan: RequestPlan;
  readonly door: RequestContext;
  readonly method: string;
  readonly headers: HeaderReader;
  readonly #signal: () => AbortSignal;
  readonly #bytes: Uint8Array;

  private constructor(plan: RequestPlan, door: RequestContext, head: Head, bytes: Uint8Array) {
    this.plan = plan;
    this.door = door;
    this.method = head.method;
    this.headers = head.headers;
    this.#signal = head.signal;
    this.#bytes = bytes;
  }

  /** Ends when the sender hangs up. */
  get signal(): AbortSignal {
    return this.#signal();
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Waits for the last byte, before any credential is looked at: a body may take seconds to come, and by its end a token
   * can be revoked and an app can be somebody else's.
   * @throws HangarError `too_large` over the limit of the route, `bad_request` when the body ended early
   */
  static async read(plan: RequestPlan, request: Request, door: RequestContext): Promise<WholeRequest> {
    const { treatment } = plan.route;
    const maxBytes = treatment.kind === 'refuse' ? REFUSED_BYTES : treatment.maxBodyBytes;
    const { method, headers } = request;
    const head: Head = { method, headers, signal: () => request.signal };
    return new WholeRequest(plan, door, head, await readBody(request, maxBytes, door));
  }

  /** A request of which only the head is to come: it announces no body. */
  static withoutBody(plan: RequestPlan, head: Head, door: RequestContext): WholeRequest {
    return new WholeRequest(plan, door, head, NO_BYTES);
  }

  /**
   * The body as JSON; an empty one is undefined. Read when it is asked for, so that only known senders cost the parsing.
   * @throws HangarError `bad_request` for anything that is not one unambiguous JSON value
   */
  json(): unknown {
    return jsonIn(this.bytes);
  }
}

/**
 * The JSON of a whole body; an empty one is undefined.
 * @throws HangarError `bad_request` for anything that is not one unambiguous JSON value
 */
export function jsonIn(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return undefined;
  const parsed = parseStrictJson(bytes, { maxBytes: bytes.byteLength });
  if (!parsed.ok) throw jsonError(parsed.reason);
  return parsed.value;
}

/** What a route that is refused in any case still reads, so that it is refused in its own words. */
const REFUSED_BYTES = 65_536;

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
