import { encodePair } from './write.ts';
import type { UnknownCaveat } from './caveat.ts';
import { MacaroonError } from '../error.ts';
import { LIMITS } from '../limits.ts';
import { attempt, Reader } from '../msgpack/reader.ts';
import { Writer } from '../msgpack/writer.ts';
import type { Objection } from '../clear/refusal.ts';
import type { Subject } from '../clear/subject.ts';

/**
 * The first number that anybody may use without asking Fly.io, and the last
 * (docs/specs/token-format.md#caveat-types).
 */
export const PRIVATE_RANGE = Object.freeze({ first: 2n ** 48n, last: 2n ** 64n - 2n });

/** A caveat type of one's own. It rides in tokens as an unknown type; only a verifier holding this definition clears it. */
export interface PrivateCaveat<T, Facts = unknown> {
  /** Within `PRIVATE_RANGE`. */
  readonly number: bigint;
  readonly name: string;
  /** Writes exactly one msgpack value. */
  write(writer: Writer, value: T): void;
  /** Reads it back; the reader refuses everything that is not canonical. */
  read(reader: Reader): T;
  /** Undefined when it clears. `branch` is the digest of the token right after this caveat, for counters kept per branch. */
  clear(value: T, subject: Subject<Facts>, branch: string | undefined): Objection;
  /** What it says, as a sentence. */
  explain(value: T): string;
  /** JSON both ways; without them the caveat has no JSON form. `fromJson` throws a TypeError for what it does not accept. */
  toJson?(value: T): unknown;
  fromJson?(body: unknown): T;
}

/** The private caveats that a verifier knows, by number. Passed by value: there is no global registry. */
export type PrivateCaveats<Facts = unknown> = ReadonlyMap<bigint, PrivateCaveat<unknown, Facts>>;

/** Collects definitions. Throws `bad_value` for a number outside the private range or used twice. */
export function privateCaveats<Facts>(
  ...definitions: readonly PrivateCaveat<unknown, Facts>[]
): PrivateCaveats<Facts> {
  const map = new Map<bigint, PrivateCaveat<unknown, Facts>>();
  for (const definition of definitions) {
    const { number, name } = definition;
    if (number < PRIVATE_RANGE.first || number > PRIVATE_RANGE.last) {
      throw new MacaroonError('bad_value', `${name}: number outside the private range`);
    }
    if (map.has(number)) throw new MacaroonError('bad_value', `${name}: number in use`);
    map.set(number, definition);
  }
  return map;
}

/** Makes a caveat of a private type, ready for `mint` and `attenuate`. */
export function privateCaveat<T>(definition: PrivateCaveat<T>, value: T): UnknownCaveat {
  const writer = new Writer();
  definition.write(writer, value);
  const caveat: UnknownCaveat = { type: 'Unknown', number: definition.number, body: writer.finish() };
  encodePair(caveat);
  return caveat;
}

/** What a private caveat says; undefined when its body is not what the definition expects. */
export function readPrivate<T>(
  definition: PrivateCaveat<T>,
  caveat: UnknownCaveat,
): { value: T } | undefined {
  const read = attempt(() => {
    const reader = new Reader(caveat.body, LIMITS);
    const value = definition.read(reader);
    reader.finish();
    return { value };
  });
  return read.ok ? read.value : undefined;
}
