import { Secret } from './secret.ts';
import { mayHoldToken, tokenShapes } from './token-shapes.ts';

const gone = '[redacted]';
const unreadable = '[unreadable]';
/** Past this depth a log line is no longer read by anyone. */
const maxDepth = 12;
/** A log line is no place for more; and a bound on what one hostile value can cost. */
const maxMembers = 1000;
const maxTextLength = 65_536;

/** Names whose value is never shown, whatever it is. Compared without case, dashes and underscores. */
const hiddenEndings: readonly string[] = [
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
const hiddenNames: readonly string[] = ['code', 'auth', 'pass', 'pwd', 'config', 'flyv1', 'setcookie'];
/** `code` is a secret in an OAuth callback and a plain word in an error; errors keep theirs. */
const plainCode = /^(?:[a-z][a-z_]{1,40}|[A-Z][A-Z0-9_]{1,40}|[0-9A-Z]{5}|-?[0-9]{1,5})$/;

/**
 * Takes every secret out of a text that has one of the known shapes: `fm2_…`, `fo1_…`, `tsec_…`,
 * `X-Signature` hex, `Bearer …`, passwords in URLs, private keys and more. Linear in the length; text over 64
 * KiB is cut.
 */
export function redactText(text: string): string {
  let clean = text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…[cut]` : text;
  // The database's own words about a failed statement repeat every value that was in it.
  if (clean.startsWith('Failed query: ') || clean.includes('Error: Failed query: '))
    clean = withoutParameters(clean);
  if (!mayHoldToken.test(clean)) return clean;
  for (const shape of tokenShapes) clean = clean.replace(shape.pattern, shape.replacement);
  return clean;
}

/** Cuts `params: …` of a failed statement, up to the stack that may follow it. */
function withoutParameters(text: string): string {
  const at = text.search(/\n?params: /);
  if (at === -1) return text;
  const stack = text.indexOf('\n    at ', at);
  return `${text.slice(0, at)}\nparams: ${gone}${stack === -1 ? '' : text.slice(stack)}`;
}

/**
 * A copy of any value, fit for a log: secrets go by type (`Secret`), by field name and by shape; bytes become
 * their length; errors keep name, message, code, stack and cause, cleaned. Cycles and depth are cut, getters
 * that throw become `[unreadable]`. Total: never throws, whatever the value does.
 */
export function redactValue(value: unknown): unknown {
  try {
    return clean(value, 0, new Set());
  } catch {
    return unreadable;
  }
}

function clean(value: unknown, depth: number, path: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'symbol') return redactText(String(value));
  if (typeof value === 'function') return '[function]';
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Secret) return value.toString();
  if (depth >= maxDepth) return '[deeper]';
  if (path.has(value)) return '[circular]';
  path.add(value);
  try {
    return cleanObject(value, depth, path);
  } catch {
    return unreadable;
  } finally {
    path.delete(value);
  }
}

function cleanObject(value: object, depth: number, path: Set<object>): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof URL) return redactText(value.href);
  if (value instanceof URLSearchParams || value instanceof Map || value instanceof Headers) {
    return cleanEntries(value, depth, path);
  }
  if (value instanceof Set)
    return Array.from(value)
      .slice(0, maxMembers)
      .map((item) => clean(item, depth + 1, path));
  if (Array.isArray(value)) return cleanArray(value, depth, path);
  if (value instanceof Error) return cleanError(value, depth, path);
  if (value instanceof Request || value instanceof Response) {
    return cleanMembers(
      {
        url: value.url,
        ...(value instanceof Response ? { status: value.status } : { method: value.method }),
      },
      depth,
      path,
    );
  }
  return cleanMembers(value, depth, path);
}

// Header lists arrive as flat arrays too: ['Authorization', 'Bearer …'].
function cleanArray(items: readonly unknown[], depth: number, path: Set<object>): unknown[] {
  return items.slice(0, maxMembers).map((item, index) => {
    const before = items[index - 1];
    const named = items.length % 2 === 0 && index % 2 === 1 && typeof before === 'string';
    return named && typeof item === 'string' && hides(before, item) ? gone : clean(item, depth + 1, path);
  });
}

function cleanEntries(entries: Iterable<[unknown, unknown]>, depth: number, path: Set<object>): unknown {
  const copy: Record<string, unknown> = {};
  let count = 0;
  for (const [key, item] of entries) {
    count += 1;
    if (count > maxMembers) break;
    const name = typeof key === 'string' ? key : String(clean(key, depth + 1, path));
    define(copy, redactText(name), hides(name, item) ? gone : clean(item, depth + 1, path));
  }
  return copy;
}

function cleanMembers(value: object, depth: number, path: Set<object>): unknown {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value).slice(0, maxMembers)) {
    define(copy, redactText(name), cleanMember(value, name, depth, path));
  }
  return copy;
}

function cleanError(error: Error, depth: number, path: Set<object>): unknown {
  const copy: Record<string, unknown> = {};
  const names = new Set(['name', 'message', 'stack', 'cause', 'errors', ...Object.keys(error)]);
  for (const name of names) {
    const item = cleanMember(error, name, depth, path);
    if (item !== undefined) define(copy, redactText(name), item);
  }
  return copy;
}

function cleanMember(owner: object, name: string, depth: number, path: Set<object>): unknown {
  try {
    const item: unknown = Reflect.get(owner, name);
    return hides(name, item) ? gone : clean(item, depth + 1, path);
  } catch {
    return unreadable;
  }
}

function hides(name: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean' || value instanceof Secret)
    return false;
  const plain = name
    .slice(0, 256)
    .toLowerCase()
    .replace(/[-_.\s]/g, '');
  if (plain === 'code') return typeof value === 'string' && !plainCode.test(value);
  if (typeof value === 'number') return false;
  return hiddenNames.includes(plain) || hiddenEndings.some((ending) => plain.endsWith(ending));
}

// Plain assignment to `__proto__` would change the copy's prototype instead of adding a member.
function define(copy: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(copy, name, { value, enumerable: true, configurable: true, writable: true });
}
