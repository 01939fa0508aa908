import { ok, refuse, type Result } from '@hangar/http';

/** Why the `timestamp`, `url` and `nonce` of a signed message were not accepted. For the log only. */
export type EnvelopeReason =
  | { readonly tag: 'timestamp_missing' }
  | { readonly tag: 'timestamp_malformed' }
  | { readonly tag: 'timestamp_in_milliseconds' }
  | { readonly tag: 'timestamp_stale'; readonly ageSeconds: number; readonly windowSeconds: number }
  | { readonly tag: 'timestamp_ahead'; readonly aheadSeconds: number; readonly windowSeconds: number }
  | { readonly tag: 'url_missing' }
  | { readonly tag: 'url_malformed' }
  | { readonly tag: 'url_mismatch'; readonly expected: string; readonly got: string }
  | { readonly tag: 'nonce_missing' }
  | { readonly tag: 'nonce_malformed' };

/** What a message is held against. */
export interface ExpectedEnvelope {
  /** The address as we publish it: configured base URL plus route path, never built from a request. */
  readonly url: string;
  readonly now: Date;
  /**
   * How old, or how far ahead, a timestamp may be, in seconds. Default 300, as Stripe and its receivers use.
   */
  readonly windowSeconds?: number;
  /**
   * Ignore a query inside the signed `url`. Set it for GET and DELETE, where the `url` is part of the query
   * and cannot contain itself; leave it off for POST and PATCH, where a query has no business there.
   */
  readonly ignoreQuery?: boolean;
}

const DEFAULT_WINDOW_SECONDS = 300;
/** 10^11 seconds is the year 5138; the same number of milliseconds is 1973. Nobody means either. */
const LEAST_MILLISECONDS = 100_000_000_000;
const MAX_URL_LENGTH = 2048;
const VISIBLE_ASCII = /^[\x21-\x7e]{8,200}$/;
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;
const ABSOLUTE = /^(https?):\/\/([^/?#@\\]+)(\/[^?#]*)?(\?[^#]*)?(#.*)?$/i;

/**
 * Steps 6 to 8 of verifying a signed message, after its signature held: the timestamp is inside the window,
 * the `url` is ours, and the nonce is there. Whether the nonce was used before is the nonce store's to say.
 * The order and what is ours in it: docs/specs/extensions.md#order-of-checks.
 */
export function checkEnvelope(
  fields: { readonly timestamp: unknown; readonly nonce: unknown; readonly url: unknown },
  expected: ExpectedEnvelope,
): Result<{ timestamp: number; nonce: string }, EnvelopeReason> {
  const timestamp = readTimestamp(fields.timestamp);
  if (!timestamp.ok) return timestamp;
  const windowSeconds = expected.windowSeconds ?? DEFAULT_WINDOW_SECONDS;
  const ageSeconds = Math.floor(expected.now.getTime() / 1000) - timestamp.value;
  if (ageSeconds > windowSeconds) return refuse({ tag: 'timestamp_stale', ageSeconds, windowSeconds });
  if (-ageSeconds > windowSeconds) {
    return refuse({ tag: 'timestamp_ahead', aheadSeconds: -ageSeconds, windowSeconds });
  }

  if (fields.url === undefined || fields.url === null || fields.url === '') {
    return refuse({ tag: 'url_missing' });
  }
  if (typeof fields.url !== 'string' || fields.url.length > MAX_URL_LENGTH) {
    return refuse({ tag: 'url_malformed' });
  }
  const got = comparable(fields.url, expected.ignoreQuery ?? false);
  if (got === undefined) return refuse({ tag: 'url_malformed' });
  if (got !== comparable(expected.url, true)) {
    return refuse({ tag: 'url_mismatch', expected: expected.url, got: fields.url });
  }

  const nonce = fields.nonce;
  if (nonce === undefined || nonce === null || nonce === '') return refuse({ tag: 'nonce_missing' });
  if (typeof nonce !== 'string' || !VISIBLE_ASCII.test(nonce)) return refuse({ tag: 'nonce_malformed' });
  return ok({ timestamp: timestamp.value, nonce });
}

function readTimestamp(value: unknown): Result<number, EnvelopeReason> {
  if (value === undefined || value === null || value === '') return refuse({ tag: 'timestamp_missing' });
  let seconds: number;
  if (typeof value === 'number') seconds = value;
  else if (typeof value === 'string' && DECIMAL.test(value)) seconds = Number(value);
  else return refuse({ tag: 'timestamp_malformed' });
  if (!Number.isSafeInteger(seconds) || seconds < 0) return refuse({ tag: 'timestamp_malformed' });
  if (seconds >= LEAST_MILLISECONDS) return refuse({ tag: 'timestamp_in_milliseconds' });
  return ok(seconds);
}

// Not `new URL`: it resolves dot segments, drops tabs and turns backslashes around, so that two different
// texts become one address. Here a text is either plainly an address or refused.
function comparable(text: string, ignoreQuery: boolean): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  const match = ABSOLUTE.exec(text);
  if (!match) return undefined;
  const [, scheme = '', authority = '', path = '/', query, fragment] = match;
  if (fragment !== undefined || (query !== undefined && !ignoreQuery)) return undefined;
  const lowerScheme = scheme.toLowerCase();
  const host = authority.toLowerCase().replace(lowerScheme === 'https' ? /:443$/ : /:80$/, '');
  const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return `${lowerScheme}://${host}${bare}`;
}
