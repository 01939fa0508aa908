/** What kind of secret a text is. */
export type SecretKind =
  | 'macaroon'
  | 'fly-oauth'
  | 'tigris-id'
  | 'tigris-secret'
  | 'private-key'
  | 'wireguard-key'
  | 'url-password'
  | 'aws-key'
  | 'webhook-secret'
  | 'payment-key'
  | 'github-token'
  | 'chat-token'
  | 'model-key'
  | 'jwt';

export interface SecretShape {
  readonly kind: SecretKind;
  /** For people, with its article. */
  readonly words: string;
  /**
   * Global, and linear: a beginning that is a fixed text, then one class of characters with a bound. What follows a beginning cannot
   * hold the beginning again, or is consumed with it.
   */
  readonly pattern: RegExp;
}

/** Shapes of what must not lie in a file. The group, where there is one, is the secret itself. */
export const SECRET_SHAPES: readonly SecretShape[] = [
  {
    kind: 'macaroon',
    words: 'a Fly.io token',
    pattern: /(?<![A-Za-z0-9_])(?:fm2|fm1r|fm1a)_[A-Za-z0-9+/_-]{16,16384}={0,2}/g,
  },
  {
    kind: 'fly-oauth',
    words: 'a personal Fly.io token',
    pattern: /(?<![A-Za-z0-9_-])fo1_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g,
  },
  { kind: 'tigris-id', words: 'a Tigris key id', pattern: /(?<![A-Za-z0-9_])tid_[A-Za-z0-9_-]{16,128}/g },
  {
    kind: 'tigris-secret',
    words: 'a Tigris secret key',
    pattern: /(?<![A-Za-z0-9_])tsec_[A-Za-z0-9_-]{24,256}/g,
  },
  {
    kind: 'private-key',
    words: 'a private key',
    // What is between the lines is not read as part of it: only that there is a beginning with key text behind it.
    pattern: /-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----(?:\\[nr]|[\s"'+,]){1,40}[A-Za-z0-9+/=]{32}/g,
  },
  {
    kind: 'wireguard-key',
    words: 'a WireGuard private key',
    pattern: /(?<![A-Za-z])PrivateKey\s{0,4}=\s{0,4}([A-Za-z0-9+/]{43}=)/g,
  },
  {
    kind: 'url-password',
    words: 'a password in an address',
    pattern:
      /(?<![a-z])(?:postgres|postgresql|mysql|mariadb|rediss?|mongodb|mongodb\+srv|amqps?|nats):\/\/[^\s:@/?#"'<>`]{0,128}:[^\s@/?#"'<>`]{1,256}@[^\s/?#"'<>`]{1,256}/g,
  },
  {
    kind: 'aws-key',
    words: 'an AWS access key id',
    pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  },
  {
    kind: 'webhook-secret',
    words: 'a webhook secret',
    pattern: /(?<![A-Za-z0-9])whsec_[A-Za-z0-9+/=_-]{24,256}/g,
  },
  {
    kind: 'payment-key',
    words: 'a live payment key',
    pattern: /(?<![A-Za-z0-9])(?:sk|rk)_live_[A-Za-z0-9]{16,256}/g,
  },
  {
    kind: 'github-token',
    words: 'a GitHub token',
    pattern: /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255})/g,
  },
  { kind: 'chat-token', words: 'a Slack token', pattern: /(?<![A-Za-z0-9])xox[abprs]-[A-Za-z0-9-]{16,255}/g },
  {
    kind: 'model-key',
    words: 'a key of a model provider',
    pattern: /(?<![A-Za-z0-9])sk-(?:ant|proj)-[A-Za-z0-9_-]{24,255}/g,
  },
  {
    kind: 'jwt',
    words: 'a signed JSON web token',
    pattern:
      /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,2048}\.eyJ[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{16,1024}/g,
  },
];

/** What a text looks like inside base64, at each of the three places where it may begin: the characters that depend on it alone. */
function inBase64(text: string): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${'\0'.repeat(shift)}${text}`).toString('base64');
    return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + text.length) * 8) / 6));
  });
}

function inHex(text: string): string {
  return Buffer.from(text).toString('hex');
}

const ONCE = ['fm2_', 'fm1r_', 'fm1a_', 'fo1_', 'tsec_'].flatMap((text) => [...inBase64(text), inHex(text)]);
/** Encoded a second time, as a secret of Kubernetes in a file of Helm. */
const TWICE = ONCE.flatMap((text) => [...inBase64(text), inHex(text)]);

const PLAIN_BEGINNINGS =
  'fm2_|fm1[ra]_|fo1_|tid_|tsec_|-----BEGIN|PrivateKey|(?:postgres|postgresql|mysql|mariadb|rediss?|mongodb|srv|amqps?|nats):\\/\\/|AKIA|ASIA|whsec_|[sr]k_live_|gh[pousr]_|github_pat_|xox[abprs]-|sk-(?:ant|proj)-|eyJ';

/** Whether any of it could be in a text: one pass for the many files that hold nothing. */
export const MAY_HOLD_SECRET = new RegExp(PLAIN_BEGINNINGS);
export const MAY_HOLD_ENCODED = new RegExp(
  [...ONCE, ...TWICE].map((text) => text.replaceAll(/[+/]/g, '\\$&')).join('|'),
);
