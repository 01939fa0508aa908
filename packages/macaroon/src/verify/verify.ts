import { PLAIN_CRYPTO, sameBytes } from '#crypto';
import type { TokenCrypto } from '../crypto/token-crypto.ts';
import { equalBytes } from '../bytes.ts';
import { isAttestation, type ThirdPartyCaveat } from '../caveats/caveat.ts';
import { MacaroonError } from '../error.ts';
import { KEY_BYTES, LIMITS } from '../limits.ts';
import { marksOf, type Macaroon } from '../format/macaroon.ts';
import { ok, refuse, type Result } from '../result.ts';
import { tailAt } from '../format/signed-parts.ts';
import { openTicket, openVerifierKey } from './third-party.ts';
import { TailDigests, VerifiedMacaroon, type UsedDischarge, type Verified } from './verified.ts';

/** Why a token is not genuine, or not genuine on its own. */
export type VerifyReason =
  | { readonly tag: 'bad_signature' }
  | { readonly tag: 'attestation_not_allowed' }
  | { readonly tag: 'wrong_binding' }
  | { readonly tag: 'missing_discharge'; readonly location: string; readonly ticket: Uint8Array }
  | { readonly tag: 'bad_discharge'; readonly location: string; readonly causes: readonly DischargeFault[] }
  /** More discharges for one ticket than are tried, and none of the first ones does. */
  | {
      readonly tag: 'too_many_discharges';
      readonly location: string;
      readonly tried: number;
      readonly causes: readonly DischargeFault[];
    };

/** Why one candidate discharge does not do. */
export type DischargeFault =
  | 'verifier_key_does_not_open'
  | 'bad_signature'
  | 'nested_third_party'
  | 'attestation_not_allowed'
  | 'wrong_binding'
  | 'not_bound'
  | 'foreign_ticket';

/** Location to shared keys, newest first: whose attestations are believed. */
export type TrustedParties = ReadonlyMap<string, readonly Uint8Array[]>;

/** What to verify with. */
export interface VerifyOptions {
  /** The signing key that the token's key id stands for. */
  readonly key: Uint8Array;
  readonly discharges?: readonly Macaroon[];
  readonly trusted?: TrustedParties;
  /** Refuse discharges that are not bound to their parent. Off by default: Fly.io's own are not bound. */
  readonly requireBinding?: boolean;
  /** Default: no engine (see `createTokenCrypto`). */
  readonly crypto?: TokenCrypto | undefined;
}

/**
 * Checks a permission token and its discharges (docs/specs/token-format.md#verification). The whole chain is walked
 * and compared before anything is unsealed, so a forged token costs HMACs only. Throws `weak_key` for a signing key
 * below 32 bytes.
 *
 * @example
 * const verified = verify(token, { key, discharges });
 * if (!verified.ok) log(verified.reason.tag); // 'bad_signature', 'missing_discharge', …
 */
export function verify(macaroon: Macaroon, options: VerifyOptions): Result<Verified, VerifyReason> {
  if (options.key.length < KEY_BYTES) {
    throw new MacaroonError('weak_key', 'a signing key has at least 32 bytes');
  }
  const { bytes, nonce } = macaroon;
  const { crypto = PLAIN_CRYPTO } = options;
  const tails = crypto.walkChain(options.key, bytes, marksOf(macaroon), nonce.proof, true);
  if (tails === undefined) return refuse({ tag: 'bad_signature' });

  const thirdParties: { caveat: ThirdPartyCaveat; tailBefore: Uint8Array }[] = [];
  for (let index = 0; index < macaroon.caveats.length; index++) {
    const caveat = macaroon.caveats[index]!;
    if (caveat.type === '3P') thirdParties.push({ caveat, tailBefore: tailAt(tails, index) });
    else if (caveat.type === 'BindToParentToken') return refuse({ tag: 'wrong_binding' });
    else if (isAttestation(caveat) && !macaroon.nonce.proof)
      return refuse({ tag: 'attestation_not_allowed' });
  }

  const digests = new TailDigests(tails, crypto);
  const used: UsedDischarge[] = [];
  for (const { caveat, tailBefore } of thirdParties) {
    const found = findDischarge(caveat, tailBefore, digests, options);
    if (!found.ok) return found;
    used.push(found.value);
  }
  return ok(new VerifiedMacaroon(macaroon, used, () => digests.hex));
}

/**
 * Digests of every tail that a token had on its way to this one, whatever discharges it lacks; undefined when its chain
 * was not signed with this key.
 */
export function branchDigests(
  macaroon: Macaroon,
  key: Uint8Array,
  crypto: TokenCrypto = PLAIN_CRYPTO,
): readonly string[] | undefined {
  const tails = crypto.walkChain(key, macaroon.bytes, marksOf(macaroon), macaroon.nonce.proof, true);
  return tails && new TailDigests(tails, crypto).hex;
}

/** The first of the candidates for a ticket that passes; the failures of others do not matter then. */
function findDischarge(
  caveat: ThirdPartyCaveat,
  tailBefore: Uint8Array,
  parent: TailDigests,
  options: VerifyOptions,
): Result<UsedDischarge, VerifyReason> {
  const { location, ticket } = caveat;
  const candidates: Macaroon[] = [];
  for (const discharge of options.discharges ?? []) {
    if (!equalBytes(discharge.nonce.keyId, ticket)) continue;
    if (candidates.some((other) => equalBytes(other.bytes, discharge.bytes))) continue;
    candidates.push(discharge);
    // One more than is tried shows that there are more; the rest is not even compared.
    if (candidates.length > LIMITS.candidates) break;
  }
  if (candidates.length === 0) return refuse({ tag: 'missing_discharge', location, ticket });
  const key = openVerifierKey(tailBefore, caveat, options.crypto);
  if (key === undefined) {
    return refuse({ tag: 'bad_discharge', location, causes: ['verifier_key_does_not_open'] });
  }
  const causes: DischargeFault[] = [];
  for (const macaroon of candidates.slice(0, LIMITS.candidates)) {
    const outcome = verifyDischarge(macaroon, key, parent, options);
    if (outcome.ok) return ok({ macaroon, trusted: outcome.value.trusted });
    causes.push(outcome.reason);
  }
  if (candidates.length > LIMITS.candidates) {
    return refuse({ tag: 'too_many_discharges', location, tried: LIMITS.candidates, causes });
  }
  return refuse({ tag: 'bad_discharge', location, causes });
}

function verifyDischarge(
  discharge: Macaroon,
  key: Uint8Array,
  parent: TailDigests,
  options: VerifyOptions,
): Result<{ trusted: boolean }, DischargeFault> {
  const { bytes, nonce } = discharge;
  const { crypto = PLAIN_CRYPTO } = options;
  const tails = crypto.walkChain(key, bytes, marksOf(discharge), nonce.proof, false);
  if (tails === undefined) return refuse('bad_signature');
  let bound = false;
  for (const caveat of discharge.caveats) {
    if (caveat.type === '3P') return refuse('nested_third_party');
    if (isAttestation(caveat) && !discharge.nonce.proof) return refuse('attestation_not_allowed');
    if (caveat.type !== 'BindToParentToken') continue;
    if (!parent.binds(caveat.prefix)) return refuse('wrong_binding');
    bound = true;
  }
  if (options.requireBinding === true && !bound) return refuse('not_bound');
  return trustIn(discharge, key, options);
}

/**
 * A discharge is trusted when its ticket was sealed under a key listed for its own location and holds the very key that it
 * is signed with (docs/specs/token-format.md#trusted-discharges). The location alone means nothing, because nothing
 * signs it.
 */
function trustIn(
  discharge: Macaroon,
  key: Uint8Array,
  { trusted, crypto }: VerifyOptions,
): Result<{ trusted: boolean }, DischargeFault> {
  for (const sharedKey of trusted?.get(discharge.location) ?? []) {
    const ticket = openTicket(sharedKey, discharge.nonce.keyId, crypto);
    if (ticket.ok) {
      return sameBytes(ticket.value.dischargeKey, key) ? ok({ trusted: true }) : refuse('foreign_ticket');
    }
    if (ticket.reason.tag === 'malformed') return refuse('foreign_ticket');
  }
  return ok({ trusted: false });
}
