import { compareBytes, isWellFormedText, utf8 } from '../bytes.ts';
import { MacaroonError } from '../error.ts';

const START_BYTES = 256;

/** Writes values in the one canonical form that `Reader` accepts. Methods answer the writer, so calls can be strung together. */
export class Writer {
  #bytes = new Uint8Array(START_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** A copy of everything written so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
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
    const exact = toInteger(value);
    if (exact < 0n || exact > 0xffffffffffffffffn)
      throw new MacaroonError('bad_value', 'integer out of range');
    if (exact <= 0x7fn) return this.#byte(Number(exact));
    if (exact <= 0xffn) return this.#number(0xcc, 1, Number(exact));
    if (exact <= 0xffffn) return this.#number(0xcd, 2, Number(exact));
    if (exact <= 0xffffffffn) return this.#number(0xce, 4, Number(exact));
    return this.#wide(0xcf, exact);
  }

  /** A signed 64-bit integer. Throws `bad_value` for anything else. */
  signed(value: number | bigint): this {
    const exact = toInteger(value);
    if (exact >= 1n << 63n || exact < -(1n << 63n))
      throw new MacaroonError('bad_value', 'integer out of range');
    if (exact >= 0n) return this.unsigned(exact);
    if (exact >= -32n) return this.#byte(Number(exact) & 0xff);
    if (exact >= -0x80n) return this.#number(0xd0, 1, Number(exact) & 0xff);
    if (exact >= -0x8000n) return this.#number(0xd1, 2, Number(exact) & 0xffff);
    if (exact >= -0x80000000n) return this.#number(0xd2, 4, Number(exact) >>> 0);
    return this.#wide(0xd3, BigInt.asUintN(64, exact));
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
    const entries = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
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
    const length = bytes.length;
    if (length <= 31) this.#byte(0xa0 | length);
    else if (length <= 0xff) this.#number(0xd9, 1, length);
    else if (length <= 0xffff) this.#number(0xda, 2, length);
    else this.#number(0xdb, 4, length);
    return this.raw(bytes);
  }

  #byte(byte: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
    return this;
  }

  #number(head: number, width: 1 | 2 | 4, value: number): this {
    this.#reserve(width + 1);
    this.#bytes[this.#length] = head;
    if (width === 1) this.#bytes[this.#length + 1] = value;
    else if (width === 2) this.#view.setUint16(this.#length + 1, value);
    else this.#view.setUint32(this.#length + 1, value);
    this.#length += width + 1;
    return this;
  }

  #wide(head: number, value: bigint): this {
    this.#reserve(9);
    this.#bytes[this.#length] = head;
    this.#view.setBigUint64(this.#length + 1, value);
    this.#length += 9;
    return this;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

function toInteger(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value;
  if (!Number.isSafeInteger(value)) throw new MacaroonError('bad_value', 'number is not a safe integer');
  return BigInt(value);
}
