import { errorTable, type ErrorCode } from './error-table.ts';
import type { RequestContext } from './request-context.ts';

/** What a thrower may add to a code. */
export interface HangarErrorOptions {
  /** The private reason: goes to the log, never to the caller. */
  readonly detail?: string;
  /** Replaces the public sentence, where the code's row has `expose`. */
  readonly public?: string;
  /** Field name to fault, for forms and for `invalid`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** More public members of the error body, such as `caveat` or `location`. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** More headers of the answer, such as `allow` or `www-authenticate`. Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
  /** Another status than the table's, where a door imitates somebody else's API. */
  readonly status?: number;
}

/** The one error that is thrown on purpose. Its `code` is the contract; its `message` is for the log. */
export class HangarError extends Error {
  override readonly name = 'HangarError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  /** What the outside hears. */
  readonly sentence: string;
  readonly detail: string | undefined;
  readonly fields: Readonly<Record<string, string>> | undefined;
  readonly extra: Readonly<Record<string, unknown>> | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: HangarErrorOptions = {}) {
    const row = errorTable[code];
    const status = options.status ?? row.status;
    // A refusal is told by its code and its reason. Its stack, which nobody reads, would cost more than all of the rest of it.
    const frames = Error.stackTraceLimit;
    if (status < 500) Error.stackTraceLimit = 0;
    super(
      options.detail ?? options.public ?? row.sentence,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    Error.stackTraceLimit = frames;
    this.code = code;
    this.status = status;
    this.retryable = row.retryable;
    this.sentence = row.expose && options.public !== undefined ? options.public : row.sentence;
    this.detail = options.detail;
    this.fields = options.fields;
    this.extra = options.extra;
    this.headers = options.headers;
    this.retryAfterSeconds = options.retryAfterSeconds ?? row.retryAfterSeconds;
  }
}

/** A library that passes an error on may wrap it, and what it wrapped wrap another. */
const WRAPPED_AT_MOST = 5;

/**
 * Any thrown value as a HangarError. One that a library wrapped on its way is still that failure; what was not thrown on
 * purpose becomes `internal`, with the original as cause.
 */
export function asHangarError(error: unknown): HangarError {
  let inner = error;
  for (let depth = 0; depth < WRAPPED_AT_MOST && inner instanceof Error; depth += 1) {
    if (inner instanceof HangarError) return inner;
    inner = inner.cause;
  }
  const detail =
    error instanceof Error ? `${error.name}: ${error.message}` : 'a value that is not an Error was thrown';
  return new HangarError('internal', { detail, cause: error });
}

/** The JSON body of an error answer. `error` is a plain sentence: flyctl prints it, and matches on it. */
export interface ErrorBody {
  readonly error: string;
  readonly code: ErrorCode;
  readonly request_id: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly [extra: string]: unknown;
}

/** Renders an error for the outside. The extra members can't replace the three fixed ones. */
export function errorBody(error: HangarError, requestId: string): ErrorBody {
  // Member by member, which costs a tenth of a spread: strangers decide how often this is done.
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(error.extra ?? NONE)) body[name] = value;
  body['error'] = error.sentence;
  body['code'] = error.code;
  body['request_id'] = requestId;
  if (error.fields) body['fields'] = error.fields;
  return body as unknown as ErrorBody;
}

/** An error as any door writes it. */
export interface RenderedError {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const NONE: Readonly<Record<string, never>> = {};

/** Renders an error: JSON, never cached, with the request id and, where it helps, `Retry-After`. */
export function renderError(error: HangarError, requestId: string): RenderedError {
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  };
  for (const [name, value] of Object.entries(error.headers ?? NONE)) headers[name] ??= value;
  if (error.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(Math.max(0, Math.ceil(error.retryAfterSeconds)));
  return { status: error.status, headers, text: JSON.stringify(errorBody(error, requestId)) };
}

/** The error as an answer. */
export function errorResponse(error: HangarError, requestId: string): Response {
  const { status, headers, text } = renderError(error, requestId);
  return new Response(text, { status, headers });
}

/**
 * Whatever a handler threw, as its answer. Whoever serves the door is told the whole error; the outside hears what the table
 * says.
 */
export function answerError(
  thrown: unknown,
  { requestId, onError }: Pick<RequestContext, 'requestId' | 'onError'>,
): Response {
  const error = asHangarError(thrown);
  onError?.(error);
  return errorResponse(error, requestId);
}

/** A handler for the methods that a path does not have, with those that it has: `GET, POST`. */
export function onlyAllow(allow: string): () => never {
  return () => {
    throw new HangarError('method_not_allowed', { headers: { allow } });
  };
}
