import { LEASE_NONCE } from '../request/headers.ts';

/** The response headers that come back. */
export const PASSED_BACK: readonly string[] = ['content-type', 'fly-request-id', 'retry-after', LEASE_NONCE];

/** Headers of an answer: the allowed ones of upstream, and ours. */
export function responseHeaders(
  upstream: Headers,
  ours: { requestId: string; environment: string | undefined },
): Headers {
  const headers = new Headers();
  for (const name of PASSED_BACK) {
    const value = upstream.get(name);
    if (value !== null) headers.set(name, value);
  }
  return markAnswer(headers, ours);
}

/** Puts our own marks on an answer. */
export function markAnswer(
  headers: Headers,
  ours: { requestId: string; environment: string | undefined },
): Headers {
  headers.set('hangar-request-id', ours.requestId);
  headers.set('x-request-id', ours.requestId);
  headers.set('cache-control', 'no-store');
  headers.set('x-content-type-options', 'nosniff');
  if (ours.environment !== undefined) headers.set('hangar-environment', ours.environment);
  return headers;
}
