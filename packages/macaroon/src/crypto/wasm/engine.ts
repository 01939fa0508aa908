import { assemble } from './assembler.ts';
import { cipherFunctions } from './chacha20-poly1305.ts';
import { AT, PAGES } from './layout.ts';
import { SHA256_FUNCTIONS } from './sha256.ts';

/** The part of the WebAssembly API that is used; the compiler settings of this package know no browser types. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  chain(count: number): void;
  hmac(key: number, message: number, length: number, out: number): void;
  digest(message: number, length: number, out: number): void;
  crypt(at: number, length: number): void;
  authenticate(at: number, length: number): void;
}

/** The primitives as one WebAssembly module: many small hashes without an object for each. */
export interface Engine {
  /** See `chainTails`; undefined when the key has not 32 bytes or the messages are too many. */
  chainTails(
    key: Uint8Array,
    nonce: Uint8Array,
    pairs: readonly Uint8Array[],
  ): readonly Uint8Array[] | undefined;
  /** HMAC-SHA256 with a key of up to 32 bytes; undefined for longer keys and above 16 KiB. */
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array | undefined;
  /** SHA-256 of something short; undefined above 16 KiB. */
  sha256(bytes: Uint8Array): Uint8Array | undefined;
  /** Opens a box of at least 28 bytes; `wrong` when it does not open, undefined when it is too long for here. */
  unseal(key: Uint8Array, box: Uint8Array): Uint8Array | 'wrong' | undefined;
}

const PAIR_HEADER = 0x92;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_MESSAGES = Math.floor((AT.input - AT.tails) / KEY_BYTES) - 1;
const MAX_TEXT = 16_384;

/** Builds the module. Takes a few milliseconds, once. Throws where there is no WebAssembly, or words run the other way. */
export function createEngine(): Engine {
  // The module's memory is little-endian everywhere; a typed array on it is only where the machine is.
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) throw new Error('big-endian machine');
  const functions = [...SHA256_FUNCTIONS, ...cipherFunctions(SHA256_FUNCTIONS.length)];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(functions, PAGES)));
  return new WasmEngine(exports as Exports);
}

class WasmEngine implements Engine {
  readonly #exports: Exports;
  readonly #memory: Uint8Array;
  /** The same memory in words. */
  readonly #words: Uint32Array;

  constructor(exports: Exports) {
    this.#exports = exports;
    this.#memory = new Uint8Array(exports.memory.buffer);
    this.#words = new Uint32Array(exports.memory.buffer);
  }

  chainTails(
    key: Uint8Array,
    nonce: Uint8Array,
    pairs: readonly Uint8Array[],
  ): readonly Uint8Array[] | undefined {
    const count = pairs.length + 1;
    if (key.length !== KEY_BYTES || count > MAX_MESSAGES) return undefined;
    const memory = this.#memory;
    let at: number = AT.input;
    for (let index = 0; index < count; index++) {
      const isNonce = index === 0;
      const message = isNonce ? nonce : pairs[index - 1]!;
      const length = isNonce ? message.length : message.length + 1;
      const next = at + paddedLength(length);
      if (next > AT.end) return undefined;
      if (!isNonce) memory[at] = PAIR_HEADER;
      put(memory, message, isNonce ? at : at + 1);
      this.#words[AT.table / 4 + 2 * index] = at;
      this.#words[AT.table / 4 + 2 * index + 1] = length;
      at = next;
    }
    memory.set(key, AT.tails);
    this.#exports.chain(count);
    const end = AT.tails + KEY_BYTES * (count + 1);
    const all = memory.slice(AT.tails + KEY_BYTES, end);
    // Tails are keys: none stays behind in a memory that lives as long as the process.
    memory.fill(0, AT.tails, end);
    memory.fill(0, AT.block, AT.cipher);
    return Array.from({ length: count }, (_, index) =>
      all.subarray(KEY_BYTES * index, KEY_BYTES * (index + 1)),
    );
  }

  hmac(key: Uint8Array, message: Uint8Array): Uint8Array | undefined {
    if (key.length > KEY_BYTES || message.length > MAX_TEXT) return undefined;
    const memory = this.#memory;
    // A shorter key is one padded with zeros, which is what the cleared memory holds.
    memory.set(key, AT.tails);
    memory.set(message, AT.input);
    const out = AT.tails + KEY_BYTES;
    this.#exports.hmac(AT.tails, AT.input, message.length, out);
    const tail = memory.slice(out, out + KEY_BYTES);
    memory.fill(0, AT.tails, out + KEY_BYTES);
    memory.fill(0, AT.block, AT.cipher);
    return tail;
  }

  sha256(bytes: Uint8Array): Uint8Array | undefined {
    if (bytes.length > MAX_TEXT) return undefined;
    const from = AT.end - MAX_TEXT;
    this.#memory.set(bytes, from);
    this.#exports.digest(from, bytes.length, AT.tails);
    this.#memory.fill(0, from, from + bytes.length);
    this.#memory.fill(0, AT.input, AT.input + paddedLength(bytes.length));
    const digest = this.#memory.slice(AT.tails, AT.tails + KEY_BYTES);
    this.#memory.fill(0, AT.tails, AT.tails + KEY_BYTES);
    return digest;
  }

  unseal(key: Uint8Array, box: Uint8Array): Uint8Array | 'wrong' | undefined {
    const length = box.length - NONCE_BYTES - TAG_BYTES;
    if (length > MAX_TEXT || key.length !== KEY_BYTES) return undefined;
    const memory = this.#memory;
    memory.set(key, AT.key);
    memory.set(box.subarray(0, NONCE_BYTES), AT.nonce);
    memory.set(box.subarray(NONCE_BYTES, NONCE_BYTES + length), AT.input);
    this.#exports.authenticate(AT.input, length);
    let difference = 0;
    for (let index = 0; index < TAG_BYTES; index++) {
      difference |= memory[AT.tag + index]! ^ box[NONCE_BYTES + length + index]!;
    }
    let plain: Uint8Array | 'wrong' = 'wrong';
    if (difference === 0) {
      this.#exports.crypt(AT.input, length);
      plain = memory.slice(AT.input, AT.input + length);
    }
    memory.fill(0, AT.cipher, AT.table);
    memory.fill(0, AT.input, AT.input + length + 64);
    return plain;
  }
}

/** A typed array's own copying costs more than the copy below this many bytes. */
const SHORT_COPY = 48;

function put(memory: Uint8Array, bytes: Uint8Array, at: number): void {
  if (bytes.length > SHORT_COPY) memory.set(bytes, at);
  else for (let index = 0; index < bytes.length; index++) memory[at + index] = bytes[index]!;
}

/** Room for a message and its SHA-256 padding. */
function paddedLength(length: number): number {
  return (length + 9 + 63) & ~63;
}
