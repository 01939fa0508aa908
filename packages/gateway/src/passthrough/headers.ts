import { HangarError } from '@hangar/http';
import { LEASE_NONCE } from '../request/headers.ts';

/**
 * The request headers that go on, beside Authorization. Not on it: cookies and what a proxy in front of us wrote
 * (`Fly-Client-IP`, `X-Forwarded-…`), `Host`, and all that is about one connection, such as `TE` and `Upgrade`.
 */
const PASSED_ON: readonly string[] = [
  'accept',
  'content-encoding',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'range',
  'traceparent',
  'tracestate',
  'user-agent',
  LEASE_NONCE,
];

/** The response headers that come back; framing is written anew. */
const PASSED_BACK: readonly string[] = [
  'accept-ranges',
  'allow',
  'content-disposition',
  'content-encoding',
  'content-range',
  'content-type',
  'etag',
  'fly-request-id',
  'fly-span-id',
  'fly-trace-id',
  'last-modified',
  'retry-after',
  LEASE_NONCE,
];

/**
 * The headers for upstream. What `Connection` names is about this connection and ends here, except Authorization, whose
 * absence would change who asks.
 * @throws HangarError `bad_request` for another protocol
 */
export function headersForUpstream(headers: Headers): Record<string, string> {
  if (headers.has('upgrade'))
    throw new HangarError('bad_request', { public: 'no other protocol is spoken here' });
  const named = new Set(
    (headers.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase()),
  );
  const wire: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = headers.get(name);
    if (value !== null && !named.has(name)) wire[name] = value;
  }
  return wire;
}

/**
 * The same for a body that is written anew.
 * @throws HangarError `unsupported_media_type` for one that would have to be decoded first
 */
export function headersForOwnBody(headers: Headers): Record<string, string> {
  const { 'content-encoding': encoding, ...wire } = headersForUpstream(headers);
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
    throw new HangarError('unsupported_media_type', { detail: 'a content-encoding was announced' });
  return { ...wire, 'content-type': 'application/json' };
}

/** The headers of an answer that the caller gets. */
export function headersForCaller(upstream: Headers): Headers {
  const headers = new Headers();
  for (const name of PASSED_BACK) {
    const value = upstream.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
