const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** TextDecoder costs more than it saves below this size. */
const SHORT_TEXT = 128;

/** UTF-8 bytes of a text. The text must be well formed; see `isWellFormedText`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** False for a text with half a surrogate pair, which has no UTF-8 form and would silently become U+FFFD. */
export function isWellFormedText(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Decodes UTF-8; undefined when the bytes are not valid UTF-8. A leading byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  if (bytes.length <= SHORT_TEXT) {
    let ascii = '';
    let plain = true;
    for (const byte of bytes) {
      if (byte >= 0x80) {
        plain = false;
        break;
      }
      ascii += String.fromCharCode(byte);
    }
    if (plain) return ascii;
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Joins byte strings into a new one. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Plain equality, for bytes that are no secret (key ids, tickets, encoded caveats). Secrets use `sameBytes` of #crypto. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && startsWithBytes(a, b);
}

/** Whether `prefix` stands at the beginning of `bytes`. */
export function startsWithBytes(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (prefix.length > bytes.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

/** Lexicographic order of bytes, the order of map keys in the canonical form (UTF-16 order is another one). */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** One character per byte: a short key for a Map. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte]!;
  return text;
}

/** Bytes of an even-length hex text; undefined for anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
