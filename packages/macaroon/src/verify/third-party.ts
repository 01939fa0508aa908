import { encodeBase64, PLAIN_CRYPTO } from '#crypto';
import { BOX_NONCE_BYTES, BOX_TAG_BYTES, type TokenCrypto } from '../crypto/token-crypto.ts';
import { trimBlanks } from '../format/blanks.ts';
import { equalBytes } from '../bytes.ts';
import { everyCaveat, type Caveat, type ThirdPartyCaveat } from '../caveats/caveat.ts';
import { readCaveatSet } from '../caveats/read.ts';
import { encodePair, writeSet } from '../caveats/write.ts';
import { MacaroonError } from '../error.ts';
import { decodeToken, type TokenTextReason } from '../format/header.ts';
import { KEY_BYTES, LIMITS } from '../limits.ts';
import { appendPairs, mint, type Macaroon } from '../format/macaroon.ts';
import { attempt, Reader } from '../msgpack/reader.ts';
import { Writer } from '../msgpack/writer.ts';
import { refuse, type Result } from '../result.ts';

/** Nonce, discharge key and tag: the only length a verifier key can have. */
const VERIFIER_KEY_BYTES = BOX_NONCE_BYTES + KEY_BYTES + BOX_TAG_BYTES;

/** What a third party finds in a ticket: the key to sign its discharge with, and what it must check first. */
export interface Ticket {
  readonly dischargeKey: Uint8Array;
  readonly caveats: readonly Caveat[];
}

/** Why a ticket gives nothing: sealed under another key (or changed), or not a ticket inside. */
export type TicketReason =
  | { readonly tag: 'not_ours' }
  | { readonly tag: 'malformed'; readonly detail: string };

/** How to add a third party. */
export interface ThirdPartyOptions {
  /** Where the holder gets the discharge. */
  readonly location: string;
  /** The 32 bytes that this token's author and the third party share. */
  readonly sharedKey: Uint8Array;
  /** What the third party must check before it discharges. */
  readonly ticketCaveats?: readonly Caveat[];
  /** Where randomness comes from; tests only. */
  readonly random?: ((length: number) => Uint8Array) | undefined;
  /** Default: no engine (see `createTokenCrypto`). */
  readonly crypto?: TokenCrypto | undefined;
}

/**
 * Adds a third-party caveat (docs/specs/token-format.md#third-parties): the token works only together with a discharge from that third party.
 * Throws `MacaroonError`: `finalized`, `bad_length` (shared key), `duplicate_third_party`, `limit`.
 *
 * @example
 * const guarded = addThirdParty(token, {
 *   location: 'https://login.example',
 *   sharedKey,
 *   ticketCaveats: [{ type: 'ConfineUser', id: 77n }],
 * });
 */
export function addThirdParty(macaroon: Macaroon, options: ThirdPartyOptions): Macaroon {
  if (macaroon.nonce.proof) throw new MacaroonError('finalized', 'a proof cannot be narrowed');
  const present = thirdPartyCaveats(macaroon.caveats);
  if (present.some((caveat) => caveat.location === options.location)) {
    throw new MacaroonError('duplicate_third_party', 'the token asks this third party already');
  }
  if (ticketsOf(macaroon).length >= LIMITS.thirdParties) {
    throw new MacaroonError('limit', 'too many third parties');
  }
  const { crypto = PLAIN_CRYPTO } = options;
  const random = options.random ?? crypto.randomBytes;
  const dischargeKey = random(KEY_BYTES);
  const ticket = sealTicket(
    options.sharedKey,
    { dischargeKey, caveats: options.ticketCaveats ?? [] },
    random,
    crypto,
  );
  const verifierKey = crypto.seal(macaroon.tail, random(BOX_NONCE_BYTES), dischargeKey);
  const pair = encodePair({ type: '3P', location: options.location, verifierKey, ticket });
  return appendPairs(macaroon, [pair], crypto);
}

/** Seals a ticket under the key shared with the third party. Throws `bad_length` for keys that are not 32 bytes. */
export function sealTicket(
  sharedKey: Uint8Array,
  ticket: Ticket,
  random: (length: number) => Uint8Array = PLAIN_CRYPTO.randomBytes,
  crypto: TokenCrypto = PLAIN_CRYPTO,
): Uint8Array {
  checkKey(sharedKey);
  checkKey(ticket.dischargeKey);
  const writer = new Writer().array(2).bin(ticket.dischargeKey);
  writeSet(writer, ticket.caveats);
  return crypto.seal(sharedKey, random(BOX_NONCE_BYTES), writer.finish());
}

/** Opens a ticket with the shared key. Throws `bad_length` when the key is not 32 bytes. */
export function openTicket(
  sharedKey: Uint8Array,
  ticket: Uint8Array,
  crypto: TokenCrypto = PLAIN_CRYPTO,
): Result<Ticket, TicketReason> {
  checkKey(sharedKey);
  const plain = crypto.unseal(sharedKey, ticket);
  if (plain === undefined) return refuse({ tag: 'not_ours' });
  const read = attempt(() => {
    const reader = new Reader(plain);
    reader.struct(2);
    const dischargeKey = reader.bin();
    if (dischargeKey.length !== KEY_BYTES) reader.malformed('a discharge key has 32 bytes');
    const caveats = readCaveatSet(reader);
    reader.finish();
    return { dischargeKey, caveats };
  });
  return read.ok ? read : refuse({ tag: 'malformed', detail: read.reason.detail });
}

/** The discharge key that the minter sealed into the token, given the tail before the caveat. */
export function openVerifierKey(
  tailBefore: Uint8Array,
  caveat: ThirdPartyCaveat,
  crypto: TokenCrypto = PLAIN_CRYPTO,
): Uint8Array | undefined {
  if (caveat.verifierKey?.length !== VERIFIER_KEY_BYTES) return undefined;
  return crypto.unseal(tailBefore, caveat.verifierKey);
}

/** What to discharge. */
export interface DischargeOptions {
  readonly ticket: Uint8Array;
  readonly sharedKey: Uint8Array;
  /** The third party's own location. */
  readonly location: string;
  /** What the discharge says: normally a ValidityWindow, and attestations of who signed in. */
  readonly caveats: readonly Caveat[];
  readonly random?: ((length: number) => Uint8Array) | undefined;
  /** Default: no engine (see `createTokenCrypto`). */
  readonly crypto?: TokenCrypto | undefined;
}

/**
 * Signs a discharge for a ticket. The ticket's own caveats must have been cleared before (`clearTicket`).
 * Throws `MacaroonError` `bad_value` when the ticket does not open.
 */
export function createDischarge(options: DischargeOptions): Macaroon {
  const opened = openTicket(options.sharedKey, options.ticket, options.crypto);
  if (!opened.ok) throw new MacaroonError('bad_value', 'the ticket does not open with this key');
  return mint({
    key: opened.value.dischargeKey,
    keyId: options.ticket,
    location: options.location,
    caveats: options.caveats,
    proof: true,
    random: options.random,
    crypto: options.crypto,
  });
}

/**
 * Takes the text that a third party answered with and makes sure that it is the discharge asked for, alone: whatever else
 * it sent would otherwise be carried along with the token (docs/specs/token-format.md#discharge-client).
 */
export function readDischarge(
  text: string,
  ticket: Uint8Array,
): Result<Macaroon, TokenTextReason | { tag: 'wrong_ticket' }> {
  const decoded = decodeToken(trimBlanks(text));
  if (!decoded.ok) return decoded;
  return equalBytes(decoded.value.nonce.keyId, ticket) ? decoded : refuse({ tag: 'wrong_ticket' });
}

/** A ticket and whom to take it to. */
export interface TicketAt {
  readonly location: string;
  readonly ticket: Uint8Array;
}

/** The tickets for which no discharge is at hand. Discharges are matched by ticket, not verified. */
export function missingTickets(tokens: {
  readonly permission: readonly Macaroon[];
  readonly discharges: readonly Macaroon[];
}): TicketAt[] {
  const discharged = dischargesByTicket(tokens.discharges);
  const missing = new Map<string, TicketAt>();
  for (const macaroon of tokens.permission) {
    for (const { location, ticket } of ticketsOf(macaroon)) {
      const key = ticketKey(ticket);
      if (!discharged.has(key) && !missing.has(key)) missing.set(key, { location, ticket });
    }
  }
  return [...missing.values()];
}

/** A ticket as the key of a map. A header can hold thousands of tickets: looking for one among the others is quadratic. */
export function ticketKey(ticket: Uint8Array): string {
  return encodeBase64(ticket);
}

/** Discharges by the ticket that they are for. Matched by it, not verified. */
export function dischargesByTicket(
  discharges: readonly Macaroon[],
): ReadonlyMap<string, readonly Macaroon[]> {
  const byTicket = new Map<string, Macaroon[]>();
  for (const discharge of discharges) {
    const key = ticketKey(discharge.nonce.keyId);
    const same = byTicket.get(key);
    if (same === undefined) byTicket.set(key, [discharge]);
    else same.push(discharge);
  }
  return byTicket;
}

/** The tickets that a token asks discharges for. Those inside IfPresent are none: no discharge makes such a caveat clear. */
export function ticketsOf(macaroon: Pick<Macaroon, 'caveats'>): readonly ThirdPartyCaveat[] {
  return macaroon.caveats.filter((caveat) => caveat.type === '3P');
}

/** The third-party caveats among these, IfPresent opened. */
export function thirdPartyCaveats(caveats: readonly Caveat[]): ThirdPartyCaveat[] {
  return [...everyCaveat(caveats)].filter((caveat) => caveat.type === '3P');
}

function checkKey(key: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new MacaroonError('bad_length', 'expected a key of 32 bytes');
}
