import { PLAIN_CRYPTO, sameBytes } from '#crypto';
import type { TokenCrypto } from '../crypto/token-crypto.ts';
import {
  caveatRange,
  entryKey,
  familyKey,
  matchedDischarges,
  verifyDomain,
  withoutTail,
} from './cache-key.ts';
import { isAttestation, type Caveat } from '../caveats/caveat.ts';
import { equalBytes, equalsRange, toHex } from '../bytes.ts';
import { nextTail, tokenId, type Macaroon } from '../format/macaroon.ts';
import { ok, type Result } from '../result.ts';
import { VerifiedMacaroon, type Verified } from './verified.ts';
import { verify, type VerifyOptions, type VerifyReason } from './verify.ts';

/** Bounds of a verification cache. */
export interface CacheOptions {
  /** How much memory it may hold, in bytes; true within a fifth. Default: 32 MiB. */
  readonly maxBytes?: number;
  /** How long a success is remembered, in seconds. A child that was let in by its parent is forgotten with it. */
  readonly seconds?: number;
  /** The clock by which entries grow old. */
  readonly now: () => Date;
  /** Default: no engine (see `createTokenCrypto`). */
  readonly crypto?: TokenCrypto | undefined;
}

/** What a verdict depends on besides the token. */
export interface RecallOptions {
  /** Names the signing key, the table of trusted third parties and the demands: for example key number and table version. */
  readonly domain: Uint8Array;
  readonly discharges: readonly Macaroon[];
}

/**
 * Remembers successful verifications, and lets tokens in that were narrowed from a remembered one: the parent's tail is the
 * key for what was added, so no signing key is needed. Clearing always runs anew, so time windows are never stale.
 *
 * An entry holds the token's own tail, so the cache is as secret as the tokens themselves. It holds no signing key, and no
 * tail of an ancestor, which would be a stronger token than the one that was shown.
 */
export interface VerificationCache {
  /** `verify`, remembered. Same verdicts, and every verdict that is not a success comes fresh. */
  verify(macaroon: Macaroon, options: VerifyOptions): Result<Verified, VerifyReason>;
  /** The verdict that is known or follows from a known one; undefined says nothing about the token. */
  recall(macaroon: Macaroon, options: RecallOptions): Verified | undefined;
  /** Keeps a success, for the same domain and the same discharges only. */
  remember(verified: Verified, options: Pick<RecallOptions, 'domain'>): void;
  /** Forgets one token and everything narrowed from it, by its id. Revocation itself is checked outside, on every use. */
  purge(id: string): void;
  clear(): void;
  readonly size: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
}

/** What is kept. Caveats always come from the token just presented; these bytes tell only that they are the same. */
interface Entry {
  readonly key: string;
  readonly family: string;
  readonly id: string;
  readonly nonce: Uint8Array;
  readonly caveatCount: number;
  readonly caveats: Uint8Array;
  readonly tail: Uint8Array;
  /** The discharges, all but their tails, which the key stands for. */
  readonly discharges: readonly Uint8Array[];
  readonly trusted: readonly boolean[];
  readonly branches: readonly string[];
  readonly bytes: number;
  readonly until: number;
}

/** Some twelve thousand tokens, a few of them with discharges. */
const MAX_BYTES = 33_554_432;
/** Long enough for a client's next request, short enough that a forgotten purge does not matter for long. */
const SECONDS = 300;
/** What one entry costs besides what follows: its object, its names, its places in the maps. Measured, as the next two. */
const ENTRY_BYTES = 1400;
/** A digest as text, and its place in the list. */
const BRANCH_BYTES = 96;
/** What a discharge costs besides its bytes. */
const DISCHARGE_BYTES = 240;
/** Possible parents looked at for one token: enough for a chain of narrowings, and a bound on what a forgery costs. */
const FAMILY_ENTRIES = 16;

/**
 * A verification cache (docs/specs/token-format.md#bundles): least recently used goes first, children that came once
 * before all others.
 */
export function createVerificationCache(options: CacheOptions): VerificationCache {
  return new Cache(options);
}

class Cache implements VerificationCache {
  bytes = 0;
  hits = 0;
  misses = 0;
  readonly #maxBytes: number;
  readonly #seconds: number;
  readonly #now: () => Date;
  readonly #crypto: TokenCrypto;
  /** Insertion order is the order of use: a hit is put in again. */
  readonly #entries = new Map<string, Entry>();
  /** Children seen once. Making them is free, so they must not push out what was paid for. */
  readonly #children = new Map<string, Entry>();
  /** Possible parents, those that proved to be one first. */
  readonly #families = new Map<string, Entry[]>();

  constructor(options: CacheOptions) {
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    this.#seconds = options.seconds ?? SECONDS;
    this.#now = options.now;
    this.#crypto = options.crypto ?? PLAIN_CRYPTO;
  }

  get size(): number {
    return this.#entries.size + this.#children.size;
  }

  verify(macaroon: Macaroon, options: VerifyOptions): Result<Verified, VerifyReason> {
    const matched = matchedDischarges(macaroon, options.discharges ?? []);
    // Surplus discharges are not remembered: their holder could think of any number of combinations.
    const judged = { crypto: this.#crypto, ...options };
    if (matched === undefined) return verify(macaroon, judged);
    const domain = verifyDomain(options, matched);
    const known = this.#recall(macaroon, domain, matched);
    if (known !== undefined) return ok(known);
    const verdict = verify(macaroon, judged);
    if (verdict.ok) this.remember(verdict.value, { domain });
    return verdict;
  }

  recall(macaroon: Macaroon, { domain, discharges }: RecallOptions): Verified | undefined {
    const matched = matchedDischarges(macaroon, discharges);
    return matched && this.#recall(macaroon, domain, matched);
  }

  remember({ token, discharges, branches }: Verified, { domain }: Pick<RecallOptions, 'domain'>): void {
    const used = discharges.map(({ macaroon }) => macaroon);
    const matched = matchedDischarges(token, [...new Set(used)]);
    // A verdict that does not account for every ticket (a bundle narrowed it since) is not one to give out again.
    if (matched === undefined || matched.length !== used.length) return;
    if (matched.some((macaroon, index) => macaroon !== used[index])) return;
    const entry = newEntry(token, {
      key: entryKey(domain, token, matched, this.#crypto),
      family: familyKey(domain, token, matched, this.#crypto),
      id: tokenId(token),
      nonce: token.nonceBytes.slice(),
      discharges: matched.map((discharge) => withoutTail(discharge).slice()),
      trusted: discharges.map((discharge) => discharge.trusted),
      branches,
      until: this.#now().getTime() + this.#seconds * 1000,
    });
    this.#keep(entry, this.#entries);
    this.#enterFamily(entry, 0);
    this.#shrink();
  }

  purge(id: string): void {
    for (const entry of [...this.#entries.values(), ...this.#children.values()]) {
      if (entry.id === id) this.#drop(entry);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#children.clear();
    this.#families.clear();
    this.bytes = 0;
  }

  #recall(macaroon: Macaroon, domain: Uint8Array, matched: readonly Macaroon[]): Verified | undefined {
    const key = entryKey(domain, macaroon, matched, this.#crypto);
    const entry = this.#live(key, macaroon, matched) ?? this.#childOf(key, domain, macaroon, matched);
    if (entry === undefined) {
      this.misses += 1;
      return undefined;
    }
    this.hits += 1;
    const uses = matched.map((each, index) => ({ macaroon: each, trusted: entry.trusted[index]! }));
    return new VerifiedMacaroon(macaroon, uses, () => entry.branches);
  }

  #live(key: string, macaroon: Macaroon, matched: readonly Macaroon[]): Entry | undefined {
    const entry = this.#entries.get(key) ?? this.#children.get(key);
    if (entry === undefined || !isSame(entry, macaroon, matched)) return undefined;
    if (this.#isOver(entry)) {
      this.#drop(entry);
      return undefined;
    }
    // A child that comes back has earned its place.
    this.#children.delete(key);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  #childOf(
    key: string,
    domain: Uint8Array,
    macaroon: Macaroon,
    matched: readonly Macaroon[],
  ): Entry | undefined {
    if (macaroon.nonce.proof || this.#families.size === 0) return undefined;
    const family = this.#families.get(familyKey(domain, macaroon, matched, this.#crypto));
    const parent = family?.find((entry) => !this.#isOver(entry) && isParent(entry, macaroon));
    if (parent === undefined) return undefined;
    let { tail } = parent;
    const branches = [...parent.branches];
    for (const pair of macaroon.pairs.slice(parent.caveatCount)) {
      tail = nextTail(tail, pair, this.#crypto);
      branches.push(toHex(this.#crypto.sha256(tail)));
    }
    // No other parent could do better: this one is genuine, so there is one tail for these caveats, and it is another.
    if (!sameBytes(tail, macaroon.tail)) return undefined;
    this.#enterFamily(parent, 0);
    const entry = newEntry(macaroon, { ...parent, key, branches });
    this.#keep(entry, this.#children);
    this.#enterFamily(entry, 1);
    this.#shrink();
    return entry;
  }

  #keep(entry: Entry, among: Map<string, Entry>): void {
    const old = this.#entries.get(entry.key) ?? this.#children.get(entry.key);
    if (old !== undefined) this.#drop(old);
    among.set(entry.key, entry);
    this.bytes += entry.bytes;
  }

  #enterFamily(entry: Entry, place: number): void {
    let family = this.#families.get(entry.family);
    if (family === undefined) this.#families.set(entry.family, (family = []));
    const at = family.indexOf(entry);
    if (at >= 0) family.splice(at, 1);
    family.splice(place, 0, entry);
    if (family.length > FAMILY_ENTRIES) family.pop();
  }

  #shrink(): void {
    for (const entries of [this.#children, this.#entries]) {
      for (const entry of entries.values()) {
        if (this.bytes <= this.#maxBytes) return;
        this.#drop(entry);
      }
    }
  }

  #drop(entry: Entry): void {
    if (!this.#entries.delete(entry.key)) this.#children.delete(entry.key);
    this.bytes -= entry.bytes;
    const family = this.#families.get(entry.family);
    const at = family?.indexOf(entry) ?? -1;
    if (family === undefined || at < 0) return;
    family.splice(at, 1);
    if (family.length === 0) this.#families.delete(entry.family);
  }

  #isOver(entry: Entry): boolean {
    return entry.until <= this.#now().getTime();
  }
}

type Own = 'caveatCount' | 'caveats' | 'tail' | 'bytes';

function newEntry(token: Macaroon, shared: Omit<Entry, Own>): Entry {
  const caveatCount = token.caveats.length;
  return {
    key: shared.key,
    family: shared.family,
    id: shared.id,
    nonce: shared.nonce,
    discharges: shared.discharges,
    trusted: shared.trusted,
    branches: shared.branches,
    until: shared.until,
    caveatCount,
    // Copies: a view would keep the whole buffer alive that the token was read from.
    caveats: token.bytes.slice(...caveatRange(token, caveatCount)),
    tail: token.tail.slice(),
    bytes: shared.discharges.reduce(
      (sum, { length }) => sum + length + DISCHARGE_BYTES,
      token.bytes.length + ENTRY_BYTES + shared.branches.length * BRANCH_BYTES,
    ),
  };
}

/** Whether this is the token of an entry that was found by its tails. */
function isSame(entry: Entry, macaroon: Macaroon, matched: readonly Macaroon[]): boolean {
  const [start, end] = caveatRange(macaroon, macaroon.caveats.length);
  return (
    equalsRange(macaroon.bytes, start, end, entry.caveats) &&
    equalBytes(macaroon.nonceBytes, entry.nonce) &&
    entry.discharges.every((discharge, index) => equalBytes(withoutTail(matched[index]!), discharge)) &&
    sameBytes(macaroon.tail, entry.tail)
  );
}

/** Whether a token begins like this entry and adds only what needs nothing but the chain to be checked. */
function isParent(entry: Entry, macaroon: Macaroon): boolean {
  const { caveatCount, caveats } = entry;
  if (caveatCount >= macaroon.caveats.length) return false;
  if (!equalsRange(macaroon.bytes, ...caveatRange(macaroon, caveatCount), caveats)) return false;
  return !macaroon.caveats.some((caveat, index) => index >= caveatCount && needsVerification(caveat));
}

function needsVerification(caveat: Caveat): boolean {
  return caveat.type === '3P' || caveat.type === 'BindToParentToken' || isAttestation(caveat);
}
