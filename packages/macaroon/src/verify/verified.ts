import { PLAIN_CRYPTO } from '#crypto';
import type { TokenCrypto } from '../crypto/token-crypto.ts';
import { startsWithBytes, toHex } from '../bytes.ts';
import { isAttestation, type AttestationCaveat, type Caveat } from '../caveats/caveat.ts';
import { KEY_BYTES, MAX_BINDING_BYTES, MIN_BINDING_BYTES } from '../limits.ts';
import { nextTail, type Macaroon } from '../format/macaroon.ts';
import { tailAt } from '../format/signed-parts.ts';
import { effectiveExpiry } from '../caveats/validity.ts';

/** A genuine token. Being genuine allows nothing yet: `clear` decides. */
export interface Verified {
  readonly token: Macaroon;
  /** Everything that has to clear, discharges included, and the attestations that may be believed. */
  readonly caveats: readonly Caveat[];
  /** The discharges that were used, in the order of the third-party caveats. */
  readonly discharges: readonly UsedDischarge[];
  /** Hex SHA-256 of the tail after the nonce and after each caveat; the last one names this very token. */
  readonly branches: readonly string[];
  /** Unix seconds of the earliest end among all validity windows; for display. */
  readonly earliestExpiry: number | undefined;
}

/** A discharge that satisfied a third-party caveat. */
export interface UsedDischarge {
  readonly macaroon: Macaroon;
  /** Whether its attestations may be believed: it was made from a ticket sealed under a trusted key. */
  readonly trusted: boolean;
}

/** Puts together what is known about a genuine token, for those who found out: `verify`, the cache, `verifiedElsewhere`. */
export class VerifiedMacaroon implements Verified {
  readonly token: Macaroon;
  readonly caveats: readonly Caveat[];
  readonly discharges: readonly UsedDischarge[];
  readonly #branches: () => readonly string[];

  constructor(token: Macaroon, discharges: readonly UsedDischarge[], branches: () => readonly string[]) {
    this.token = token;
    this.discharges = discharges;
    this.#branches = branches;
    const caveats: Caveat[] = [];
    for (const caveat of token.caveats) if (!isMachinery(caveat)) caveats.push(caveat);
    for (const { macaroon, trusted } of discharges) {
      for (const caveat of macaroon.caveats) {
        if (!isMachinery(caveat) && (trusted || !isAttestation(caveat))) caveats.push(caveat);
      }
    }
    this.caveats = caveats;
  }

  get branches(): readonly string[] {
    return this.#branches();
  }

  get earliestExpiry(): number | undefined {
    return effectiveExpiry([this.token, ...this.discharges.map(({ macaroon }) => macaroon)]);
  }
}

/**
 * What `verify` would have answered, for a process that holds no keys and was told by the authority that does.
 *
 * THIS CHECKS NOTHING. Whatever is passed in counts as genuine from here on, so pass only what came from the authority over
 * a channel that is itself authenticated, about this very token and these very discharges: one for each third-party caveat,
 * in their order, each with the authority's word on whether its attestations may be believed. `branches` are the digests
 * that the authority's own `Verified` had.
 */
export function verifiedElsewhere(
  macaroon: Macaroon,
  verdict: { readonly discharges: readonly UsedDischarge[]; readonly branches: readonly string[] },
): Verified {
  const discharges = verdict.discharges.map((discharge) => Object.freeze({ ...discharge }));
  const branches = Object.freeze([...verdict.branches]);
  return new VerifiedMacaroon(macaroon, Object.freeze(discharges), () => branches);
}

/**
 * What is known about a token narrowed from a verified one: the added caveats must clear too. An added 3P caveat stays in
 * the list, where it never clears, until the token is verified again with a discharge.
 */
export function extendVerified(verified: Verified, narrowed: Macaroon): Verified {
  const known = verified.token.pairs.length;
  const branches = [...verified.branches];
  let tail = verified.token.tail;
  for (const pair of narrowed.pairs.slice(known)) {
    tail = nextTail(tail, pair, PLAIN_CRYPTO);
    branches.push(toHex(PLAIN_CRYPTO.sha256(tail)));
  }
  const discharges = verified.discharges.map(({ macaroon }) => macaroon);
  return Object.freeze({
    token: narrowed,
    caveats: Object.freeze([...verified.caveats, ...narrowed.caveats.slice(known)]),
    discharges: verified.discharges,
    branches: Object.freeze(branches),
    earliestExpiry: effectiveExpiry([narrowed, ...discharges]),
  });
}

/** The facts that a verified token proves, such as who signed in. The only place to take an identity from. */
export function attestations(verified: Pick<Verified, 'caveats'>): readonly AttestationCaveat[] {
  return verified.caveats.filter(isAttestation);
}

/** Caveats that verification deals with itself. */
function isMachinery(caveat: Caveat): boolean {
  return caveat.type === '3P' || caveat.type === 'BindToParentToken';
}

/** Digests of a token's tails. They cost a hash each and are needed for bindings and branches only, so they wait. */
export class TailDigests {
  readonly #tails: Uint8Array;
  readonly #crypto: TokenCrypto;
  readonly #digests: (Uint8Array | undefined)[] = [];
  #hex: readonly string[] | undefined;

  /** All tails in one, 32 bytes each. */
  constructor(tails: Uint8Array, crypto: TokenCrypto) {
    this.#tails = tails;
    this.#crypto = crypto;
  }

  get hex(): readonly string[] {
    return (this.#hex ??= Object.freeze(this.#crypto.tailDigests(this.#tails)));
  }

  /** Whether a binding means this token, or one that this token was narrowed from. */
  binds(prefix: Uint8Array | null): boolean {
    if (prefix === null || prefix.length < MIN_BINDING_BYTES || prefix.length > MAX_BINDING_BYTES) {
      return false;
    }
    // Most bindings mean the very token or a near ancestor, so the search begins at the end.
    for (let index = this.#count - 1; index >= 0; index--) {
      if (startsWithBytes(this.#at(index), prefix)) return true;
    }
    return false;
  }

  #at(index: number): Uint8Array {
    return (this.#digests[index] ??= this.#crypto.sha256(tailAt(this.#tails, index)));
  }

  get #count(): number {
    return this.#tails.length / KEY_BYTES;
  }
}
