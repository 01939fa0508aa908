import { chainTails, sameBytes, sha256 } from '#crypto';
import { equalBytes, startsWithBytes, toHex } from './bytes.ts';
import { isAttestation, type Caveat, type ThirdPartyCaveat } from './caveat.ts';
import { MacaroonError } from './error.ts';
import { KEY_BYTES, LIMITS, MAX_BINDING_BYTES, MIN_BINDING_BYTES } from './limits.ts';
import { finalizeTail, type Macaroon } from './macaroon.ts';
import { ok, refuse, type Result } from './result.ts';
import { effectiveExpiry } from './scope.ts';
import { openTicket, openVerifierKey } from './third-party.ts';

/** Why a token is not genuine, or not genuine on its own. */
export type VerifyReason =
  | { readonly tag: 'bad_signature' }
  | { readonly tag: 'attestation_not_allowed' }
  | { readonly tag: 'wrong_binding' }
  | { readonly tag: 'missing_discharge'; readonly location: string; readonly ticket: Uint8Array }
  | { readonly tag: 'bad_discharge'; readonly location: string; readonly causes: readonly DischargeFault[] }
  | { readonly tag: 'limit'; readonly detail: string };

/** Why one candidate discharge does not do. */
export type DischargeFault =
  | 'verifier_key_does_not_open'
  | 'bad_signature'
  | 'nested_third_party'
  | 'attestation_not_allowed'
  | 'wrong_binding'
  | 'not_bound'
  | 'foreign_ticket';

/** What to verify with. */
export interface VerifyOptions {
  /** The signing key that the token's key id stands for. */
  readonly key: Uint8Array;
  readonly discharges?: readonly Macaroon[];
  /** Location to shared keys, newest first. Only discharges made with one of these may attest to anything. */
  readonly trusted?: ReadonlyMap<string, readonly Uint8Array[]>;
  /** Refuse discharges that are not bound to their parent. Off by default: Fly.io's own are not bound. */
  readonly requireBinding?: boolean;
}

/** A genuine token. Being genuine allows nothing yet: `clear` decides. */
export interface Verified {
  readonly token: Macaroon;
  /** Everything that has to clear, discharges included, and the attestations that may be believed. */
  readonly caveats: readonly Caveat[];
  /** The discharges that were used. */
  readonly discharges: readonly Macaroon[];
  /** Hex SHA-256 of the tail after the nonce and after each caveat; the last one names this very token. */
  readonly branches: readonly string[];
  /** Unix seconds of the earliest end among all validity windows; for display. */
  readonly earliestExpiry: number | undefined;
}

/**
 * Checks a permission token and its discharges (macaroons spec 12). The whole chain is walked and compared before anything
 * is unsealed, so a forged token costs HMACs only. Throws `weak_key` for a signing key below 32 bytes.
 */
export function verify(macaroon: Macaroon, options: VerifyOptions): Result<Verified, VerifyReason> {
  if (options.key.length < KEY_BYTES)
    throw new MacaroonError('weak_key', 'a signing key has at least 32 bytes');
  const tails = chainTails(options.key, macaroon.nonceBytes, macaroon.pairs);
  if (!tailMatches(macaroon, tails)) return refuse({ tag: 'bad_signature' });

  const caveats: Caveat[] = [];
  const thirdParties: { caveat: ThirdPartyCaveat; tailBefore: Uint8Array }[] = [];
  for (const [index, caveat] of macaroon.caveats.entries()) {
    if (caveat.type === '3P') thirdParties.push({ caveat, tailBefore: tails[index]! });
    else if (caveat.type === 'BindToParentToken') return refuse({ tag: 'wrong_binding' });
    else if (isAttestation(caveat) && !macaroon.nonce.proof)
      return refuse({ tag: 'attestation_not_allowed' });
    else caveats.push(caveat);
  }
  if (thirdParties.length > LIMITS.thirdParties)
    return refuse({ tag: 'limit', detail: 'too many third parties' });

  const used: Macaroon[] = [];
  const parent = new ParentTails(tails);
  for (const { caveat, tailBefore } of thirdParties) {
    const found = findDischarge(caveat, tailBefore, parent, options);
    if (!found.ok) return found;
    used.push(found.value.discharge);
    caveats.push(...found.value.caveats);
  }
  return ok(new VerifiedToken(macaroon, Object.freeze(caveats), Object.freeze(used), parent));
}

function findDischarge(
  caveat: ThirdPartyCaveat,
  tailBefore: Uint8Array,
  parent: ParentTails,
  options: VerifyOptions,
): Result<{ discharge: Macaroon; caveats: readonly Caveat[] }, VerifyReason> {
  const { location, ticket } = caveat;
  const candidates: Macaroon[] = [];
  for (const discharge of options.discharges ?? []) {
    if (!equalBytes(discharge.nonce.keyId, ticket)) continue;
    if (!candidates.some((other) => equalBytes(other.bytes, discharge.bytes))) candidates.push(discharge);
  }
  if (candidates.length === 0) return refuse({ tag: 'missing_discharge', location, ticket });
  const key = openVerifierKey(tailBefore, caveat);
  if (key === undefined)
    return refuse({ tag: 'bad_discharge', location, causes: ['verifier_key_does_not_open'] });
  const causes: DischargeFault[] = [];
  for (const discharge of candidates.slice(0, LIMITS.candidates)) {
    const outcome = verifyDischarge(discharge, key, parent, options);
    if (outcome.ok) return ok({ discharge, caveats: outcome.value });
    causes.push(outcome.reason);
  }
  if (candidates.length > LIMITS.candidates)
    return refuse({ tag: 'limit', detail: 'too many discharges for one ticket' });
  return refuse({ tag: 'bad_discharge', location, causes });
}

/** The caveats of a discharge that has to be believed; attestations only if the discharge is trusted. */
function verifyDischarge(
  discharge: Macaroon,
  key: Uint8Array,
  parent: ParentTails,
  options: VerifyOptions,
): Result<readonly Caveat[], DischargeFault> {
  if (!tailMatches(discharge, chainTails(key, discharge.nonceBytes, discharge.pairs)))
    return refuse('bad_signature');
  const trust = trustOf(discharge, key, options.trusted);
  if (trust === 'foreign_ticket') return refuse(trust);
  const caveats: Caveat[] = [];
  let bound = false;
  for (const caveat of discharge.caveats) {
    if (caveat.type === '3P') return refuse('nested_third_party');
    if (caveat.type === 'BindToParentToken') {
      if (!parent.matches(caveat.prefix)) return refuse('wrong_binding');
      bound = true;
    } else if (isAttestation(caveat)) {
      if (!discharge.nonce.proof) return refuse('attestation_not_allowed');
      if (trust === 'trusted') caveats.push(caveat);
    } else {
      caveats.push(caveat);
    }
  }
  if (options.requireBinding === true && !bound) return refuse('not_bound');
  return ok(caveats);
}

/** Whether a discharge was made from a ticket sealed under a trusted key of its own location (macaroons spec 11.7). */
function trustOf(
  discharge: Macaroon,
  key: Uint8Array,
  trusted: VerifyOptions['trusted'],
): 'trusted' | 'untrusted' | 'foreign_ticket' {
  for (const sharedKey of trusted?.get(discharge.location) ?? []) {
    const ticket = openTicket(sharedKey, discharge.nonce.keyId);
    if (ticket.ok) return sameBytes(ticket.value.dischargeKey, key) ? 'trusted' : 'foreign_ticket';
    if (ticket.reason.tag === 'malformed') return 'foreign_ticket';
  }
  return 'untrusted';
}

function tailMatches(macaroon: Macaroon, tails: readonly Uint8Array[]): boolean {
  const last = tails.at(-1)!;
  return sameBytes(macaroon.nonce.proof ? finalizeTail(last) : last, macaroon.tail);
}

/** The digests that a binding may refer to; they cost a hash each, so they wait until somebody asks. */
class ParentTails {
  readonly #tails: readonly Uint8Array[];
  #digests: readonly Uint8Array[] | undefined;

  constructor(tails: readonly Uint8Array[]) {
    this.#tails = tails;
  }

  get digests(): readonly Uint8Array[] {
    this.#digests ??= this.#tails.map((tail) => sha256(tail));
    return this.#digests;
  }

  matches(prefix: Uint8Array | null): boolean {
    if (prefix === null || prefix.length < MIN_BINDING_BYTES || prefix.length > MAX_BINDING_BYTES)
      return false;
    return this.digests.some((digest) => startsWithBytes(digest, prefix));
  }
}

class VerifiedToken implements Verified {
  readonly token: Macaroon;
  readonly caveats: readonly Caveat[];
  readonly discharges: readonly Macaroon[];
  readonly #parent: ParentTails;
  #branches: readonly string[] | undefined;

  constructor(
    token: Macaroon,
    caveats: readonly Caveat[],
    discharges: readonly Macaroon[],
    parent: ParentTails,
  ) {
    this.token = token;
    this.caveats = caveats;
    this.discharges = discharges;
    this.#parent = parent;
  }

  get branches(): readonly string[] {
    this.#branches ??= Object.freeze(this.#parent.digests.map(toHex));
    return this.#branches;
  }

  get earliestExpiry(): number | undefined {
    return effectiveExpiry([this.token, ...this.discharges]);
  }
}
