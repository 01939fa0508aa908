import { call, copy, fill, get, i32, set, whileLoop, type Code, type FunctionSource } from './assembler.ts';
import { AT } from './layout.ts';

/** First 32 bits of the fractional parts of the square and cube roots of the first primes (FIPS 180-4, 5.3.3 and 4.2.2). */
const primes = firstPrimes(64);
const INITIAL = primes.slice(0, 8).map((prime) => fraction(BigInt(prime), 2n));
const ROUND = primes.map((prime) => fraction(BigInt(prime), 3n));

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}

/** The first 32 fractional bits of a root: the integer root of the number shifted up by 32 bits per degree. */
function fraction(prime: bigint, degree: bigint): number {
  const target = prime << (32n * degree);
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** degree <= target) root += bit;
  return Number(BigInt.asIntN(32, root));
}

/** SHA-256 words are big-endian, memory is little-endian. `scratch` holds the word while its halves are turned round. */
function swapped(word: Code, scratch: number): Code {
  return [
    ...set(scratch, word),
    ...i32.or(
      i32.and(i32.rotateLeft(get(scratch), i32.const(8)), i32.const(0x00ff00ff)),
      i32.and(i32.rotateRight(get(scratch), i32.const(8)), i32.const(0xff00ff00)),
    ),
  ];
}

const rotated = (local: number, first: number, second: number, third: number): Code =>
  i32.xor(
    i32.rotateRight(get(local), i32.const(first)),
    i32.rotateRight(get(local), i32.const(second)),
    i32.rotateRight(get(local), i32.const(third)),
  );
const mixed = (local: number, first: number, second: number, shift: number): Code =>
  i32.xor(
    i32.rotateRight(get(local), i32.const(first)),
    i32.rotateRight(get(local), i32.const(second)),
    i32.shiftRight(get(local), i32.const(shift)),
  );

/** compress(block): one block into the state at AT.state, everything unrolled and in locals. */
const compress: FunctionSource = (() => {
  const block = 0;
  const w = (t: number) => 1 + (t % 16);
  const scratch = 25;
  const body: Code[] = [];
  for (let t = 0; t < 16; t++) body.push(set(w(t), swapped(i32.load(get(block), 4 * t), scratch)));
  for (let i = 0; i < 8; i++) body.push(set(17 + i, i32.load(i32.const(AT.state), 4 * i)));
  for (let t = 0; t < 64; t++) {
    // Instead of moving eight variables along, each round takes them one place further.
    const variable = (place: number) => 17 + ((place + 64 - t) % 8);
    const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(variable) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    if (t >= 16) {
      body.push(
        set(w(t), i32.add(get(w(t)), mixed(w(t + 1), 7, 18, 3), get(w(t + 9)), mixed(w(t + 14), 17, 19, 10))),
      );
    }
    const choice = i32.xor(get(g), i32.and(get(e), i32.xor(get(f), get(g))));
    const majority = i32.or(i32.and(get(a), get(b)), i32.and(get(c), i32.or(get(a), get(b))));
    body.push(
      set(h, i32.add(get(h), rotated(e, 6, 11, 25), choice, i32.const(ROUND[t]!), get(w(t)))),
      set(d, i32.add(get(d), get(h))),
      set(h, i32.add(get(h), rotated(a, 2, 13, 22), majority)),
    );
  }
  for (let i = 0; i < 8; i++) {
    const sum = i32.add(i32.load(i32.const(AT.state), 4 * i), get(17 + i));
    body.push(i32.store(i32.const(AT.state), sum, 4 * i));
  }
  return { name: 'compress', parameters: 1, words: 25, longs: 0, returnsWord: false, body };
})();

const COMPRESS = 0;
const reset: Code = INITIAL.flatMap((word, i) => i32.store(i32.const(AT.state), i32.const(word), 4 * i));
/** The state as bytes at an address. */
const emit = (to: Code, scratch: number): Code =>
  [0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) =>
    i32.store(to, swapped(i32.load(i32.const(AT.state), 4 * i), scratch), 4 * i),
  );

/** absorb(message, length, before): pads the message in place and compresses it, `before` bytes having gone before it. */
const absorb: FunctionSource = (() => {
  const [message, length, before, end, scratch] = [0, 1, 2, 3, 4];
  const padded = i32.and(i32.add(get(length), i32.const(9 + 63)), i32.const(~63));
  return {
    name: 'absorb',
    parameters: 3,
    words: 2,
    longs: 0,
    returnsWord: false,
    body: [
      set(end, i32.add(get(message), padded)),
      fill(
        i32.add(get(message), get(length)),
        i32.const(0),
        i32.sub(i32.sub(get(end), get(message)), get(length)),
      ),
      i32.storeByte(i32.add(get(message), get(length)), i32.const(0x80)),
      // No message comes near 2^29 bytes, so the upper half of the bit count stays zero.
      i32.store(
        i32.sub(get(end), i32.const(4)),
        swapped(i32.shl(i32.add(get(length), get(before)), i32.const(3)), scratch),
      ),
      whileLoop(
        i32.lessUnsigned(get(message), get(end)),
        call(COMPRESS, get(message)),
        set(message, i32.add(get(message), i32.const(64))),
      ),
    ],
  };
})();

const ABSORB = 1;
/** The key, padded to a block and mixed with one of HMAC's two constants. */
const keyBlock = (key: Code, pad: number): Code =>
  Array.from({ length: 16 }, (_, i) => {
    const word = i32.const(pad);
    return i32.store(i32.const(AT.block), i < 8 ? i32.xor(i32.load(key, 4 * i), word) : word, 4 * i);
  }).flat();

/** hmac(key, message, length, out): the key has 32 bytes; the message is padded in place. */
const hmac: FunctionSource = (() => {
  const [key, message, length, out, scratch] = [0, 1, 2, 3, 4];
  return {
    name: 'hmac',
    parameters: 4,
    words: 1,
    longs: 0,
    returnsWord: false,
    body: [
      reset,
      keyBlock(get(key), 0x36363636),
      call(COMPRESS, i32.const(AT.block)),
      call(ABSORB, get(message), get(length), i32.const(64)),
      emit(i32.const(AT.inner), scratch),
      reset,
      keyBlock(get(key), 0x5c5c5c5c),
      call(COMPRESS, i32.const(AT.block)),
      call(ABSORB, i32.const(AT.inner), i32.const(32), i32.const(64)),
      emit(get(out), scratch),
    ],
  };
})();

const HMAC = 2;
/** chain(count): the messages listed at AT.table, each tail being the key of the next; the first key lies at AT.tails. */
const chain: FunctionSource = (() => {
  const [count, entry, key] = [0, 1, 2];
  const next = i32.add(get(key), i32.const(32));
  return {
    name: 'chain',
    parameters: 1,
    words: 2,
    longs: 0,
    returnsWord: false,
    body: [
      set(entry, i32.const(AT.table)),
      set(key, i32.const(AT.tails)),
      whileLoop(
        get(count),
        call(HMAC, get(key), i32.load(get(entry)), i32.load(get(entry), 4), next),
        set(key, next),
        set(entry, i32.add(get(entry), i32.const(8))),
        set(count, i32.sub(get(count), i32.const(1))),
      ),
    ],
  };
})();

/** digest(message, length, out): SHA-256; the message is copied so that padding does not touch it. */
const digest: FunctionSource = {
  name: 'digest',
  parameters: 3,
  words: 1,
  longs: 0,
  returnsWord: false,
  body: [
    reset,
    copy(i32.const(AT.input), get(0), get(1)),
    call(ABSORB, i32.const(AT.input), get(1), i32.const(0)),
    emit(get(2), 3),
  ],
};

/** In this order they are numbered from 0. */
export const SHA256_FUNCTIONS: readonly FunctionSource[] = [compress, absorb, hmac, chain, digest];
