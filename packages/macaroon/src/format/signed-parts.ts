import { concatBytes, utf8 } from '../bytes.ts';
import { KEY_BYTES } from '../limits.ts';

/** Where the signed parts of a token lie: start and end of the nonce, start of each caveat, end of the last one. */
export type Marks = readonly number[];

/**
 * The key that finalizes a proof, so that its tail no longer works as a key
 * (docs/specs/token-format.md#signature-chain).
 */
export const FINALIZATION_KEY = utf8('proof-signature-finalization');

/** The signed bytes of the nonce, a view. */
export function noncePart(token: Uint8Array, marks: Marks): Uint8Array {
  return token.subarray(marks[0], marks[1]);
}

/** The signed bytes of each caveat, views. */
export function caveatParts(token: Uint8Array, marks: Marks): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let index = 2; index < marks.length - 1; index++) {
    parts.push(token.subarray(marks[index], marks[index + 1]));
  }
  return parts;
}

/** The tail at the end of a token, a view. */
export function tailPart(token: Uint8Array): Uint8Array {
  return token.subarray(token.length - KEY_BYTES);
}

/** One of the tails that `walkChain` answers with, a view. */
export function tailAt(tails: Uint8Array, index: number): Uint8Array {
  return tails.subarray(KEY_BYTES * index, KEY_BYTES * (index + 1));
}

/** Every one of them. */
export function tailsOf(tails: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: tails.length / KEY_BYTES }, (_, index) => tailAt(tails, index));
}

/** `walkChain` with primitives that know nothing of tokens. */
export function walkParts(
  key: Uint8Array,
  token: Uint8Array,
  marks: Marks,
  proof: boolean,
  { chainTails, hmac, sameBytes }: Primitives,
): Uint8Array | undefined {
  const tails = chainTails(key, noncePart(token, marks), caveatParts(token, marks));
  const last = tails.at(-1)!;
  const tail = proof ? hmac(FINALIZATION_KEY, last) : last;
  return sameBytes(tail, tailPart(token)) ? concatBytes(tails) : undefined;
}

interface Primitives {
  readonly chainTails: (
    key: Uint8Array,
    nonce: Uint8Array,
    pairs: readonly Uint8Array[],
  ) => readonly Uint8Array[];
  readonly hmac: (key: Uint8Array, message: Uint8Array) => Uint8Array;
  readonly sameBytes: (a: Uint8Array, b: Uint8Array) => boolean;
}
