import { HangarError, ok, refuse, type Result } from '@hangar/http';

export const LEASE_NONCE = 'fly-machine-lease-nonce';
const NONCE_FORM = /^[A-Za-z0-9_-]{1,128}$/;
const ACCEPT_FORM = /^[A-Za-z0-9/*+.;=, -]{1,256}$/;

/** The request headers, wherever they are kept. */
export type HeaderReader = Pick<Headers, 'get' | 'has'>;

/**
 * The request headers that go upstream: all of them. Everything else a caller sends ends here: credentials, cookies,
 * forwarding and Fly-… headers, and whatever `Connection` names (docs/specs/gateway.md#headers). Framing and content
 * type are written anew, since the body is.
 */
export function requestHeaders(headers: HeaderReader): Result<Readonly<Record<string, string>>, HangarError> {
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') {
    return refuse(new HangarError('unsupported_media_type', { detail: 'a content-encoding was announced' }));
  }
  if (headers.has('upgrade')) {
    return refuse(new HangarError('bad_request', { public: 'no other protocol is spoken here' }));
  }
  const wire: Record<string, string> = {};
  const accept = headers.get('accept');
  if (accept !== null && ACCEPT_FORM.test(accept)) wire['accept'] = accept;
  const nonce = headers.get(LEASE_NONCE);
  if (nonce !== null) {
    if (!NONCE_FORM.test(nonce))
      return refuse(new HangarError('bad_request', { public: `${LEASE_NONCE} is malformed` }));
    wire[LEASE_NONCE] = nonce;
  }
  return ok(wire);
}
