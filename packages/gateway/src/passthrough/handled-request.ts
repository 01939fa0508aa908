import { readBody, type RequestContext } from '@hangar/http';
import type { Secret } from '@hangar/security';
import { jsonIn } from '../request/whole-request.ts';
import { headersForOwnBody } from './headers.ts';

/** A request with its caller's credential, which upstream judges. */
export interface CallersRequest {
  readonly request: Request;
  readonly door: RequestContext;
  readonly authorization: Secret;
}

/** One that we answer ourselves, so it came to its last byte before anything is asked. */
export interface HandledRequest extends CallersRequest {
  /** For the call that is made of it. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for an empty body. */
  readonly json: unknown;
}

/** A machine's config holds files; what is larger is an image. */
const BODY_BYTES = 1_048_576;

/**
 * Reads a body that we have to understand.
 * @throws HangarError `too_large`, `unsupported_media_type`, or `bad_request` for what is not one unambiguous JSON value
 */
export async function readHandled(callers: CallersRequest): Promise<HandledRequest> {
  const headers = headersForOwnBody(callers.request.headers);
  const bytes = await readBody(callers.request, BODY_BYTES, callers.door);
  return { ...callers, headers, json: jsonIn(bytes) };
}
