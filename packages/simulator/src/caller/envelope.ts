import { signMessage, type Secret } from '@hangar/security';
import { randomHex } from '../ids.ts';
import type { JsonObject } from '../world/json.ts';

/** What a signed request consists of, ready for the line. */
export interface SignedRequest {
  /** Path and query below the provider's base address. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Signing {
  readonly secret: Secret;
  readonly baseUrl: string;
  readonly nowMs: number;
}

/**
 * The members that Fly.io adds to every request (docs/specs/extensions.md#order-of-checks): `url`, a fresh `nonce`,
 * `timestamp` in whole seconds.
 */
function envelope(signing: Signing, path: string): { url: string; nonce: string; timestamp: number } {
  return { url: signing.baseUrl + path, nonce: randomHex(16), timestamp: Math.floor(signing.nowMs / 1000) };
}

/** Signs a POST or PATCH: the envelope goes into the JSON body, and the body's bytes are what is signed. */
export function signBody(signing: Signing, path: string, message: JsonObject): SignedRequest {
  const body = JSON.stringify({ ...message, ...envelope(signing, path) });
  return {
    path,
    body,
    headers: { 'content-type': 'application/json', 'x-signature': signMessage(signing.secret, body) },
  };
}

/** Signs a GET or DELETE: the envelope goes into the query, and the raw query string without its `?` is what is signed. */
export function signQuery(signing: Signing, path: string, query: Record<string, string> = {}): SignedRequest {
  const { url, nonce, timestamp } = envelope(signing, path);
  const text = new URLSearchParams({ ...query, nonce, timestamp: String(timestamp), url }).toString();
  return { path: `${path}?${text}`, body: '', headers: { 'x-signature': signMessage(signing.secret, text) } };
}
