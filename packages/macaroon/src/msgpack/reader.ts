import { compareRanges, decodeUtf8 } from '../bytes.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { ok, refuse, type Result } from '../result.ts';

/** Why bytes are not a value in canonical form. `truncated` means they stop before the value does. */
export type MsgpackFault = 'truncated' | 'malformed' | 'limit';

/** Thrown inside the reader and turned into a verdict at the library's edge. */
export class MsgpackFailure extends Error {
  readonly fault: MsgpackFault;
  readonly offset: number;

  constructor(fault: MsgpackFault, message: string, offset: number) {
    // It is a verdict, and strangers decide how often it is made: no stack is taken.
    const frames = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = frames;
    this.name = 'MsgpackFailure';
    this.fault = fault;
    this.offset = offset;
  }
}

/** Why bytes are not what they should be. `offset` says where reading stopped. */
export interface DecodeReason {
  readonly tag: MsgpackFault;
  readonly detail: string;
  readonly offset: number;
}

/** Runs a reading and turns its failure into a verdict. */
export function attempt<T>(read: () => T): Result<T, DecodeReason> {
  try {
    return ok(read());
  } catch (error) {
    if (!(error instanceof MsgpackFailure)) throw error;
    return refuse({ tag: error.fault, detail: error.message, offset: error.offset });
  }
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** The upper half of the largest integer that a number holds exactly. */
const MAX_SAFE_HIGH = 0x1fffff;
const TWO_32 = 0x100000000;

/**
 * A cursor over received bytes. It accepts exactly the canonical form (docs/specs/token-format.md#canonical-bytes):
 * shortest integers and headers, bin for bytes, str for text, valid UTF-8. Byte strings come back as views on the
 * input, never as copies, and no length is believed before it is held against what is left.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly limits: Limits;
  offset = 0;

  constructor(bytes: Uint8Array, limits: Limits = LIMITS) {
    this.bytes = bytes;
    this.limits = limits;
  }

  /** Throws the verdict `malformed` at the cursor. */
  malformed(message: string): never {
    throw new MsgpackFailure('malformed', message, this.offset);
  }

  /** Throws the verdict `limit` at the cursor. */
  overLimit(message: string): never {
    throw new MsgpackFailure('limit', message, this.offset);
  }

  /** Throws unless every byte has been read. */
  finish(): void {
    if (this.offset !== this.bytes.length) this.malformed('bytes after the value');
  }

  /** The next byte without reading it. */
  peek(): number {
    if (this.offset >= this.bytes.length)
      throw new MsgpackFailure('truncated', 'value ends early', this.offset);
    return this.bytes[this.offset]!;
  }

  /** Consumes a nil if one comes next. */
  takeNil(): boolean {
    if (this.peek() !== 0xc0) return false;
    this.offset += 1;
    return true;
  }

  /** true or false, and nothing that merely looks like it. */
  bool(): boolean {
    const head = this.#byte();
    if (head === 0xc3) return true;
    if (head === 0xc2) return false;
    return this.#fail('expected a boolean');
  }

  /** An unsigned integer that must not exceed `max`, at most 2^53-1. */
  unsigned(max: number): number {
    const value = this.#unsigned();
    if (typeof value === 'bigint' || value > max) return this.#fail('integer too large');
    return value;
  }

  /** An unsigned 64-bit integer. */
  id(): bigint {
    return BigInt(this.#unsigned());
  }

  /** An unsigned 64-bit integer, as a number where that is exact. */
  unsigned64(): number | bigint {
    return this.#unsigned();
  }

  /** A signed 64-bit integer, as a number where that is exact. */
  signed64(): number | bigint {
    const head = this.peek();
    if (head >= 0xe0) {
      this.offset += 1;
      return head - 256;
    }
    if (head >= 0xd0 && head <= 0xd3) {
      this.offset += 1;
      return this.#negative(head);
    }
    const value = this.#unsigned();
    if (typeof value === 'bigint' && value >= 1n << 63n) return this.#fail('integer too large');
    return value;
  }

  /** A byte string, as a view on the input. */
  bin(): Uint8Array {
    const length = this.skipBin();
    return this.bytes.subarray(this.offset - length, this.offset);
  }

  /** Steps over a byte string; answers its length. */
  skipBin(): number {
    const head = this.#byte();
    if (head === 0xc4) return this.#step(this.#length(1, 0));
    if (head === 0xc5) return this.#step(this.#length(2, 0x100));
    if (head === 0xc6) return this.#step(this.#length(4, 0x10000));
    return this.#fail('expected bytes');
  }

  /** A text. */
  text(): string {
    return this.#utf8(this.#skipText());
  }

  /** The number of elements of an array. */
  array(max: number = this.limits.entries): number {
    const head = this.#byte();
    if (head >= 0x90 && head <= 0x9f) return this.#count(head & 0x0f, 1, max);
    if (head === 0xdc) return this.#count(this.#length(2, 16), 1, max);
    if (head === 0xdd) return this.#count(this.#length(4, 0x10000), 1, max);
    return this.#fail('expected an array');
  }

  /** A struct: an array of as many elements as it has fields. Answers which of the allowed counts it is. */
  struct(fields: number, orFields: number = fields): number {
    const head = this.#byte();
    const count = head >= 0x90 && head <= 0x9f ? head & 0x0f : -1;
    if (count !== fields && count !== orFields) {
      this.#fail(`expected ${fields === orFields ? fields : `${fields} or ${orFields}`} fields`);
    }
    return this.#count(count, 1, count);
  }

  /** A map with unsigned integer keys, strictly ascending. */
  idMap<V>(value: () => V): Map<bigint, V> {
    const map = new Map<bigint, V>();
    let previous = -1n;
    for (let left = this.#map(); left > 0; left--) {
      const key = this.id();
      if (key <= previous) return this.#fail('map keys not in order');
      previous = key;
      map.set(key, value());
    }
    return map;
  }

  /** A map with text keys, strictly ascending by their bytes. */
  textMap<V>(value: () => V): Map<string, V> {
    const map = new Map<string, V>();
    let previousStart = -1;
    let previousEnd = -1;
    for (let left = this.#map(); left > 0; left--) {
      const length = this.#skipText();
      const { bytes, offset: end } = this;
      const start = end - length;
      if (previousStart >= 0 && compareRanges(bytes, previousStart, previousEnd, start, end) >= 0) {
        return this.#fail('map keys not in order');
      }
      previousStart = start;
      previousEnd = end;
      map.set(this.#utf8(length), value());
    }
    return map;
  }

  /** Steps over one well-formed value of any shape, canonical or not, without looking into it. Iterative: depth costs nothing. */
  skip(): Uint8Array {
    const start = this.offset;
    /** Values still to come at each open level. */
    const open = [1];
    while (open.length > 0) {
      const level = open.length - 1;
      if (open[level] === 0) {
        open.pop();
        continue;
      }
      open[level]! -= 1;
      const children = this.#skipHead();
      if (children > 0) {
        if (open.length > this.limits.unknownDepth) this.overLimit('nested too deeply');
        open.push(children);
      }
    }
    return this.bytes.subarray(start, this.offset);
  }

  /** Reads one head and the bytes that belong to it; answers how many values follow inside. */
  #skipHead(): number {
    const head = this.#byte();
    if (head <= 0x7f || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) return 0;
    if (head <= 0x8f) return this.#fits(2 * (head & 0x0f));
    if (head <= 0x9f) return this.#fits(head & 0x0f);
    if (head <= 0xbf) return this.#jump(head & 0x1f);
    if (head >= 0xd4 && head <= 0xd8) return this.#jump(1 + (1 << (head - 0xd4)));
    switch (head) {
      case 0xc4:
      case 0xd9:
        return this.#jump(this.#length(1, 0));
      case 0xc5:
      case 0xda:
        return this.#jump(this.#length(2, 0));
      case 0xc6:
      case 0xdb:
        return this.#jump(this.#length(4, 0));
      case 0xc7:
        return this.#jump(1 + this.#length(1, 0));
      case 0xc8:
        return this.#jump(1 + this.#length(2, 0));
      case 0xc9:
        return this.#jump(1 + this.#length(4, 0));
      case 0xcc:
      case 0xd0:
        return this.#jump(1);
      case 0xcd:
      case 0xd1:
        return this.#jump(2);
      case 0xca:
      case 0xce:
      case 0xd2:
        return this.#jump(4);
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return this.#jump(8);
      case 0xdc:
        return this.#fits(this.#length(2, 0));
      case 0xdd:
        return this.#fits(this.#length(4, 0));
      case 0xde:
        return this.#fits(2 * this.#length(2, 0));
      case 0xdf:
        return this.#fits(2 * this.#length(4, 0));
      default:
        return this.#fail('byte that begins no value');
    }
  }

  #unsigned(): number | bigint {
    const head = this.#byte();
    if (head <= 0x7f) return head;
    if (head === 0xcc) return this.#length(1, 0x80);
    if (head === 0xcd) return this.#length(2, 0x100);
    if (head === 0xce) return this.#length(4, 0x10000);
    if (head !== 0xcf) return this.#fail('expected an unsigned integer');
    const high = this.#length(4, 0);
    const low = this.#length(4, 0);
    if (high === 0) return this.#fail('integer not in its shortest form');
    return high <= MAX_SAFE_HIGH ? high * TWO_32 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  /** The rest of a signed integer; it must be negative and need its width. */
  #negative(head: number): number | bigint {
    if (head === 0xd3) {
      const value = BigInt.asIntN(64, (BigInt(this.#length(4, 0)) << 32n) | BigInt(this.#length(4, 0)));
      if (value >= -0x80000000n) return this.#fail('integer not in its shortest form');
      return value >= -MAX_SAFE ? Number(value) : value;
    }
    const width = head === 0xd0 ? 1 : head === 0xd1 ? 2 : 4;
    const range = 2 ** (8 * width);
    const value = this.#length(width, range / 2) - range;
    const shorter = width === 1 ? -32 : -(2 ** (4 * width - 1));
    return value < shorter ? value : this.#fail('integer not in its shortest form');
  }

  /** A big-endian number of 1, 2 or 4 bytes; below `least` a shorter form would have done. */
  #length(width: 1 | 2 | 4, least: number): number {
    this.#need(width);
    const { bytes, offset } = this;
    let value = bytes[offset]!;
    if (width === 2) value = value * 256 + bytes[offset + 1]!;
    else if (width === 4) {
      value = value * 0x1000000 + (bytes[offset + 1]! << 16) + (bytes[offset + 2]! << 8) + bytes[offset + 3]!;
    }
    if (value < least) return this.#fail('not in its shortest form');
    this.offset += width;
    return value;
  }

  #map(): number {
    const head = this.#byte();
    if (head >= 0x80 && head <= 0x8f) return this.#count(head & 0x0f, 2, this.limits.entries);
    if (head === 0xde) return this.#count(this.#length(2, 16), 2, this.limits.entries);
    if (head === 0xdf) return this.#count(this.#length(4, 0x10000), 2, this.limits.entries);
    return this.#fail('expected a map');
  }

  #skipText(): number {
    const head = this.#byte();
    if (head >= 0xa0 && head <= 0xbf) return this.#step(head & 0x1f);
    if (head === 0xd9) return this.#step(this.#length(1, 32));
    if (head === 0xda) return this.#step(this.#length(2, 0x100));
    if (head === 0xdb) return this.#step(this.#length(4, 0x10000));
    return this.#fail('expected text');
  }

  /** The text that has just been stepped over. */
  #utf8(length: number): string {
    const text = decodeUtf8(this.bytes, this.offset - length, this.offset);
    return text === undefined ? this.#fail('text is not UTF-8') : text;
  }

  #count(count: number, width: 1 | 2, max: number): number {
    if (count > max) this.overLimit('too many elements');
    this.#need(count * width);
    return count;
  }

  #step(length: number): number {
    if (length > this.limits.valueBytes) this.overLimit('text or bytes too long');
    this.#need(length);
    this.offset += length;
    return length;
  }

  #jump(length: number): 0 {
    this.#need(length);
    this.offset += length;
    return 0;
  }

  #fits(children: number): number {
    this.#need(children);
    return children;
  }

  #need(length: number): void {
    if (length > this.bytes.length - this.offset) {
      throw new MsgpackFailure('truncated', 'value ends early', this.offset);
    }
  }

  #byte(): number {
    const head = this.peek();
    this.offset += 1;
    return head;
  }

  #fail(message: string): never {
    return this.malformed(message);
  }
}
