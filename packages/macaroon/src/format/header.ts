import { PLAIN_CRYPTO } from '#crypto';
import type { TokenCrypto } from '../crypto/token-crypto.ts';
import { holdsBlank, trimBlanks } from './blanks.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { decodeMacaroon, encodeToken, type Macaroon } from './macaroon.ts';
import { ok, refuse, type Result } from '../result.ts';

/** Why a text is no token. */
export type TokenTextReason =
  | { readonly tag: 'empty' }
  | { readonly tag: 'truncated' }
  | { readonly tag: 'too_large' }
  | { readonly tag: 'not_a_macaroon' }
  | { readonly tag: 'malformed'; readonly detail: string };

/** Why a header gives no bundle. `position` counts tokens from 0. */
export type HeaderReason =
  | { readonly tag: 'empty' }
  | { readonly tag: 'too_large' }
  | { readonly tag: 'no_macaroon' }
  | { readonly tag: 'truncated'; readonly position: number }
  | { readonly tag: 'malformed'; readonly position: number; readonly detail: string };

/** The tokens of one header, by what they are for. */
export interface Bundle {
  /** Tokens for the verifier's own location, in the order received. */
  readonly permission: readonly Macaroon[];
  /** Every other macaroon. */
  readonly discharges: readonly Macaroon[];
  /** Texts that are no macaroons (`fo1_…`), as received. */
  readonly other: readonly string[];
}

const PREFIXES = ['fm2_', 'fm1r_', 'fm1a_'];
const SCHEMES = ['flyv1', 'bearer'];

/**
 * Removes `FlyV1` and `Bearer`, in any case and number, from the front of a header
 * (docs/specs/token-format.md#header).
 */
export function stripScheme(header: string): string {
  let rest = trimBlanks(header);
  for (;;) {
    const space = rest.indexOf(' ');
    if (space < 0) return rest;
    if (!SCHEMES.includes(trimBlanks(rest.slice(0, space)).toLowerCase())) return rest;
    rest = trimBlanks(rest.slice(space + 1));
  }
}

/** Reads one token text such as `fm2_…`, without a scheme. */
export function decodeToken(
  text: string,
  limits: Limits = LIMITS,
  crypto: TokenCrypto = PLAIN_CRYPTO,
): Result<Macaroon, TokenTextReason> {
  if (text === '') return refuse({ tag: 'empty' });
  const prefix = PREFIXES.find((candidate) => text.startsWith(candidate));
  if (prefix === undefined) {
    return refuse(isCutPrefix(text) ? { tag: 'truncated' } : { tag: 'not_a_macaroon' });
  }
  const encoded = text.slice(prefix.length);
  if (encoded.length > Math.ceil(limits.tokenBytes / 3) * 4) return refuse({ tag: 'too_large' });
  const bytes = crypto.decodeBase64(encoded);
  if (bytes === undefined)
    return refuse(isCutBase64(encoded, limits) ? { tag: 'truncated' } : notBase64(encoded));
  const decoded = decodeMacaroon(bytes, limits);
  if (decoded.ok) return decoded;
  if (decoded.reason.tag === 'truncated') return refuse({ tag: 'truncated' });
  if (decoded.reason.tag === 'limit') return refuse({ tag: 'too_large' });
  return refuse({ tag: 'malformed', detail: decoded.reason.detail });
}

/** Whether a text is the first characters of a token and no more: cut off, or something else altogether. */
export function isCutPrefix(text: string): boolean {
  return PREFIXES.some((prefix) => prefix.length > text.length && prefix.startsWith(text));
}

/** What people do to a text without noticing is called by its name. */
function notBase64(encoded: string): TokenTextReason {
  if (holdsBlank(encoded))
    return { tag: 'malformed', detail: 'there is a line break or space inside the token' };
  if (/^[\w-]*={0,2}$/.test(encoded) && /[-_]/.test(encoded))
    return {
      tag: 'malformed',
      detail: 'url-safe base64 (with - and _), where standard base64 (with + and /) is read',
    };
  return { tag: 'malformed', detail: 'not padded standard base64' };
}

/** One comma-separated piece of a header and what it turned out to be. */
export interface HeaderPiece {
  readonly text: string;
  readonly decoded: Result<Macaroon, TokenTextReason>;
}

/** Splits a header and reads every piece; none for a header that holds nothing. Refuses only what is too large to be looked at. */
export function readPieces(
  header: string,
  limits: Limits,
  crypto: TokenCrypto = PLAIN_CRYPTO,
): Result<readonly HeaderPiece[], { readonly tag: 'too_large' }> {
  if (header.length > limits.headerLength) return refuse({ tag: 'too_large' });
  const text = stripScheme(header);
  if (text === '') return ok([]);
  const pieces = text.split(',');
  if (pieces.length > limits.tokensPerHeader) return refuse({ tag: 'too_large' });
  const read: HeaderPiece[] = [];
  for (const piece of pieces) {
    const trimmed = trimBlanks(piece);
    read.push({ text: trimmed, decoded: decodeToken(trimmed, limits, crypto) });
  }
  return ok(read);
}

/**
 * Reads the tokens of an Authorization header, or of the text inside one. One damaged macaroon refuses the whole header,
 * so that a token cut off in a terminal is called cut off and not mistaken for a missing or revoked one.
 */
export function parseBundle(
  headerOrToken: string,
  permissionLocation: string,
  limits: Limits = LIMITS,
  crypto: TokenCrypto = PLAIN_CRYPTO,
): Result<Bundle, HeaderReason> {
  const pieces = readPieces(headerOrToken, limits, crypto);
  if (!pieces.ok) return pieces;
  if (pieces.value.length === 0) return refuse({ tag: 'empty' });
  const permission: Macaroon[] = [];
  const discharges: Macaroon[] = [];
  const other: string[] = [];
  const last = pieces.value.length - 1;
  for (let position = 0; position <= last; position++) {
    const { text, decoded } = pieces.value[position]!;
    if (decoded.ok) {
      (decoded.value.location === permissionLocation ? permission : discharges).push(decoded.value);
      continue;
    }
    switch (decoded.reason.tag) {
      case 'not_a_macaroon':
        other.push(text);
        break;
      case 'empty':
        // A comma at the very end is where a token was cut off; anywhere else it is a slip.
        if (position === last) return refuse({ tag: 'truncated', position });
        return refuse({ tag: 'malformed', position, detail: 'empty token' });
      case 'too_large':
        return refuse({ tag: 'too_large' });
      case 'truncated':
        return refuse({ tag: 'truncated', position });
      case 'malformed':
        return refuse({ tag: 'malformed', position, detail: decoded.reason.detail });
    }
  }
  if (permission.length === 0 && discharges.length === 0) {
    return refuse(isCutScheme(other[0]!) ? { tag: 'truncated', position: 0 } : { tag: 'no_macaroon' });
  }
  return ok({ permission, discharges, other });
}

/** The Authorization header value for these tokens; empty for none, because a scheme without a token is no credential. */
export function formatHeader(tokens: readonly Macaroon[]): string {
  return headerOf(tokens.map(encodeToken));
}

/** The header value for texts of tokens. */
export function headerOf(texts: readonly string[]): string {
  return texts.length === 0 ? '' : `FlyV1 ${texts.join(',')}`;
}

/** Whether base64 text looks like the beginning of a token: what its whole groups hold stops too early. */
function isCutBase64(text: string, limits: Limits): boolean {
  const bare = text.replace(/={1,2}$/, '');
  if (/[^A-Za-z0-9+/]/.test(bare) || text.length % 4 === 0) return false;
  const groups = PLAIN_CRYPTO.decodeBase64(bare.slice(0, bare.length - (bare.length % 4)));
  if (groups === undefined) return false;
  const decoded = decodeMacaroon(groups, limits);
  return !decoded.ok && decoded.reason.tag === 'truncated';
}

function isCutScheme(text: string): boolean {
  return SCHEMES.some((scheme) => scheme.startsWith(text.toLowerCase()));
}
