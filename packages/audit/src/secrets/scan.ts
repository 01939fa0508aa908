import type { SourceFile } from '../tree/source-file.ts';
import { digestOf, type TokenFacts, tokenFacts } from './macaroon-facts.ts';
import { MAY_HOLD_ENCODED, MAY_HOLD_SECRET, SECRET_SHAPES, type SecretKind } from './shapes.ts';
import { entropy, isGuessed, isPlaceholder, isReference } from './values.ts';

/** A secret in a file. It holds where the secret stands, never the secret. */
export interface SecretHit {
  readonly file: SourceFile;
  readonly kind: SecretKind;
  readonly words: string;
  readonly start: number;
  readonly end: number;
  readonly length: number;
  readonly digest: string;
  /** Of a token that could be read: certain. */
  readonly facts?: TokenFacts | undefined;
  /** Of a token whose end is missing. */
  readonly cut?: boolean | undefined;
  /** How it was wrapped. */
  readonly inside?: 'base64' | 'hex' | undefined;
}

/** A hostile file is not worth more. */
const MAX_HITS_PER_FILE = 1_000;
const MAX_DECODE_DEPTH = 2;
const ENCODED_RUN = /[A-Za-z0-9+/_-]{40,65536}={0,2}/g;
const HEX_RUN = /(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){40,65536}(?![0-9A-Fa-f])/g;

/** Every secret of a known shape in a file, those inside base64 and hex included. */
export function scanFile(file: SourceFile): readonly SecretHit[] {
  const hits: SecretHit[] = [];
  if (MAY_HOLD_SECRET.test(file.text)) {
    for (const found of scanText(file.text)) {
      if (hits.length >= MAX_HITS_PER_FILE) return hits;
      hits.push({ file, ...found });
    }
  }
  if (MAY_HOLD_ENCODED.test(file.text)) {
    for (const found of scanEncoded(file.text, 1)) {
      if (hits.length >= MAX_HITS_PER_FILE) return hits;
      hits.push({ file, ...found });
    }
  }
  return hits;
}

type Found = Omit<SecretHit, 'file'>;

function* scanText(text: string): Generator<Found> {
  for (const { kind, words, pattern } of SECRET_SHAPES) {
    for (const match of text.matchAll(pattern)) {
      const secret = match[1] ?? match[0];
      const start = match.index + match[0].indexOf(secret);
      const found = judged(kind, secret, text, start);
      if (found !== undefined) yield { kind, words, ...found };
    }
  }
}

/** Whether a text of the shape is a secret; undefined for placeholders and for what everybody may know. */
function judged(
  kind: SecretKind,
  secret: string,
  text: string,
  start: number,
): Omit<Found, 'kind' | 'words'> | undefined {
  const plain = { start, end: start + secret.length, length: secret.length, digest: digestOf(secret) };
  switch (kind) {
    case 'macaroon':
      return macaroonAt(secret, text, start);
    case 'fly-oauth':
      return entropy(secret.slice(4)) >= 3.5 && !isPlaceholder(secret) ? plain : undefined;
    case 'url-password':
      return isRealPassword(secret) ? plain : undefined;
    case 'private-key':
      return { ...plain, end: start + secret.indexOf('KEY-----') + 8 };
    case 'jwt':
      return isPublicJwt(secret) ? undefined : plain;
    case 'wireguard-key':
    case 'tigris-id':
    case 'tigris-secret':
    case 'aws-key':
    case 'webhook-secret':
    case 'payment-key':
    case 'github-token':
    case 'chat-token':
    case 'model-key':
      return entropy(secret) >= 3 && !isPlaceholder(secret) && !secret.includes('EXAMPLE')
        ? plain
        : undefined;
  }
}

/** A shape alone is a doubt; a text that decodes is certain. A token that an editor has wrapped is put together again. */
function macaroonAt(secret: string, text: string, start: number): Omit<Found, 'kind' | 'words'> | undefined {
  const base = { start, end: start + secret.length, length: secret.length, digest: digestOf(secret) };
  const whole = tokenFacts(secret);
  if (whole !== undefined && whole !== 'cut') return { ...base, facts: whole, digest: whole.digest };
  const wrapped = unwrapped(secret, text, start);
  if (wrapped !== undefined) return wrapped;
  if (secret.length < 48 || entropy(secret) < 4 || isPlaceholder(secret)) return undefined;
  return { ...base, cut: whole === 'cut' };
}

const NEXT_LINE =
  /[ \t]{0,8}["'+,\\]{0,3}[ \t]{0,8}\r?\n[ \t]{0,80}["'+>|#*-]{0,2}[ \t]{0,8}([A-Za-z0-9+/=_-]{1,4096})/y;
const MAX_WRAPPED_LINES = 64;

function unwrapped(secret: string, text: string, start: number): Omit<Found, 'kind' | 'words'> | undefined {
  let joined = secret;
  let end = start + secret.length;
  for (let line = 0; line < MAX_WRAPPED_LINES; line += 1) {
    NEXT_LINE.lastIndex = end;
    const match = NEXT_LINE.exec(text);
    if (match === null) return undefined;
    joined += match[1] ?? '';
    end += match[0].length;
    const facts = tokenFacts(joined);
    if (facts !== undefined && facts !== 'cut')
      return { start, end, length: joined.length, digest: facts.digest, facts };
  }
  return undefined;
}

function* scanEncoded(text: string, depth: number): Generator<Found> {
  for (const [inside, pattern, encoding] of [
    ['base64', ENCODED_RUN, 'base64'],
    ['hex', HEX_RUN, 'hex'],
  ] as const) {
    for (const match of text.matchAll(pattern)) {
      if (!MAY_HOLD_ENCODED.test(match[0])) continue;
      const inner = Buffer.from(match[0], encoding).toString('latin1');
      const spot = { start: match.index, end: match.index + match[0].length, inside };
      if (MAY_HOLD_SECRET.test(inner)) for (const found of scanText(inner)) yield { ...found, ...spot };
      if (depth < MAX_DECODE_DEPTH && MAY_HOLD_ENCODED.test(inner))
        for (const found of scanEncoded(inner, depth + 1)) yield { ...found, ...spot };
    }
  }
}

const LOCAL_HOST = /^(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1\]|host\.docker\.internal|[^.:]+)(?::|$)/i;
const EXAMPLE_HOST = /(?:^|\.)(?:example(?:\.(?:com|org|net))?|test|invalid|localhost)(?::|$)/i;

/** Leaves out what is on this machine, in a service beside the job, the same as the user's name, or there to be replaced. */
function isRealPassword(address: string): boolean {
  const [, user = '', password = '', host = ''] = /:\/\/([^:]*):([^@]*)@(.*)$/s.exec(address) ?? [];
  if (LOCAL_HOST.test(host) || EXAMPLE_HOST.test(host) || /[{}$%*<>]|\.\.\./.test(host)) return false;
  if (user === password || isReference(password) || isPlaceholder(password) || isGuessed(password))
    return false;
  return password.length >= 6 && /[\d\W]|[a-z][A-Z]/.test(password);
}

/** A key that pages may hold says so itself. */
function isPublicJwt(token: string): boolean {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('latin1');
  return /"role"\s*:\s*"anon"/.test(payload) || /"sub"\s*:\s*"1234567890"/.test(payload);
}
