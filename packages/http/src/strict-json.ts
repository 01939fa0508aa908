import { ok, refuse, type Result } from './result.ts';

/** Why bytes were not taken as JSON. */
export type JsonReason =
  | { readonly tag: 'json_too_large'; readonly bytes: number; readonly maxBytes: number }
  | { readonly tag: 'json_not_utf8' }
  | { readonly tag: 'json_too_deep'; readonly maxDepth: number }
  | { readonly tag: 'json_duplicate_key'; readonly key: string }
  | { readonly tag: 'json_malformed' };

/** Limits of {@link parseStrictJson}. */
export interface JsonLimits {
  /** Default 1 MiB. */
  readonly maxBytes?: number;
  /**
   * Arrays and objects inside each other; default 64. V8 itself gives up with a RangeError some thousands
   * deep.
   */
  readonly maxDepth?: number;
}

const DEFAULT_MAX_BYTES = 1_048_576;
const DEFAULT_MAX_DEPTH = 64;
const SHOWN_KEY_LENGTH = 64;

/**
 * Reads JSON as a suspicious reader: fatal UTF-8, no byte order mark, a size and a depth limit, and no object
 * with the same key twice (two parsers in a row may disagree on which one counts). A member called
 * `__proto__` is dropped, so that no later copy of the value can change a prototype. Never throws.
 *
 * @example
 * const json = parseStrictJson(bytes, { maxDepth: 32 });
 * if (!json.ok) log(json.reason.tag); // 'json_duplicate_key', 'json_too_deep', …
 */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits = {}): Result<unknown, JsonReason> {
  const maxBytes = limits.maxBytes ?? DEFAULT_MAX_BYTES;
  if (bytes.byteLength > maxBytes) {
    return refuse({ tag: 'json_too_large', bytes: bytes.byteLength, maxBytes });
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse({ tag: 'json_not_utf8' });
  }
  const scan = scanKeys(text, limits.maxDepth ?? DEFAULT_MAX_DEPTH);
  if (!scan.ok) return scan;
  try {
    return ok(scan.value.prototypeKey ? JSON.parse(text, dropPrototype) : JSON.parse(text));
  } catch {
    return refuse({ tag: 'json_malformed' });
  }
}

function dropPrototype(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

/**
 * One pass over the text that looks only at nesting and keys; whether it is JSON at all is left to
 * JSON.parse. A string followed by a colon is a key, in valid JSON nowhere else.
 */
function scanKeys(text: string, maxDepth: number): Result<{ prototypeKey: boolean }, JsonReason> {
  const open: (Set<string> | undefined)[] = [];
  let prototypeKey = false;
  let at = 0;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (char === 0x22) {
      const end = endOfString(text, at);
      if (end === -1) return refuse({ tag: 'json_malformed' });
      const after = skipBlanks(text, end);
      const keys = open.at(-1);
      if (keys && text.charCodeAt(after) === 0x3a) {
        const key = readKey(text.slice(at, end));
        if (key === undefined) return refuse({ tag: 'json_malformed' });
        if (keys.has(key)) return refuse({ tag: 'json_duplicate_key', key: key.slice(0, SHOWN_KEY_LENGTH) });
        keys.add(key);
        if (key === '__proto__') prototypeKey = true;
      }
      at = after;
      continue;
    }
    if (char === 0x7b || char === 0x5b) {
      open.push(char === 0x7b ? new Set() : undefined);
      if (open.length > maxDepth) return refuse({ tag: 'json_too_deep', maxDepth });
    } else if (char === 0x7d || char === 0x5d) open.pop();
    at += 1;
  }
  return ok({ prototypeKey });
}

/** The index behind the closing quote, or -1. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x5c) at += 1;
    else if (char === 0x22) return at + 1;
  }
  return -1;
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at += 1;
  return at;
}

function readKey(quoted: string): string | undefined {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    const key: unknown = JSON.parse(quoted);
    return typeof key === 'string' ? key : undefined;
  } catch {
    return undefined;
  }
}
