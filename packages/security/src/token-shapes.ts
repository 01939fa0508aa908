/** A shape that a secret has in plain text. */
export interface TokenShape {
  readonly name: string;
  /**
   * Global and linear, by one rule: what follows a beginning is one class of characters that either always matches, and is
   * consumed, or excludes the first character of the beginning. Otherwise the next beginning is searched for once more in
   * what the last one has read.
   */
  readonly pattern: RegExp;
  readonly replacement: string;
}

const GONE = '[redacted]';

/**
 * The shapes of secrets that travel through a Fly.io control plane. Each keeps its prefix, so that the log
 * still says what kind of thing was there. A tail that was cut off is covered as well: a logged token is
 * seldom whole.
 */
export const TOKEN_SHAPES: readonly TokenShape[] = [
  {
    name: 'private-key',
    pattern:
      /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
    replacement: `[redacted private key]`,
  },
  { name: 'macaroon', pattern: /\b(fm2|fm1r|fm1a)_[A-Za-z0-9+/_=-]+/g, replacement: `$1_${GONE}` },
  { name: 'fly-oauth', pattern: /\bfo1_[A-Za-z0-9_-]+/g, replacement: `fo1_${GONE}` },
  { name: 'tigris-secret', pattern: /\btsec_[A-Za-z0-9_-]+/g, replacement: `tsec_${GONE}` },
  {
    name: 'signature',
    pattern: /(x-signature["']?\s{0,4}[:=,]?\s{0,4}["'[]{0,2}\s{0,4})[0-9A-Fa-f]{16,128}/gi,
    replacement: `$1${GONE}`,
  },
  {
    name: 'bearer',
    pattern: /\b(bearer|basic)(\s{1,4})[A-Za-z0-9._~+/=-]{6,}/gi,
    replacement: `$1$2${GONE}`,
  },
  {
    name: 'url-password',
    // Up to its `@`, or to where a long text was cut.
    pattern: /(:\/\/[^\s:@/?#"'<>]*):[^\s@/?#"'<>]+(?:@|(?<=…\[cut\]))/g,
    replacement: `$1:${GONE}@`,
  },
  {
    name: 'query-secret',
    pattern:
      /([?&](?:access_token|client_secret|code|code_verifier|refresh_token|token|ticket|signature|x-amz-signature|x-amz-security-token)=)[^&\s"'<>#]+/gi,
    replacement: `$1${GONE}`,
  },
  // A machine's state is a word in the same place, a sign-in's is long.
  { name: 'query-state', pattern: /([?&]state=)[A-Za-z0-9._~%-]{20,}/g, replacement: `$1${GONE}` },
  { name: 'aws-key', pattern: /\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, replacement: `$1${GONE}` },
  { name: 'aws-signature', pattern: /(Signature=)[0-9a-f]{16,64}/gi, replacement: `$1${GONE}` },
  { name: 'webhook-secret', pattern: /\bwhsec_[A-Za-z0-9+/=_-]{8,}/g, replacement: `whsec_${GONE}` },
  { name: 'payment-key', pattern: /\b((?:sk|rk)_(?:live|test))_[A-Za-z0-9]{8,}/g, replacement: `$1_${GONE}` },
  { name: 'github', pattern: /\b(gh[pousr]|github_pat)_[A-Za-z0-9_]{8,}/g, replacement: `$1_${GONE}` },
  {
    // Its first part is enough: to insist on the dots behind it would mean to look for them behind each `eyJ`.
    name: 'jwt',
    pattern: /(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}/g,
    replacement: `eyJ${GONE}`,
  },
];

/**
 * Whether any of the shapes could be in a text: one pass in place of one per shape, because most texts of a
 * log hold none. Every shape must have its beginning here.
 */
export const MAY_HOLD_TOKEN =
  /fm[12]|fo1_|tsec_|-----BEGIN|x-signature|bearer|basic|:\/\/|[?&]|AKIA|ASIA|signature=|whsec_|[sr]k_|gh[pousr]_|github_pat_|eyJ/i;
