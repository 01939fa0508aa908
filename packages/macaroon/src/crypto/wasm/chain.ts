import { call, get, i32, i64, set, whenNot, whileLoop, type Code, type FunctionSource } from './assembler.ts';
import { AT } from './layout.ts';
import { COMPRESS, compressions, FINISH, INNER, OUTER, reset, swapped } from './sha256.ts';

/** One caveat is signed as a set of its own: a two-element array of type and body. */
const PAIR_HEADER = 0x92;
const KEY_BYTES = 32;
/** Numbers of the functions below, in their order. */
const ABSORB = FINISH + 1;
const HMAC = ABSORB + 1;
const SWAP = ABSORB + 2;
const DIGEST = ABSORB + 4;

/** absorb(message, length, before): the message and its padding into the state, `before` bytes having gone before it. */
const absorb = (): FunctionSource => {
  const [message, length, before, left, at, end, scratch] = [0, 1, 2, 3, 4, 5, 6];
  const last = i32.const(AT.last);
  return {
    name: 'absorb',
    parameters: 3,
    words: 4,
    longs: 0,
    returnsWord: false,
    body: [
      set(left, get(length)),
      whileLoop(
        i32.lessUnsigned(i32.const(63), get(left)),
        call(COMPRESS, get(message)),
        set(message, i32.add(get(message), i32.const(64))),
        set(left, i32.sub(get(left), i32.const(64))),
      ),
      // What is left is copied, because the next message begins right behind it. Eight bytes at a time: those too many are
      // overwritten next.
      set(at, i32.const(0)),
      whileLoop(
        i32.lessUnsigned(get(at), get(left)),
        i64.store(i32.add(last, get(at)), i64.load(i32.add(get(message), get(at)))),
        set(at, i32.add(get(at), i32.const(8))),
      ),
      i32.storeByte(i32.add(last, get(left)), i32.const(0x80)),
      // With 56 bytes or more there is no room for the length, and a second block follows.
      set(end, i32.shl(i32.add(i32.lessUnsigned(i32.const(55), get(left)), i32.const(1)), i32.const(6))),
      set(at, i32.add(get(left), i32.const(1))),
      whileLoop(
        i32.lessUnsigned(get(at), get(end)),
        i64.store(i32.add(last, get(at)), i64.const(0n)),
        set(at, i32.add(get(at), i32.const(8))),
      ),
      // No message comes near 2^29 bytes, so the upper half of the bit count stays zero.
      i32.store(
        i32.add(i32.const(AT.last - 4), get(end)),
        swapped(i32.shl(i32.add(get(length), get(before)), i32.const(3)), scratch),
      ),
      call(COMPRESS, last),
      whileLoop(
        i32.lessUnsigned(i32.const(64), get(end)),
        call(COMPRESS, i32.const(AT.last + 64)),
        set(end, i32.const(0)),
      ),
    ],
  };
};

/** hmac(key, message, length, out): key and result as words. */
const hmac = (): FunctionSource => ({
  name: 'hmac',
  parameters: 4,
  words: 0,
  longs: 0,
  returnsWord: false,
  body: [
    call(INNER, get(0)),
    call(OUTER, get(0)),
    call(ABSORB, get(1), get(2), i32.const(64)),
    call(FINISH, get(3)),
  ],
});

/** swap(at): eight words into 32 bytes, or back. */
const swap = (): FunctionSource => ({
  name: 'swap',
  parameters: 1,
  words: 1,
  longs: 0,
  returnsWord: false,
  body: Array.from({ length: 8 }, (_, i) => i32.store(get(0), swapped(i32.load(get(0), 4 * i), 1), 4 * i)),
});

const copyWords = (to: number, from: number): Code =>
  Array.from({ length: 8 }, (_, i) => i32.store(i32.const(to), i32.load(i32.const(from), 4 * i), 4 * i));

/**
 * chain(count, proof, expected): the messages listed at AT.table, each tail being the key of the next. The first key lies at
 * AT.tails in bytes; the tails behind it end up in bytes, too. Every message but the first begins with a byte that is
 * overwritten by the header that is signed. Answers 0 when the token's tail is the one at `expected`: no branch depends on
 * how much of it agrees.
 */
const chain = (): FunctionSource => {
  const [count, proof, expected, entry, key, difference] = [0, 1, 2, 3, 4, 5];
  const next = i32.add(get(key), i32.const(KEY_BYTES));
  const step: Code = [
    call(HMAC, get(key), i32.load(get(entry)), i32.load(get(entry), 4), next),
    set(key, next),
    set(entry, i32.add(get(entry), i32.const(8))),
    set(count, i32.sub(get(count), i32.const(1))),
  ];
  const compare = Array.from({ length: 8 }, (_, i) =>
    set(
      difference,
      i32.or(get(difference), i32.xor(i32.load(i32.const(AT.state), 4 * i), i32.load(get(expected), 4 * i))),
    ),
  );
  const copyKey = Array.from({ length: 8 }, (_, i) =>
    i32.store(i32.const(AT.state), i32.load(get(key), 4 * i), 4 * i),
  );
  return {
    name: 'chain',
    parameters: 3,
    words: 3,
    longs: 0,
    returnsWord: true,
    body: [
      set(entry, i32.const(AT.table)),
      set(key, i32.const(AT.tails)),
      call(SWAP, get(key)),
      step,
      whileLoop(get(count), i32.storeByte(i32.load(get(entry)), i32.const(PAIR_HEADER)), step),
      // The last tail as bytes, then every tail.
      set(count, get(key)),
      whileLoop(
        i32.lessUnsigned(i32.const(AT.tails), get(count)),
        call(SWAP, get(count)),
        set(count, i32.sub(get(count), i32.const(KEY_BYTES))),
      ),
      whenNot(get(proof), copyKey, [
        copyWords(AT.state, AT.finalInner),
        copyWords(AT.outer, AT.finalOuter),
        call(ABSORB, get(key), i32.const(KEY_BYTES), i32.const(64)),
        call(FINISH, i32.const(AT.state)),
        call(SWAP, i32.const(AT.state)),
      ]),
      ...compare,
      get(difference),
    ],
  };
};

/** digest(message, length, out): SHA-256. */
const digest = (): FunctionSource => ({
  name: 'digest',
  parameters: 3,
  words: 1,
  longs: 0,
  returnsWord: false,
  body: [
    reset(),
    call(ABSORB, get(0), get(1), i32.const(0)),
    Array.from({ length: 8 }, (_, i) =>
      i32.store(get(2), swapped(i32.load(i32.const(AT.state), 4 * i), 3), 4 * i),
    ),
  ],
});

/** digests(message, end, out): SHA-256 of 32 bytes each, one behind another. */
const digests = (): FunctionSource => {
  const [message, end, out] = [0, 1, 2];
  return {
    name: 'digests',
    parameters: 3,
    words: 0,
    longs: 0,
    returnsWord: false,
    body: [
      whileLoop(
        i32.lessUnsigned(get(message), get(end)),
        call(DIGEST, get(message), i32.const(KEY_BYTES), get(out)),
        set(message, i32.add(get(message), i32.const(KEY_BYTES))),
        set(out, i32.add(get(out), i32.const(KEY_BYTES))),
      ),
    ],
  };
};

/** wipe(from, to): zeros, in steps of eight bytes. */
const wipe = (): FunctionSource => ({
  name: 'wipe',
  parameters: 2,
  words: 0,
  longs: 0,
  returnsWord: false,
  body: [
    whileLoop(
      i32.lessUnsigned(get(0), get(1)),
      i64.store(get(0), i64.const(0n)),
      set(0, i32.add(get(0), i32.const(8))),
    ),
  ],
});

/** In this order they are numbered from 0. Written when an engine is made: whoever has none does not pay for them. */
export const chainFunctions = (): readonly FunctionSource[] => [
  ...compressions(),
  absorb(),
  hmac(),
  swap(),
  chain(),
  digest(),
  digests(),
  wipe(),
];
