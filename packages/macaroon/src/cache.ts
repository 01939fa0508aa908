import { sha256 } from '#crypto';
import { equalBytes } from './bytes.ts';
import { tokenId, type Macaroon } from './macaroon.ts';
import { ok, type Result } from './result.ts';
import { VerifiedToken, type Verified } from './verified.ts';
import { verify, type VerifyOptions, type VerifyReason } from './verify.ts';

/** Bounds of a verification cache. */
export interface CacheOptions {
  /** Rough memory bound, in bytes of tokens and discharges. */
  readonly maxBytes?: number;
  /** How long a success is remembered, in seconds. */
  readonly seconds?: number;
  /** The clock by which entries grow old. */
  readonly now: () => Date;
}

/** Remembers successful verifications. Clearing always runs anew, so time windows are never stale. */
export interface VerificationCache {
  /** `verify`, remembered. Same verdicts, and every verdict that is not a success comes fresh. */
  verify(macaroon: Macaroon, options: VerifyOptions): Result<Verified, VerifyReason>;
  /** Forgets one token and everything narrowed from it, by its id. Revocation itself is checked outside, on every use. */
  purge(id: string): void;
  clear(): void;
  readonly size: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
}

/** What is kept: which discharges counted and the branch digests. Caveats always come from the token just presented. */
interface Entry {
  readonly id: string;
  readonly uses: readonly { index: number; trusted: boolean }[];
  readonly branches: readonly string[];
  readonly bytes: number;
  readonly until: number;
}

/** Some ten thousand tokens with their discharges. */
const MAX_BYTES = 16_777_216;
/** Long enough for a client's next request, short enough that a forgotten purge does not matter for long. */
const SECONDS = 300;
/** What one entry costs besides its tokens. */
const ENTRY_BYTES = 512;

/** A verification cache (macaroons spec 16): least recently used goes first. */
export function createVerificationCache(options: CacheOptions): VerificationCache {
  return new Cache(options.maxBytes ?? MAX_BYTES, options.seconds ?? SECONDS, options.now);
}

class Cache implements VerificationCache {
  bytes = 0;
  hits = 0;
  misses = 0;
  readonly #maxBytes: number;
  readonly #seconds: number;
  readonly #now: () => Date;
  /** Insertion order is the order of use: a hit is put in again. */
  readonly #entries = new Map<string, Entry>();

  constructor(maxBytes: number, seconds: number, now: () => Date) {
    this.#maxBytes = maxBytes;
    this.#seconds = seconds;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  verify(macaroon: Macaroon, options: VerifyOptions): Result<Verified, VerifyReason> {
    const relevant = relevantDischarges(macaroon, options.discharges ?? []);
    // More discharges than tickets: which one counts is for verification to find out. Caching it would let one token fill
    // the cache with as many entries as its holder can think of surplus discharges.
    if (relevant === undefined) return verify(macaroon, options);
    const key = cacheKey(macaroon, relevant, options);
    const entry = this.#live(key);
    if (entry !== undefined) {
      this.hits += 1;
      const uses = entry.uses.map(({ index, trusted }) => ({ macaroon: relevant[index]!, trusted }));
      return ok(new VerifiedToken(macaroon, Object.freeze(uses), () => entry.branches));
    }
    this.misses += 1;
    const verdict = verify(macaroon, options);
    if (verdict.ok) this.#store(key, relevant, verdict.value);
    return verdict;
  }

  purge(id: string): void {
    for (const [key, entry] of this.#entries) if (entry.id === id) this.#drop(key, entry);
  }

  clear(): void {
    this.#entries.clear();
    this.bytes = 0;
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until > this.#now().getTime()) {
      this.#entries.set(key, entry);
      return entry;
    }
    this.bytes -= entry.bytes;
    return undefined;
  }

  #store(key: string, relevant: readonly Macaroon[], { token, discharges, branches }: Verified): void {
    const bytes = discharges.reduce(
      (sum, { macaroon }) => sum + macaroon.bytes.length,
      token.bytes.length + ENTRY_BYTES,
    );
    this.#entries.set(key, {
      id: tokenId(token),
      uses: discharges.map(({ macaroon, trusted }) => ({ index: relevant.indexOf(macaroon), trusted })),
      branches,
      bytes,
      until: this.#now().getTime() + this.#seconds * 1000,
    });
    this.bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.bytes <= this.#maxBytes) break;
      this.#drop(oldest, entry);
    }
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.bytes -= entry.bytes;
  }
}

/** The discharges for this token's tickets, in the order of the tickets; undefined when there is more than one for a ticket. */
function relevantDischarges(
  macaroon: Macaroon,
  discharges: readonly Macaroon[],
): readonly Macaroon[] | undefined {
  const relevant: Macaroon[] = [];
  for (const caveat of macaroon.caveats) {
    if (caveat.type !== '3P') continue;
    let found: Macaroon | undefined;
    for (const discharge of discharges) {
      if (!equalBytes(discharge.nonce.keyId, caveat.ticket)) continue;
      if (found !== undefined) return undefined;
      found = discharge;
    }
    if (found !== undefined && !relevant.includes(found)) relevant.push(found);
  }
  return relevant;
}

/**
 * A digest over everything that a verdict depends on: the signed bytes, the signing key, the trusted keys of each
 * discharge's location, the options. Locations themselves are left out where they change nothing: they are not signed, so
 * one valid token could be written with any number of them.
 */
function cacheKey(macaroon: Macaroon, discharges: readonly Macaroon[], options: VerifyOptions): string {
  const parts: Uint8Array[] = [options.key, options.requireBinding === true ? BOUND : UNBOUND];
  parts.push(macaroon.nonceBytes, caveatsAndTail(macaroon));
  for (const discharge of discharges) {
    const trusted = options.trusted?.get(discharge.location);
    if (trusted === undefined) parts.push(discharge.nonceBytes, caveatsAndTail(discharge));
    else parts.push(TRUSTED, discharge.bytes, ...trusted);
  }
  // The length of each part goes before it, so that no two lists of parts join to the same bytes.
  let length = 0;
  for (const part of parts) length += part.length + 4;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined[at] = part.length >>> 24;
    joined[at + 1] = part.length >>> 16;
    joined[at + 2] = part.length >>> 8;
    joined[at + 3] = part.length;
    joined.set(part, at + 4);
    at += part.length + 4;
  }
  return String.fromCharCode(...sha256(joined));
}

const UNBOUND = Uint8Array.of(0);
const BOUND = Uint8Array.of(1);
/** No nonce is a single byte of this value, so a trusted discharge cannot be mistaken for another. */
const TRUSTED = Uint8Array.of(0xc1);

/** Everything signed behind the nonce: the canonical form leaves one way to write it, and the location out of it. */
function caveatsAndTail({ bytes, pairs, tail }: Macaroon): Uint8Array {
  const first = pairs[0] ?? tail;
  return bytes.subarray(first.byteOffset - bytes.byteOffset);
}
