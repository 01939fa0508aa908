import { LEASE_NONCE } from '../request/headers.ts';

/** The response headers that come back. */
const PASSED_BACK: readonly string[] = ['content-type', 'fly-request-id', 'retry-after', LEASE_NONCE];

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

/** The same head for node:http. */
export function directHead(
  upstream: Readonly<Record<string, string | string[] | undefined>>,
  ours: { readonly requestId: string; readonly environment: string },
): Record<string, string> {
  const head: Record<string, string> = {};
  for (const name of PASSED_BACK) {
    const value = upstream[name];
    if (value !== undefined) head[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return markHead(head, ours);
}

/** Puts our own marks on a head for node:http. */
export function markHead(
  head: Record<string, string>,
  ours: { readonly requestId: string; readonly environment: string | undefined },
): Record<string, string> {
  head['hangar-request-id'] = ours.requestId;
  head['x-request-id'] = ours.requestId;
  head['cache-control'] = 'no-store';
  head['x-content-type-options'] = 'nosniff';
  if (ours.environment !== undefined) head['hangar-environment'] = ours.environment;
  return head;
}
