import { encodeBase64, PLAIN_CRYPTO } from '#crypto';
import { PAIR_HEADER, type TokenCrypto } from '../crypto/token-crypto.ts';
import { concatBytes, equalBytes, toHex } from '../bytes.ts';
import { isAttestation, type Caveat } from '../caveats/caveat.ts';
import { readCaveatSet } from '../caveats/read.ts';
import { writePair } from '../caveats/write.ts';
import { MacaroonError } from '../error.ts';
import { KEY_BYTES, LIMITS, NONCE_RANDOM_BYTES, type Limits } from '../limits.ts';
import { attempt, Reader, type DecodeReason } from '../msgpack/reader.ts';
import { Writer } from '../msgpack/writer.ts';
import { neverClears } from '../caveats/never-clears.ts';
import { nonceUuid, readNonce, writeNonce, type Nonce } from './nonce.ts';
import { refuse, type Result } from '../result.ts';
import { FINALIZATION_KEY, caveatParts, noncePart, tailPart, type Marks } from './signed-parts.ts';

/**
 * One token (docs/specs/token-format.md#words): a value that never changes. Narrowing makes a new one. Pass it on as it is: a copy by spreading has no views,
 * because those are made when they are asked for.
 */
export interface Macaroon {
  readonly nonce: Nonce;
  /** Whom the token is for. It is NOT covered by the signature: select tokens by it, never believe it. */
  readonly location: string;
  readonly caveats: readonly Caveat[];
  /** The HMAC over all of the above, and the key for the next caveat: keep it as secret as the token. */
  readonly tail: Uint8Array;
  /** The whole token as received or made. */
  readonly bytes: Uint8Array;
  /** The signed bytes of the nonce, a view on `bytes`. */
  readonly nonceBytes: Uint8Array;
  /** The signed bytes (type and body) of each caveat, views on `bytes`. */
  readonly pairs: readonly Uint8Array[];
}

/** What reading a token gives. Views are made when they are asked for: checking a token needs none of them. */
class ReadMacaroon implements Macaroon {
  readonly nonce: Nonce;
  readonly location: string;
  readonly caveats: readonly Caveat[];
  readonly bytes: Uint8Array;
  readonly marks: Marks;
  #pairs: readonly Uint8Array[] | undefined;

  constructor(
    bytes: Uint8Array,
    marks: Marks,
    said: { nonce: Nonce; location: string; caveats: readonly Caveat[] },
  ) {
    this.nonce = said.nonce;
    this.location = said.location;
    this.caveats = said.caveats;
    this.bytes = bytes;
    this.marks = marks;
  }

  get tail(): Uint8Array {
    return tailPart(this.bytes);
  }

  get nonceBytes(): Uint8Array {
    return noncePart(this.bytes, this.marks);
  }

  get pairs(): readonly Uint8Array[] {
    return (this.#pairs ??= caveatParts(this.bytes, this.marks));
  }
}

/** Where the signed parts lie, also for a macaroon that somebody put together field by field. */
export function marksOf(macaroon: Macaroon): Marks {
  if (macaroon instanceof ReadMacaroon) return macaroon.marks;
  const { bytes, nonceBytes, pairs } = macaroon;
  const startOf = (part: Uint8Array) => part.byteOffset - bytes.byteOffset;
  const nonce = startOf(nonceBytes);
  const end = bytes.length - KEY_BYTES - 2;
  return [nonce, nonce + nonceBytes.length, ...pairs.map(startOf), end];
}

/** What to mint. */
export interface MintOptions {
  /** The signing key, at least 32 bytes. */
  readonly key: Uint8Array;
  /** What the verifier will find the key by, 1 byte to 8 KiB. */
  readonly keyId: Uint8Array;
  readonly location: string;
  readonly caveats: readonly Caveat[];
  /** Where randomness comes from; tests only. */
  readonly random?: ((length: number) => Uint8Array) | undefined;
  /** Make a proof: it may carry attestations and can never be narrowed. All its caveats must be given here. */
  readonly proof?: boolean;
  /** Default: no engine (see `createTokenCrypto`). */
  readonly crypto?: TokenCrypto | undefined;
}

/** What an ordinary token takes; a longer one grows. */
const MINT_BYTES = 256;

/**
 * Makes a new token. Throws `MacaroonError`: `weak_key`, `bad_length`, `bad_value`, `limit`, `attestation_not_allowed`,
 * `third_party_not_allowed` (a 3P caveat can only be added by `addThirdParty`), `never_clears` (see `neverClears`).
 *
 * @example
 * const token = mint({
 *   key, // 32 random bytes that only the verifier knows
 *   keyId: new TextEncoder().encode('key-1'),
 *   location: LOCATIONS.permission,
 *   caveats: [{ type: 'Organization', id: 4721n, mask: Action.all }],
 * });
 */
export function mint(options: MintOptions): Macaroon {
  if (options.key.length < KEY_BYTES)
    throw new MacaroonError('weak_key', 'a signing key has at least 32 bytes');
  if (options.keyId.length === 0) throw new MacaroonError('bad_length', 'a key id has at least one byte');
  const { crypto = PLAIN_CRYPTO } = options;
  const random = (options.random ?? crypto.randomBytes)(NONCE_RANDOM_BYTES);
  if (random.length !== NONCE_RANDOM_BYTES)
    throw new MacaroonError('bad_length', 'random source gave too little');
  const proof = options.proof ?? false;
  // Written where it will stand: only a caveat that is there twice makes it necessary to write the token again.
  const writer = new Writer(MINT_BYTES).array(4);
  writeNonce(writer, { keyId: options.keyId, random, proof, version: 1 });
  const nonce = writer.since(1);
  writer.text(options.location).array(2 * options.caveats.length);
  const pairs = newPairs(writer, [], options.caveats, proof);
  const last = crypto.chainTails(options.key, nonce, pairs).at(-1)!;
  const tail = proof ? crypto.hmac(FINALIZATION_KEY, last) : last;
  return pairs.length === options.caveats.length
    ? readBack(writer.bin(tail))
    : assemble(nonce, options.location, pairs, tail);
}

/**
 * Adds caveats: the result can do no more than the original. Needs no key. Caveats that are there already are left out.
 * Throws `MacaroonError`: `finalized` for proofs, otherwise as `mint`.
 *
 * @example
 * const copy = attenuate(token, [{ type: 'Apps', apps: new Map([[90017n, Action.read]]) }]);
 */
export function attenuate(
  macaroon: Macaroon,
  caveats: readonly Caveat[],
  crypto: TokenCrypto = PLAIN_CRYPTO,
): Macaroon {
  if (macaroon.nonce.proof) throw new MacaroonError('finalized', 'a proof cannot be narrowed');
  return appendPairs(macaroon, newPairs(new Writer(), macaroon.pairs, caveats, false), crypto);
}

/** Appends encoded caveats without looking at them; callers have checked them. */
export function appendPairs(
  macaroon: Macaroon,
  pairs: readonly Uint8Array[],
  crypto: TokenCrypto = PLAIN_CRYPTO,
): Macaroon {
  if (pairs.length === 0) return macaroon;
  let tail = macaroon.tail;
  for (const pair of pairs) tail = nextTail(tail, pair, crypto);
  return assemble(macaroon.nonceBytes, macaroon.location, [...macaroon.pairs, ...pairs], tail);
}

/** The tail after one more caveat. */
export function nextTail(tail: Uint8Array, pair: Uint8Array, crypto: TokenCrypto): Uint8Array {
  return crypto.hmac(tail, concatBytes([PAIR_HEADER, pair]));
}

/** The head of an array of four. */
const FOUR_FIELDS = 0x94;
/** As `struct` says it. */
const NOT_FOUR: DecodeReason = { tag: 'malformed', detail: 'expected 4 fields', offset: 1 };

/** Reads one token. Only the canonical form is accepted, so a token has one byte form apart from its location. */
export function decodeMacaroon(bytes: Uint8Array, limits: Limits = LIMITS): Result<Macaroon, DecodeReason> {
  if (bytes.length > limits.tokenBytes) return refuse({ tag: 'limit', detail: 'token too long', offset: 0 });
  // What is no token at all mostly ends here, and a verdict that is thrown costs ten times as much.
  if (bytes.length > 0 && bytes[0] !== FOUR_FIELDS) return refuse(NOT_FOUR);
  return attempt(() => {
    const reader = new Reader(bytes, limits);
    reader.struct(4);
    const nonceStart = reader.offset;
    const nonce = readNonce(reader);
    const marks = [nonceStart, reader.offset];
    const location = reader.text();
    const caveats = readCaveatSet(reader, marks);
    if (reader.skipBin() !== KEY_BYTES) reader.malformed('a tail has 32 bytes');
    reader.finish();
    return new ReadMacaroon(bytes, marks, { nonce, location, caveats });
  });
}

/** The text of a token: `fm2_` and padded standard base64. */
export function encodeToken(macaroon: Macaroon): string {
  return `fm2_${encodeBase64(macaroon.bytes)}`;
}

/** The identity of a token and of everything narrowed from it: what revocation, audit and rate limits go by. */
export function tokenId(macaroon: Macaroon): string {
  return nonceUuid(macaroon.nonce);
}

/** SHA-256 of a token's tail in hex: the identity of this very copy, and of everything narrowed from it. */
export function tailDigest(macaroon: Macaroon): string {
  return toHex(PLAIN_CRYPTO.sha256(macaroon.tail));
}

/**
 * Writes the caveats that are really new, in order, after the checks of docs/specs/token-format.md#attenuation. Returns
 * views on what was written.
 */
function newPairs(
  writer: Writer,
  existing: readonly Uint8Array[],
  caveats: readonly Caveat[],
  proof: boolean,
): Uint8Array[] {
  const added: Uint8Array[] = [];
  for (const caveat of caveats) {
    if (caveat.type === '3P') {
      throw new MacaroonError(
        'third_party_not_allowed',
        'use addThirdParty: a 3P caveat is sealed to its token',
      );
    }
    if (isAttestation(caveat) && !proof) {
      throw new MacaroonError('attestation_not_allowed', 'only a proof may state facts');
    }
    const start = writer.length;
    writePair(writer, caveat);
    const pair = writer.since(start);
    const never = neverClears(caveat);
    if (never !== undefined)
      throw new MacaroonError('never_clears', `a token with ${caveat.type} allows nothing: ${never}`);
    // At most 256 to compare with, of which most differ in the first byte: a set of texts costs more.
    const known = (other: Uint8Array) => equalBytes(other, pair);
    if (existing.some(known) || added.some(known)) writer.rewind(start);
    else added.push(pair);
  }
  return added;
}

/** What the heads of the parts of a token take at most. */
const HEADS_BYTES = 16;

/** Puts a token together. */
function assemble(
  nonce: Uint8Array,
  location: string,
  pairs: readonly Uint8Array[],
  tail: Uint8Array,
): Macaroon {
  let length = nonce.length + location.length + tail.length + HEADS_BYTES;
  for (const pair of pairs) length += pair.length;
  const writer = new Writer(length)
    .array(4)
    .raw(nonce)
    .text(location)
    .array(2 * pairs.length);
  for (const pair of pairs) writer.raw(pair);
  return readBack(writer.bin(tail));
}

/** Nothing is ever made that this library would refuse. */
function readBack(writer: Writer): Macaroon {
  const decoded = decodeMacaroon(writer.since(0));
  if (decoded.ok) return decoded.value;
  throw new MacaroonError(decoded.reason.tag === 'limit' ? 'limit' : 'bad_value', decoded.reason.detail);
}
