import { assemble } from './assembler.ts';
import { chainFunctions } from './chain.ts';
import { cipherFunctions } from './chacha20-poly1305.ts';
import { AT, PAGES } from './layout.ts';
import { Slab } from './slab.ts';
import { KEY_BYTES } from '../../limits.ts';
import { BOX_NONCE_BYTES, BOX_TAG_BYTES } from '../token-crypto.ts';
import { FINALIZATION_KEY, tailAt, type Marks } from '../../format/signed-parts.ts';

/** The part of the WebAssembly API that is used; the compiler settings of this package know no browser types. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  chain(count: number, proof: number, expected: number): number;
  hmac(key: number, message: number, length: number, out: number): void;
  swap(at: number): void;
  inner(key: number): void;
  outer(key: number): void;
  digest(message: number, length: number, out: number): void;
  digests(message: number, end: number, out: number): void;
  wipe(from: number, to: number): void;
  crypt(at: number, length: number): void;
  authenticate(at: number, length: number): void;
}

/**
 * The primitives as one WebAssembly module: many small hashes without an object for each. What is hand-made here, what it
 * is held against and how it is turned off: docs/token-engine.md.
 */
export interface Engine {
  /** See `chainTails`; undefined when the key has not 32 bytes or the messages are too many. */
  chainTails(
    key: Uint8Array,
    nonce: Uint8Array,
    pairs: readonly Uint8Array[],
  ): readonly Uint8Array[] | undefined;
  /** See `walkChain`; undefined when the key has not 32 bytes or the token does not fit. */
  walkChain(
    key: Uint8Array,
    token: Uint8Array,
    marks: Marks,
    proof: boolean,
    keep: boolean,
  ): Uint8Array | 'wrong' | undefined;
  /** HMAC-SHA256 with a key of up to 32 bytes; undefined for longer keys and above 16 KiB. */
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array | undefined;
  /** SHA-256 of something short; undefined above 16 KiB. */
  sha256(bytes: Uint8Array): Uint8Array | undefined;
  /** SHA-256 of each 32 bytes, a view that holds until the next call; undefined above 383 of them. */
  digests(tails: Uint8Array): Uint8Array | undefined;
  /** See `seal` of TokenCrypto; undefined for keys and nonces of another length, and for what is too long for here. */
  seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array | undefined;
  /** Opens a box of at least 28 bytes; `wrong` when it does not open, undefined when it is too long for here. */
  unseal(key: Uint8Array, box: Uint8Array): Uint8Array | 'wrong' | undefined;
}

const MAX_MESSAGES = Math.floor((AT.table - AT.tails) / KEY_BYTES) - 1;
const MAX_TEXT = 16_384;
const NOTHING = new Uint8Array();

/** Builds the module. Takes a few milliseconds, once. Throws where there is no WebAssembly, or words run the other way. */
export function createEngine(): Engine {
  // The module's memory is little-endian everywhere; a typed array on it is only where the machine is.
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) throw new Error('big-endian machine');
  const chain = chainFunctions();
  const functions = [...chain, ...cipherFunctions(chain.length)];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(functions, PAGES)));
  return new WasmEngine(exports as Exports);
}

class WasmEngine implements Engine {
  readonly #exports: Exports;
  readonly #memory: Uint8Array;
  /** The same memory in words. */
  readonly #words: Int32Array;
  readonly #slab = new Slab();

  constructor(exports: Exports) {
    this.#exports = exports;
    this.#memory = new Uint8Array(exports.memory.buffer);
    this.#words = new Int32Array(exports.memory.buffer);
    put(this.#memory, FINALIZATION_KEY, AT.tails);
    exports.swap(AT.tails);
    exports.inner(AT.tails);
    exports.outer(AT.tails);
    this.#memory.copyWithin(AT.finalInner, AT.state, AT.state + KEY_BYTES);
    this.#memory.copyWithin(AT.finalOuter, AT.outer, AT.outer + KEY_BYTES);
    exports.wipe(AT.state, AT.table);
  }

  chainTails(
    key: Uint8Array,
    nonce: Uint8Array,
    pairs: readonly Uint8Array[],
  ): readonly Uint8Array[] | undefined {
    const count = pairs.length + 1;
    if (key.length !== KEY_BYTES || count > MAX_MESSAGES) return undefined;
    let at: number = AT.input;
    for (let index = 0; index < count; index++) {
      const message = index === 0 ? nonce : pairs[index - 1]!;
      // A free byte before each caveat, which counts as the first of the message.
      const free = index === 0 ? 0 : 1;
      if (at + free + message.length + 8 > AT.end) return undefined;
      put(this.#memory, message, at + free);
      this.#list(index, at, message.length + free);
      at += free + message.length;
    }
    this.#memory.set(key, AT.tails);
    this.#exports.chain(count, 0, AT.input);
    const tails = this.#takeTails(count);
    const list: Uint8Array[] = [];
    for (let index = 0; index < count; index++) list.push(tailAt(tails, index));
    return list;
  }

  walkChain(
    key: Uint8Array,
    token: Uint8Array,
    marks: Marks,
    proof: boolean,
    keep: boolean,
  ): Uint8Array | 'wrong' | undefined {
    const count = marks.length - 2;
    if (key.length !== KEY_BYTES || count > MAX_MESSAGES || token.length > AT.end - AT.input - 8) {
      return undefined;
    }
    put(this.#memory, token, AT.input);
    this.#list(0, AT.input + marks[0]!, marks[1]! - marks[0]!);
    for (let index = 1; index < count; index++) {
      const start = marks[index + 1]!;
      // The byte before a caveat belongs to the one before it, which has been signed by then.
      this.#list(index, AT.input + start - 1, marks[index + 2]! - start + 1);
    }
    put(this.#memory, key, AT.tails);
    const tail = AT.input + token.length - KEY_BYTES;
    const difference = this.#exports.chain(count, proof ? 1 : 0, tail);
    const good = difference === 0;
    const tails = good && keep ? this.#takeTails(count) : NOTHING;
    if (!good || !keep) this.#exports.wipe(AT.state, AT.tails + KEY_BYTES * (count + 1));
    this.#exports.wipe(tail, tail + KEY_BYTES);
    return good ? tails : 'wrong';
  }

  hmac(key: Uint8Array, message: Uint8Array): Uint8Array | undefined {
    if (key.length > KEY_BYTES || message.length > MAX_TEXT) return undefined;
    // A shorter key is one padded with zeros, which is what the cleared memory holds.
    put(this.#memory, key, AT.tails);
    put(this.#memory, message, AT.input);
    const out = AT.tails + KEY_BYTES;
    this.#exports.swap(AT.tails);
    this.#exports.hmac(AT.tails, AT.input, message.length, out);
    this.#exports.swap(out);
    // What finalizes a proof has its last tail as the message.
    this.#exports.wipe(AT.input, AT.input + message.length);
    return this.#takeTails(1);
  }

  sha256(bytes: Uint8Array): Uint8Array | undefined {
    if (bytes.length > MAX_TEXT) return undefined;
    put(this.#memory, bytes, AT.input);
    this.#exports.digest(AT.input, bytes.length, AT.tails);
    const digest = this.#slab.copy(this.#words, AT.tails, KEY_BYTES);
    this.#exports.wipe(AT.input, AT.input + bytes.length);
    this.#exports.wipe(AT.state, AT.tails + KEY_BYTES);
    return digest;
  }

  digests(tails: Uint8Array): Uint8Array | undefined {
    if (tails.length > KEY_BYTES * MAX_MESSAGES) return undefined;
    const end = AT.input + tails.length;
    put(this.#memory, tails, AT.input);
    this.#exports.digests(AT.input, end, AT.tails);
    this.#exports.wipe(AT.input, end);
    this.#exports.wipe(AT.state, AT.tails);
    return this.#memory.subarray(AT.tails, AT.tails + tails.length);
  }

  unseal(key: Uint8Array, box: Uint8Array): Uint8Array | 'wrong' | undefined {
    const length = box.length - BOX_NONCE_BYTES - BOX_TAG_BYTES;
    if (length > MAX_TEXT || key.length !== KEY_BYTES) return undefined;
    const memory = this.#memory;
    put(memory, key, AT.key);
    // The text goes to AT.input, and so the nonce before it.
    const start = AT.input - BOX_NONCE_BYTES;
    put(memory, box, start);
    for (let word = 0; word < 3; word++) this.#words[AT.nonce / 4 + word] = this.#words[start / 4 + word]!;
    // The tag is read from the box: authenticating writes behind the text.
    this.#exports.authenticate(AT.input, length);
    let difference = 0;
    for (let index = 0; index < BOX_TAG_BYTES; index++) {
      difference |= memory[AT.tag + index]! ^ box[BOX_NONCE_BYTES + length + index]!;
    }
    let plain: Uint8Array | 'wrong' = 'wrong';
    if (difference === 0) {
      this.#exports.crypt(AT.input, length);
      plain = this.#slab.copy(this.#words, AT.input, length);
    }
    this.#exports.wipe(AT.state, AT.tails);
    this.#exports.wipe(start, AT.input + length + 64);
    return plain;
  }

  seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array | undefined {
    const { length } = plain;
    if (length > MAX_TEXT || key.length !== KEY_BYTES || nonce.length !== BOX_NONCE_BYTES) return undefined;
    const memory = this.#memory;
    const start = AT.input - BOX_NONCE_BYTES;
    put(memory, key, AT.key);
    put(memory, nonce, start);
    put(memory, plain, AT.input);
    for (let word = 0; word < 3; word++) this.#words[AT.nonce / 4 + word] = this.#words[start / 4 + word]!;
    this.#exports.crypt(AT.input, length);
    this.#exports.authenticate(AT.input, length);
    // Authenticating has written behind the text, where the tag belongs.
    const end = AT.input + length;
    for (let index = 0; index < BOX_TAG_BYTES; index++) memory[end + index] = memory[AT.tag + index]!;
    const box = this.#slab.copy(this.#words, start, BOX_NONCE_BYTES + length + BOX_TAG_BYTES);
    this.#exports.wipe(AT.state, AT.tails);
    this.#exports.wipe(start, end + 64);
    return box;
  }

  #list(index: number, address: number, length: number): void {
    this.#words[AT.table / 4 + 2 * index] = address;
    this.#words[AT.table / 4 + 2 * index + 1] = length;
  }

  /** Tails are keys: none stays behind in a memory that lives as long as the process. */
  #takeTails(count: number): Uint8Array {
    const first = AT.tails + KEY_BYTES;
    const end = first + KEY_BYTES * count;
    const tails = this.#slab.copy(this.#words, first, end - first);
    this.#exports.wipe(AT.state, end);
    return tails;
  }
}

/** A typed array's own copying costs more than the copy below this many bytes. */
const SHORT_COPY = 48;

function put(memory: Uint8Array, bytes: Uint8Array, at: number): void {
  if (bytes.length > SHORT_COPY) memory.set(bytes, at);
  else for (let index = 0; index < bytes.length; index++) memory[at + index] = bytes[index]!;
}
