import { compareBytes, isWellFormedText, utf8 } from '../bytes.ts';
import { MacaroonError } from '../error.ts';

/** As much as V8 keeps inside its heap: a larger array is an allocation of its own, dearer than writing a caveat. */
const START_BYTES = 64;
/** Below this a text is written letter by letter; it is what a location or a name takes. */
const SHORT_TEXT = 64;
const MAX_UNSIGNED = 0xffffffffffffffffn;
const MAX_SIGNED = 0x7fffffffffffffffn;
const MIN_SIGNED = -0x8000000000000000n;

/**
 * Writes values in the one canonical form that `Reader` accepts. Methods return the writer, so calls can be strung together.
 * One writer serves for many values: what a number or a caveat takes is written, and nothing is made for it.
 */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  /** `expected` bytes can be written before anything has to grow. */
  constructor(expected = START_BYTES) {
    this.#bytes = new Uint8Array(expected);
  }

  /** How many bytes have been written. */
  get length(): number {
    return this.#length;
  }

  /** A copy of everything written so far; the buffer itself where it is full. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length);
  }

  /** What has been written from `start` on, a view. It stays as it is unless `rewind` goes behind it. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#length);
  }

  /** Forgets what was written behind this length. */
  rewind(length: number): void {
    this.#length = length;
  }

  /** Bytes that are encoded already. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Nothing: an unset list, map or byte string. */
  nil(): this {
    return this.#byte(0xc0);
  }

  /** true or false. */
  bool(value: boolean): this {
    return this.#byte(value ? 0xc3 : 0xc2);
  }

  /** An unsigned integer below 2^64. Throws `bad_value` for anything else. */
  unsigned(value: number | bigint): this {
    if (value < 0 || value > MAX_UNSIGNED) throw new MacaroonError('bad_value', 'integer out of range');
    if (value > 0xffffffff) return this.#wide(0xcf, value);
    const exact = toNumber(value);
    if (exact <= 0x7f) return this.#byte(exact);
    if (exact <= 0xff) return this.#number(0xcc, 1, exact);
    return exact <= 0xffff ? this.#number(0xcd, 2, exact) : this.#number(0xce, 4, exact);
  }

  /** A signed 64-bit integer. Throws `bad_value` for anything else. */
  signed(value: number | bigint): this {
    if (value > MAX_SIGNED || value < MIN_SIGNED)
      throw new MacaroonError('bad_value', 'integer out of range');
    if (value >= 0) return this.unsigned(value);
    if (value < -0x80000000) return this.#wide(0xd3, value);
    const exact = toNumber(value);
    if (exact >= -32) return this.#byte(exact & 0xff);
    if (exact >= -0x80) return this.#number(0xd0, 1, exact & 0xff);
    return exact >= -0x8000 ? this.#number(0xd1, 2, exact & 0xffff) : this.#number(0xd2, 4, exact >>> 0);
  }

  /** A byte string. */
  bin(bytes: Uint8Array): this {
    const length = bytes.length;
    if (length <= 0xff) this.#number(0xc4, 1, length);
    else if (length <= 0xffff) this.#number(0xc5, 2, length);
    else this.#number(0xc6, 4, length);
    return this.raw(bytes);
  }

  /** A text. Throws `bad_value` for half a surrogate pair, which UTF-8 cannot hold. */
  text(text: string): this {
    if (text.length <= SHORT_TEXT && this.#ascii(text)) return this;
    if (!isWellFormedText(text)) throw new MacaroonError('bad_value', 'text is not well formed');
    return this.#utf8(utf8(text));
  }

  /** The head of an array or struct; its elements follow. */
  array(count: number): this {
    if (count <= 15) return this.#byte(0x90 | count);
    return count <= 0xffff ? this.#number(0xdc, 2, count) : this.#number(0xdd, 4, count);
  }

  /** A map from ids, in numeric order. */
  idMap<V>(map: ReadonlyMap<bigint, V>, value: (value: V) => void): this {
    this.#map(map.size);
    const entries = map.size < 2 ? map : [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, entry] of entries) {
      this.unsigned(key);
      value(entry);
    }
    return this;
  }

  /** A map from texts, in the order of their UTF-8 bytes. */
  textMap<V>(map: ReadonlyMap<string, V>, value: (value: V) => void): this {
    this.#map(map.size);
    const entries = [...map].map(([key, entry]) => {
      if (!isWellFormedText(key)) throw new MacaroonError('bad_value', 'text is not well formed');
      return [utf8(key), entry] as const;
    });
    entries.sort(([a], [b]) => compareBytes(a, b));
    for (const [key, entry] of entries) {
      this.#utf8(key);
      value(entry);
    }
    return this;
  }

  #map(count: number): this {
    if (count <= 15) return this.#byte(0x80 | count);
    return count <= 0xffff ? this.#number(0xde, 2, count) : this.#number(0xdf, 4, count);
  }

  #utf8(bytes: Uint8Array): this {
    this.#textHead(bytes.length);
    return this.raw(bytes);
  }

  /** Writes a short text of ASCII; false, with nothing written, for any other. */
  #ascii(text: string): boolean {
    const { length } = text;
    const start = this.#length;
    this.#textHead(length);
    this.#reserve(length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) {
        this.#length = start;
        return false;
      }
      bytes[at++] = code;
    }
    this.#length = at;
    return true;
  }

  #textHead(length: number): void {
    if (length <= 31) this.#byte(0xa0 | length);
    else if (length <= 0xff) this.#number(0xd9, 1, length);
    else if (length <= 0xffff) this.#number(0xda, 2, length);
    else this.#number(0xdb, 4, length);
  }

  #byte(byte: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
    return this;
  }

  #number(head: number, width: 1 | 2 | 4, value: number): this {
    this.#reserve(width + 1);
    this.#bytes[this.#length++] = head;
    for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) this.#bytes[this.#length++] = value >>> shift;
    return this;
  }

  /** 64 bits; the two's complement of what is negative. */
  #wide(head: number, value: number | bigint): this {
    if (typeof value === 'number') toNumber(value);
    const exact = BigInt(value);
    this.#number(head, 4, Number(BigInt.asUintN(32, exact >> 32n)));
    this.#reserve(4);
    const low = Number(BigInt.asUintN(32, exact));
    for (let shift = 24; shift >= 0; shift -= 8) this.#bytes[this.#length++] = low >>> shift;
    return this;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

function toNumber(value: number | bigint): number {
  if (typeof value === 'bigint') return Number(value);
  if (!Number.isSafeInteger(value)) throw new MacaroonError('bad_value', 'number is not a safe integer');
  return value;
}
