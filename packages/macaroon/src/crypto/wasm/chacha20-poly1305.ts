import {
  call,
  copy,
  fill,
  get,
  i32,
  i64,
  set,
  whileLoop,
  type Code,
  type FunctionSource,
} from './assembler.ts';
import { AT } from './layout.ts';

/** "expand 32-byte k" (RFC 8439, 2.3). */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const COLUMNS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
];
const DIAGONALS = [
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

/** stream(counter): one block of ChaCha20 with the key and nonce in memory. */
const stream = (): FunctionSource => {
  const counter = 0;
  const x = (word: number) => 1 + word;
  const rounds = 17;
  const initial = (word: number): Code => {
    if (word < 4) return i32.const(CONSTANTS[word]!);
    if (word < 12) return i32.load(i32.const(AT.key), 4 * (word - 4));
    return word === 12 ? get(counter) : i32.load(i32.const(AT.nonce), 4 * (word - 13));
  };
  const half = (a: number, b: number, c: number, turn: number): Code => [
    set(x(a), i32.add(get(x(a)), get(x(b)))),
    set(x(c), i32.rotateLeft(i32.xor(get(x(c)), get(x(a))), i32.const(turn))),
  ];
  const quarter = ([a, b, c, d]: readonly number[]): Code => [
    ...half(a!, b!, d!, 16),
    ...half(c!, d!, b!, 12),
    ...half(a!, b!, d!, 8),
    ...half(c!, d!, b!, 7),
  ];
  const words = Array.from({ length: 16 }, (_, word) => word);
  return {
    name: 'stream',
    parameters: 1,
    words: 17,
    longs: 0,
    returnsWord: false,
    body: [
      ...words.map((word) => set(x(word), initial(word))),
      set(rounds, i32.const(10)),
      whileLoop(
        get(rounds),
        ...[...COLUMNS, ...DIAGONALS].map(quarter),
        set(rounds, i32.sub(get(rounds), i32.const(1))),
      ),
      ...words.map((word) => i32.store(i32.const(AT.stream), i32.add(get(x(word)), initial(word)), 4 * word)),
    ],
  };
};

const LIMB = i64.const(0x3ffffffn);
const masked = (value: Code, mask: bigint): Code => i64.and(value, i64.const(mask));
/** 26 bits of a 16-byte number at an address: limb 0 to 4. */
const limb = (at: Code, index: number): Code =>
  i64.shiftRight(i64.load32(at, 3 * index), i64.const(BigInt(2 * index)));

/** poly1305(at, length): the one-time key is at AT.oneTimeKey, the length a multiple of 16; the tag goes to AT.tag. */
const poly1305 = (): FunctionSource => {
  const [at, length] = [0, 1];
  const h = (i: number) => 2 + i;
  const r = (i: number) => 7 + i;
  const s = (i: number) => 12 + i;
  const d = (i: number) => 17 + i;
  const carry = 22;
  const limbs = [0, 1, 2, 3, 4];
  const clamp = [0x3ffffffn, 0x3ffff03n, 0x3ffc0ffn, 0x3f03fffn, 0x00fffffn];
  /** Moves what is above 26 bits of one limb into another, times a factor where 2^130 wraps round to 5. */
  const settle = (from: number, to: number, factor = 1n): Code => [
    set(carry, i64.shiftRight(get(from), i64.const(26n))),
    set(from, i64.and(get(from), LIMB)),
    set(to, i64.add(get(to), i64.multiply(get(carry), i64.const(factor)))),
  ];
  const product = (i: number): Code => {
    const terms = limbs.map((j) => i64.multiply(get(h(j)), get(j <= i ? r(i - j) : s(5 + i - j))));
    return set(d(i), i64.add(terms[0]!, ...terms.slice(1)));
  };
  const block: Code[] = [
    ...limbs.map((i) => {
      const part = limb(get(at), i);
      // Every block is whole, so each carries the bit 2^128.
      const value = i < 4 ? i64.and(part, LIMB) : i64.or(part, i64.const(1n << 24n));
      return set(h(i), i64.add(get(h(i)), value));
    }),
    ...limbs.map(product),
    ...limbs.map((i) => set(h(i), get(d(i)))),
    settle(h(0), h(1)),
    settle(h(1), h(2)),
    settle(h(2), h(3)),
    settle(h(3), h(4)),
    settle(h(4), h(0), 5n),
    settle(h(0), h(1)),
    set(at, i32.add(get(at), i32.const(16))),
    set(length, i32.sub(get(length), i32.const(16))),
  ];
  /** h - (2^130 - 5) into d, and h replaced by it unless it is negative, without a branch. */
  const reduce: Code[] = [
    ...[1, 2, 3].map((i) => settle(h(i), h(i + 1))),
    settle(h(4), h(0), 5n),
    settle(h(0), h(1)),
    set(d(0), i64.add(get(h(0)), i64.const(5n))),
    ...[1, 2, 3, 4].map((i) => set(d(i), get(h(i)))),
    ...[0, 1, 2, 3].map((i) => settle(d(i), d(i + 1))),
    set(d(4), i64.sub(get(d(4)), i64.const(1n << 26n))),
    set(carry, i64.sub(i64.shiftRight(get(d(4)), i64.const(63n)), i64.const(1n))),
    ...limbs.map((i) => set(h(i), i64.xor(get(h(i)), i64.and(get(carry), i64.xor(get(h(i)), get(d(i))))))),
  ];
  const words = [0, 1, 2, 3].map((i) =>
    masked(
      i64.or(
        i64.shiftRight(get(h(i)), i64.const(BigInt(6 * i))),
        i64.shl(get(h(i + 1)), i64.const(BigInt(26 - 6 * i))),
      ),
      0xffffffffn,
    ),
  );
  const addPad = words.flatMap((word, i) => [
    set(
      carry,
      i64.add(
        i64.shiftRight(get(carry), i64.const(32n)),
        word,
        i64.load32(i32.const(AT.oneTimeKey + 16 + 4 * i)),
      ),
    ),
    i64.store32(i32.const(AT.tag + 4 * i), get(carry)),
  ]);
  return {
    name: 'poly1305',
    parameters: 2,
    words: 0,
    longs: 21,
    returnsWord: false,
    body: [
      ...limbs.map((i) => set(h(i), i64.const(0n))),
      ...limbs.map((i) => set(r(i), masked(limb(i32.const(AT.oneTimeKey), i), clamp[i]!))),
      ...limbs.map((i) => set(s(i), i64.multiply(get(r(i)), i64.const(5n)))),
      whileLoop(get(length), ...block),
      ...reduce,
      set(carry, i64.const(0n)),
      ...addPad,
    ],
  };
};

/** The functions of this file, `first` being the number of the first. */
export function cipherFunctions(first: number): readonly FunctionSource[] {
  const [STREAM, POLY1305] = [first, first + 1];
  const [at, length] = [0, 1];

  /** crypt(at, length): encrypts or decrypts in place. Works on whole blocks: up to 63 bytes behind the text are spoilt. */
  const crypt: FunctionSource = (() => {
    const [end, counter] = [2, 3];
    const word = (i: number): Code =>
      i32.store(get(at), i32.xor(i32.load(get(at), 4 * i), i32.load(i32.const(AT.stream), 4 * i)), 4 * i);
    return {
      name: 'crypt',
      parameters: 2,
      words: 2,
      longs: 0,
      returnsWord: false,
      body: [
        set(end, i32.add(get(at), get(length))),
        // Block 0 is the key of Poly1305.
        set(counter, i32.const(1)),
        whileLoop(
          i32.lessUnsigned(get(at), get(end)),
          call(STREAM, get(counter)),
          ...Array.from({ length: 16 }, (_, i) => word(i)),
          set(counter, i32.add(get(counter), i32.const(1))),
          set(at, i32.add(get(at), i32.const(64))),
        ),
      ],
    };
  })();

  /** authenticate(at, length): the tag of a ciphertext without associated data (RFC 8439, 2.8). Writes behind the text. */
  const authenticate: FunctionSource = (() => {
    const padded = 2;
    return {
      name: 'authenticate',
      parameters: 2,
      words: 1,
      longs: 0,
      returnsWord: false,
      body: [
        call(STREAM, i32.const(0)),
        copy(i32.const(AT.oneTimeKey), i32.const(AT.stream), i32.const(32)),
        set(padded, i32.and(i32.add(get(length), i32.const(15)), i32.const(~15))),
        fill(
          i32.add(get(at), get(length)),
          i32.const(0),
          i32.add(i32.sub(get(padded), get(length)), i32.const(16)),
        ),
        i32.store(i32.add(get(at), get(padded)), get(length), 8),
        call(POLY1305, get(at), i32.add(get(padded), i32.const(16))),
      ],
    };
  })();

  return [stream(), poly1305(), crypt, authenticate];
}
