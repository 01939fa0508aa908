import { HangarError, ok, refuse, type Result } from '@hangar/http';

const leaseNonce = 'fly-machine-lease-nonce';
const nonceForm = /^[A-Za-z0-9_-]{1,128}$/;
const acceptForm = /^[A-Za-z0-9/*+.;=, -]{1,256}$/;

/**
 * The request headers that go upstream: all of them. Everything else a caller sends ends here: credentials, cookies,
 * forwarding and Fly-… headers, and whatever `Connection` names (docs/specs/gateway.md#headers). Framing and content
 * type are written anew, since the body is.
 */
export function requestHeaders(headers: Headers): Result<Readonly<Record<string, string>>, HangarError> {
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') {
    return refuse(new HangarError('unsupported_media_type', { detail: 'a content-encoding was announced' }));
  }
  if (headers.has('upgrade')) {
    return refuse(new HangarError('bad_request', { public: 'no other protocol is spoken here' }));
  }
  const wire: Record<string, string> = {};
  const accept = headers.get('accept');
  if (accept !== null && acceptForm.test(accept)) wire['accept'] = accept;
  const nonce = headers.get(leaseNonce);
  if (nonce !== null) {
    if (!nonceForm.test(nonce))
      return refuse(new HangarError('bad_request', { public: `${leaseNonce} is malformed` }));
    wire[leaseNonce] = nonce;
  }
  return ok(wire);
}

/** The response headers that come back. */
const passedBack: readonly string[] = ['content-type', 'fly-request-id', 'retry-after', leaseNonce];

/** Headers of an answer: the allowed ones of upstream, and ours. */
export function responseHeaders(
  upstream: Headers,
  ours: { requestId: string; environment: string | undefined },
): Headers {
  const headers = new Headers();
  for (const name of passedBack) {
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
