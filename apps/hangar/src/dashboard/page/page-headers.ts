/**
 * Headers of every answer (docs/specs/promises.md#page-headers). Scripts and connections only to our own origin;
 * styles from our files and from tags that carry this answer's nonce; nothing may frame us; nothing is told about
 * where a visitor came from, because sign-in codes travel in addresses.
 */
export interface HeaderRules {
  /** True when the page is reached by https: only then may a browser be told to insist on it. */
  readonly secure: boolean;
}

/** One year, the shortest time browsers' preload lists take. */
const HSTS_SECONDS = 31_536_000;

/** The policy of an answer that is not a page: it may load and run nothing. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Sets the headers; `nonce` is given for the page itself and for nothing else. */
export function setPageHeaders(headers: Headers, rules: HeaderRules, nonce?: string): void {
  headers.set('content-security-policy', nonce === undefined ? NOTHING : pagePolicy(nonce));
  headers.set('x-content-type-options', 'nosniff');
  headers.set('x-frame-options', 'DENY');
  headers.set('referrer-policy', 'no-referrer');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
  headers.set('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
  if (rules.secure) headers.set('strict-transport-security', `max-age=${HSTS_SECONDS}; includeSubDomains`);
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
}

function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}
