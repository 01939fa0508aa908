import { Secret } from './secret.ts';
import { MAY_HOLD_TOKEN, TOKEN_SHAPES } from './token-shapes.ts';

const GONE = '[redacted]';
const UNREADABLE = '[unreadable]';
/** Past this depth a log line is no longer read by anyone. */
const MAX_DEPTH = 12;
/** A log line is no place for more; and a bound on what one hostile value can cost. */
const MAX_MEMBERS = 1000;
const MAX_TEXT_LENGTH = 65_536;

/** Names whose value is never shown, whatever it is. Compared without case, dashes and underscores. */
const HIDDEN_ENDINGS: readonly string[] = [
  'secret',
  'secrets',
  'password',
  'passwd',
  'passphrase',
  'token',
  'tokens',
  'apikey',
  'privatekey',
  'masterkey',
  'masterkeys',
  'secretkey',
  'secretaccesskey',
  'credential',
  'credentials',
  'authorization',
  'cookie',
  'signature',
  'databaseurl',
  'dsn',
  'codeverifier',
  'discharge',
  'ticket',
  'macaroon',
];
/** Whole names, too short or too common to be endings. */
const HIDDEN_NAMES: readonly string[] = ['code', 'auth', 'pass', 'pwd', 'config', 'flyv1', 'setcookie'];
/** `code` is a secret in an OAuth callback and a plain word in an error; errors keep theirs. */
const PLAIN_CODE = /^(?:[a-z][a-z_]{1,40}|[A-Z][A-Z0-9_]{1,40}|[0-9A-Z]{5}|-?[0-9]{1,5})$/;

/** Ends a text that was cut. A password in a URL that it cuts in two is still known as one (`token-shapes.ts`). */
const CUT = '…[cut]';

/**
 * Takes every secret out of a text that has one of the known shapes: `fm2_…`, `fo1_…`, `tsec_…`,
 * `X-Signature` hex, `Bearer …`, passwords in URLs, private keys and more. Linear in the length.
 *
 * @param maxLength what is longer is cut and ends in `…[cut]`; 64 KiB is the most.
 */
export function redactText(text: string, maxLength = MAX_TEXT_LENGTH): string {
  // A secret becomes shorter, so four times as much is looked at as is kept.
  let clean = cutAt(text, Math.min(MAX_TEXT_LENGTH, maxLength * 4));
  // The database's own words about a failed statement repeat every value that was in it.
  if (clean.startsWith('Failed query: ') || clean.includes('Error: Failed query: '))
    clean = withoutParameters(clean);
  if (MAY_HOLD_TOKEN.test(clean)) {
    for (const shape of TOKEN_SHAPES) clean = clean.replace(shape.pattern, shape.replacement);
  }
  return cutAt(clean, maxLength);
}

/** Cuts between characters: a database refuses half a surrogate pair, and with it everything beside the text. */
function cutAt(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = text.slice(0, Math.max(0, length - CUT.length));
  return `${kept.replace(/[\ud800-\udbff]$/, '')}${CUT}`;
}

/** Cuts `params: …` of a failed statement, up to the stack that may follow it. */
function withoutParameters(text: string): string {
  const at = text.search(/\n?params: /);
  if (at === -1) return text;
  const stack = text.indexOf('\n    at ', at);
  return `${text.slice(0, at)}\nparams: ${GONE}${stack === -1 ? '' : text.slice(stack)}`;
}

/** How much of a value is kept; without a bound everything is, up to 64 KiB a text. */
export interface RedactBounds {
  /** Characters of one text. A stack may have four times as many. */
  readonly textLength: number;
  /** Bytes of the whole copy as JSON. What comes after them is left out. */
  readonly totalBytes: number;
}

/** What one copy has met and used up so far. */
interface Copying {
  readonly path: Set<object>;
  readonly bounds: RedactBounds | undefined;
  bytesLeft: number;
}

/**
 * A copy of any value, fit for a log: secrets go by type (`Secret`), by field name and by shape; bytes become
 * their length; errors keep name, message, code, stack and cause, cleaned. Cycles and depth are cut, getters
 * that throw become `[unreadable]`. Total: never throws, whatever the value does.
 */
export function redactValue(value: unknown, bounds?: RedactBounds): unknown {
  try {
    return clean(value, 0, { path: new Set(), bounds, bytesLeft: bounds?.totalBytes ?? Infinity });
  } catch {
    return UNREADABLE;
  }
}

function clean(value: unknown, depth: number, copying: Copying): unknown {
  if (typeof value === 'string') return cleanText(value, copying);
  if (typeof value === 'bigint') return cleanText(value.toString(), copying);
  if (typeof value === 'symbol') return cleanText(String(value), copying);
  copying.bytesLeft -= SCALAR_BYTES;
  if (typeof value === 'function') return '[function]';
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Secret) return value.toString();
  if (depth >= MAX_DEPTH) return '[deeper]';
  const { path } = copying;
  if (path.has(value)) return '[circular]';
  path.add(value);
  try {
    return cleanObject(value, depth, copying);
  } catch {
    return UNREADABLE;
  } finally {
    path.delete(value);
  }
}

/** A number, a word of ours, or the braces around members, as JSON. */
const SCALAR_BYTES = 32;

function cleanText(text: string, copying: Copying, times = 1): string {
  const { bounds } = copying;
  if (bounds === undefined) return redactText(text);
  let kept = redactText(text, bounds.textLength * times);
  let bytes = jsonBytes(kept);
  // A character is at most six bytes of JSON.
  if (bytes > copying.bytesLeft) {
    kept = redactText(text, Math.max(0, Math.floor(copying.bytesLeft / 6)));
    bytes = jsonBytes(kept);
  }
  copying.bytesLeft -= bytes;
  return kept;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) + 1;
}

function cleanObject(value: object, depth: number, copying: Copying): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof URL) return cleanText(value.href, copying);
  if (value instanceof URLSearchParams || value instanceof Map || value instanceof Headers) {
    return cleanEntries(value, depth, copying);
  }
  if (value instanceof Set) return cleanItems(Array.from(value), depth, copying);
  if (Array.isArray(value)) return cleanItems(value, depth, copying);
  if (value instanceof Error) return cleanError(value, depth, copying);
  if (value instanceof Request || value instanceof Response) {
    return cleanMembers(
      {
        url: value.url,
        ...(value instanceof Response ? { status: value.status } : { method: value.method }),
      },
      depth,
      copying,
    );
  }
  return cleanMembers(value, depth, copying);
}

// Header lists arrive as flat arrays too: ['Authorization', 'Bearer …'].
function cleanItems(items: readonly unknown[], depth: number, copying: Copying): unknown[] {
  const copy: unknown[] = [];
  for (const [index, item] of items.slice(0, MAX_MEMBERS).entries()) {
    if (copying.bytesLeft <= 0) break;
    const before = items[index - 1];
    const named = items.length % 2 === 0 && index % 2 === 1 && typeof before === 'string';
    copy.push(
      named && typeof item === 'string' && hides(before, item) ? GONE : clean(item, depth + 1, copying),
    );
  }
  return copy;
}

function cleanEntries(entries: Iterable<[unknown, unknown]>, depth: number, copying: Copying): unknown {
  const copy: Record<string, unknown> = {};
  let count = 0;
  for (const [key, item] of entries) {
    count += 1;
    if (count > MAX_MEMBERS || copying.bytesLeft <= 0) break;
    const name = typeof key === 'string' ? key : String(clean(key, depth + 1, copying));
    const shown = cleanText(name, copying);
    define(copy, shown, hides(name, item) ? GONE : clean(item, depth + 1, copying));
  }
  return copy;
}

function cleanMembers(value: object, depth: number, copying: Copying): unknown {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value).slice(0, MAX_MEMBERS)) {
    if (copying.bytesLeft <= 0) break;
    define(copy, cleanText(name, copying), cleanMember(value, name, depth, copying));
  }
  return copy;
}

function cleanError(error: Error, depth: number, copying: Copying): unknown {
  const copy: Record<string, unknown> = {};
  const names = new Set(['name', 'message', 'stack', 'cause', 'errors', ...Object.keys(error)]);
  for (const name of names) {
    if (copying.bytesLeft <= 0) break;
    const item = cleanMember(error, name, depth, copying);
    if (item !== undefined) define(copy, cleanText(name, copying), item);
  }
  return copy;
}

function cleanMember(owner: object, name: string, depth: number, copying: Copying): unknown {
  try {
    const item: unknown = Reflect.get(owner, name);
    if (hides(name, item)) return GONE;
    if (name === 'stack' && typeof item === 'string') return cleanText(item, copying, STACK_TIMES);
    return clean(item, depth + 1, copying);
  } catch {
    return UNREADABLE;
  }
}

/** A stack is our own text, and cut to the length of a stranger's it would end before the line that matters. */
const STACK_TIMES = 4;

function hides(name: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean' || value instanceof Secret)
    return false;
  const plain = name
    .slice(0, 256)
    .toLowerCase()
    .replace(/[-_.\s]/g, '');
  if (plain === 'code') return typeof value === 'string' && !PLAIN_CODE.test(value);
  if (typeof value === 'number') return false;
  return HIDDEN_NAMES.includes(plain) || HIDDEN_ENDINGS.some((ending) => plain.endsWith(ending));
}

// Plain assignment to `__proto__` would change the copy's prototype instead of adding a member.
function define(copy: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(copy, name, { value, enumerable: true, configurable: true, writable: true });
}
