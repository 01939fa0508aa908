import { get, i32, set, type Code } from './assembler.ts';
import type { FunctionSource } from './assembler.ts';
import { AT } from './layout.ts';

/** First 32 bits of the fractional parts of the square and cube roots of the first primes (FIPS 180-4, 5.3.3 and 4.2.2). */
const initialWords = (): number[] => firstPrimes(8).map((prime) => fraction(BigInt(prime), 2n));
const roundWords = (): number[] => firstPrimes(64).map((prime) => fraction(BigInt(prime), 3n));

interface Constants {
  readonly initial: readonly number[];
  readonly round: readonly number[];
}

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
export function swapped(word: Code, scratch: number): Code {
  return [
    set(scratch, word),
    i32.or(
      i32.and(i32.rotateLeft(get(scratch), i32.const(8)), i32.const(0x00ff00ff)),
      i32.and(i32.rotateRight(get(scratch), i32.const(8)), i32.const(0xff00ff00)),
    ),
  ];
}

const turn = (value: number, by: number): number => (value >>> by) | (value << (32 - by));
/** A word turned by three numbers, all xored. Each turn goes on from the one before: the machine copies the word once, not three times. */
const rotated = (local: number, first: number, second: number, third: number): Code =>
  i32.rotateRight(
    i32.xor(
      i32.rotateRight(
        i32.xor(i32.rotateRight(get(local), i32.const(third - second)), get(local)),
        i32.const(second - first),
      ),
      get(local),
    ),
    i32.const(first),
  );

/** A word of the message schedule: in a local, or known when the module is made. */
type Word = number | undefined;

/** One of the schedule's two mixing functions; of a known word it is known too. */
function mixed(word: Word, local: number, first: number, second: number, shift: number): Code | number {
  if (word !== undefined) return turn(word, first) ^ turn(word, second) ^ (word >>> shift);
  return i32.xor(
    i32.rotateRight(
      i32.xor(i32.rotateRight(get(local), i32.const(second - first)), get(local)),
      i32.const(first),
    ),
    i32.shiftRight(get(local), i32.const(shift)),
  );
}

/** A sum in which everything known is one constant. */
function sum(terms: readonly (Code | number)[]): Code | number {
  let known = 0;
  const codes: Code[] = [];
  for (const term of terms) {
    if (typeof term === 'number') known = (known + term) | 0;
    else codes.push(term);
  }
  if (codes.length === 0) return known;
  if (known !== 0) codes.push(i32.const(known));
  return i32.add(codes[0]!, ...codes.slice(1));
}

/** The sixteen words of one block: code that reads a word, or the word itself. */
type Block = readonly (Code | number)[];

/**
 * One compression, unrolled and in locals. Blocks of HMAC are half constants (the pads behind a key of 32 bytes, the padding
 * behind a digest), and whatever follows from a constant is computed here and not at run time.
 */
function compression(
  name: string,
  parameters: number,
  block: (scratch: number) => Block,
  /** Where the state comes from; undefined for the beginning of a hash. */
  from: number | undefined,
  to: Code,
  constants: Constants,
): FunctionSource {
  const w = (t: number) => parameters + (t % 16);
  const state = parameters + 16;
  const scratch = parameters + 24;
  /** Where a and b differ, of rounds with an even number and of the others. */
  const [even, odd] = [parameters + 25, parameters + 26];
  const known: Word[] = [];
  const body: Code[] = [];
  for (const [t, word] of block(scratch).entries()) {
    if (typeof word === 'number') known[t] = word;
    else body.push(set(w(t), word));
  }
  const initial = (i: number): Code =>
    from === undefined ? i32.const(constants.initial[i]!) : i32.load(i32.const(from), 4 * i);
  for (let i = 0; i < 8; i++) body.push(set(state + i, initial(i)));
  const use = (t: number): Code | number => known[t] ?? get(w(t));
  for (let t = 0; t < 64; t++) {
    // Instead of moving eight variables along, each round takes them one place further.
    const at = (place: number) => state + ((place + 64 - t) % 8);
    const [a, b, c, d, e, f, g, h] = [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)] as const;
    if (t >= 16) {
      const next = sum([
        use(t - 16),
        mixed(known[t - 15], w(t - 15), 7, 18, 3),
        use(t - 7),
        mixed(known[t - 2], w(t - 2), 17, 19, 10),
      ]);
      if (typeof next === 'number') known[t] = next;
      else body.push(set(w(t), next));
    }
    const choice = i32.xor(get(g), i32.and(get(e), i32.xor(get(f), get(g))));
    // Where a and b agree the majority is b, elsewhere c. What b and c differ in is what a and b differed in one round before.
    const [differs, differed] = t % 2 === 0 ? [even, odd] : [odd, even];
    const majority = i32.xor(
      get(b),
      i32.and(get(differs), t === 0 ? i32.xor(get(b), get(c)) : get(differed)),
    );
    // What depends on e comes last: it is what the round before has just made.
    const early = sum([constants.round[t]!, use(t)]);
    const added = i32.add(
      get(h),
      typeof early === 'number' ? i32.const(early) : early,
      choice,
      rotated(e, 6, 11, 25),
    );
    body.push(
      set(differs, i32.xor(get(a), get(b))),
      set(h, added),
      set(d, i32.add(get(d), get(h))),
      set(h, i32.add(get(h), rotated(a, 2, 13, 22), majority)),
    );
  }
  for (let i = 0; i < 8; i++) body.push(i32.store(to, i32.add(initial(i), get(state + i)), 4 * i));
  return { name, parameters, words: 27, longs: 0, returnsWord: false, body };
}

const words = (count: number, read: (i: number) => Code | number): Block =>
  Array.from({ length: count }, (_, i) => read(i));
const repeated = (value: number): Block => words(8, () => value);
/** The second half of a block that ends with 32 bytes of message, `bits` bits having been hashed in all. */
const padding = (bits: number): Block => [0x80000000 | 0, 0, 0, 0, 0, 0, 0, bits];
const keyed = (pad: number): Block => [
  ...words(8, (i) => i32.xor(i32.load(get(0), 4 * i), i32.const(pad))),
  ...repeated(pad),
];

/** Digests and keys of 32 bytes are kept as eight words in the machine's own order between these functions. */
const INNER_PAD = 0x36363636;
const OUTER_PAD = 0x5c5c5c5c;
/** Of the outer hash: a key's block and a digest. */
const HASHED_BITS = 512 + 256;

/** In this order they are numbered from 0. */
export function compressions(): readonly FunctionSource[] {
  const constants = { initial: initialWords(), round: roundWords() };
  return [
    // compress(block): one block of bytes into the state.
    compression(
      'compress',
      1,
      (scratch) => words(16, (t) => swapped(i32.load(get(0), 4 * t), scratch)),
      AT.state,
      i32.const(AT.state),
      constants,
    ),
    // inner(key), outer(key): the two hashes of an HMAC begin.
    compression('inner', 1, () => keyed(INNER_PAD), undefined, i32.const(AT.state), constants),
    compression('outer', 1, () => keyed(OUTER_PAD), undefined, i32.const(AT.outer), constants),
    // finish(out): the inner hash in the state goes through the outer one.
    compression(
      'finish',
      1,
      () => [...words(8, (i) => i32.load(i32.const(AT.state), 4 * i)), ...padding(HASHED_BITS)],
      AT.outer,
      get(0),
      constants,
    ),
  ];
}

export const COMPRESS = 0;
export const INNER = 1;
export const OUTER = 2;
export const FINISH = 3;

/** Starts a hash that is not an HMAC's. */
export const reset = (): Code =>
  initialWords().map((word, i) => i32.store(i32.const(AT.state), i32.const(word), 4 * i));
