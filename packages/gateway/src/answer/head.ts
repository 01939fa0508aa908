import type { RenderedError } from '@hangar/http';
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

/** A head for node:http: names and values in turn, which it writes without looking each up. */
export type DirectHead = string[];

/** The same head for node:http. */
export function directHead(
  upstream: Readonly<Record<string, string | string[] | undefined>>,
  ours: { readonly requestId: string; readonly environment: string },
): DirectHead {
  const head = ourHead(ours);
  for (const name of PASSED_BACK) {
    const value = upstream[name];
    if (value !== undefined) head.push(name, typeof value === 'string' ? value : value.join(', '));
  }
  return head;
}

/** The head of a refusal for node:http: what it was rendered with, and our own marks. */
export function refusalHead({ headers, text }: RenderedError, requestId: string): DirectHead {
  const head = ourHead({ requestId, environment: undefined });
  for (const [name, value] of Object.entries(headers)) if (!OURS.has(name)) head.push(name, value);
  head.push('content-length', String(Buffer.byteLength(text)));
  return head;
}

/** Those that {@link ourHead} writes, whatever else says them. */
const OURS = new Set(['hangar-request-id', 'x-request-id', 'cache-control', 'x-content-type-options']);

function ourHead({
  requestId,
  environment,
}: {
  readonly requestId: string;
  readonly environment: string | undefined;
}): DirectHead {
  const head = [
    'hangar-request-id',
    requestId,
    'x-request-id',
    requestId,
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
  ];
  if (environment !== undefined) head.push('hangar-environment', environment);
  return head;
}
