import type { HangarError } from '@hangar/http';

/** Why there is no usable answer. */
export type UpstreamReason =
  /** It said no. The body is its own, parsed when it was JSON. */
  | { readonly tag: 'refused'; readonly status: number; readonly body: unknown }
  /** Nothing was sent, or nothing that changes anything: safe to repeat. */
  | {
      readonly tag: 'unreachable';
      readonly detail: string;
      /** Why there was no credential to send, when that is the reason: worth telling as it is. */
      readonly noCredential?: HangarError;
    }
  /**
   * Sent, and no answer came: it may have taken effect. Also a connection that broke after a write was sent.
   */
  | { readonly tag: 'timeout'; readonly detail: string }
  /** It said yes in words that are not those of its documentation. */
  | { readonly tag: 'malformed'; readonly status: number; readonly detail: string };

/** Why a raw request has no answer at all. */
export type UpstreamFailure = Extract<UpstreamReason, { tag: 'unreachable' | 'timeout' }>;

/**
 * Methods that can be repeated without asking (RFC 9110, 9.2.1); for all others a broken connection is a
 * timeout.
 */
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Errors from before a byte of the request was written. */
const NEVER_SENT: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
];
const TIMEOUTS: readonly string[] = [
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_ABORTED',
  'ABORT_ERR',
];

/** Sorts an error of the socket into "nothing happened" and "who knows". */
export function failureOf(error: unknown, method: string): UpstreamFailure {
  const code = codeOf(error);
  const detail = `${code}: ${error instanceof Error ? error.message : String(error)}`;
  if (NEVER_SENT.includes(code)) return { tag: 'unreachable', detail };
  const late =
    TIMEOUTS.includes(code) || (error instanceof Error && /^(Abort|Timeout)Error$/.test(error.name));
  if (late || !SAFE_METHODS.includes(method.toUpperCase())) return { tag: 'timeout', detail };
  return { tag: 'unreachable', detail };
}

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error instanceof Error ? error.name : 'unknown';
}
