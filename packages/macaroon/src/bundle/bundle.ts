import type { Access } from '../clear/access.ts';
import type { Caveat } from '../caveats/caveat.ts';
import { clear } from '../clear/clear.ts';
import { keepUseful, type BundleFilter, type FilteredBundle } from './filter.ts';
import type { BundleProblem, BundleToken, PermissionToken } from './token.ts';
import { headerOf, isCutPrefix, readPieces, type HeaderReason } from '../format/header.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { attenuate, encodeToken, tokenId, type Macaroon } from '../format/macaroon.ts';
import type { PrivateCaveats } from '../caveats/private.ts';
import type { Refusal } from '../clear/refusal.ts';
import { ok, refuse, type Result } from '../result.ts';
import {
  createDischarge,
  dischargesByTicket,
  missingTickets,
  openTicket,
  ticketKey,
  ticketsOf,
  type TicketAt,
  type TicketReason,
} from '../verify/third-party.ts';
import { extendVerified, type Verified } from '../verify/verified.ts';
import { verify, type TrustedParties, type VerifyOptions, type VerifyReason } from '../verify/verify.ts';

/** Finds the key that signed a token, and whom to trust with it; undefined when the key id is unknown. */
export type KeyResolver = (macaroon: Macaroon) => { key: Uint8Array; trusted?: TrustedParties } | undefined;

/** Why no token of a bundle allows a request. */
export type BundleRefusal =
  | { readonly tag: 'none_verified' }
  | { readonly tag: 'refused'; readonly tokens: readonly { id: string; refusal: Refusal }[] };

/** Why a bundle could not discharge. */
export type BundleDischargeReason =
  | { readonly tag: 'ticket'; readonly reason: TicketReason }
  | { readonly tag: 'denied' };

/**
 * The tokens of one header, in order, with what is known about each (docs/specs/token-format.md#bundles). Never
 * changes: every operation answers a new bundle. Texts are kept as received, so passing a bundle on does not rewrite
 * its tokens.
 */
export class TokenBundle implements FilteredBundle {
  readonly location: string;
  readonly tokens: readonly BundleToken[];
  /** Found out when first asked for; see `ticketKey`. */
  #wanted: ReadonlySet<string> | undefined;
  #discharges: ReadonlyMap<string, readonly Macaroon[]> | undefined;

  constructor(location: string, tokens: readonly BundleToken[]) {
    this.location = location;
    this.tokens = Object.freeze([...tokens]);
  }

  get permission(): readonly Macaroon[] {
    return this.#permissionTokens().map(({ macaroon }) => macaroon);
  }

  get discharges(): readonly Macaroon[] {
    return this.tokens.flatMap((token) => (token.kind === 'discharge' ? [token.macaroon] : []));
  }

  get other(): readonly string[] {
    return this.tokens.flatMap((token) => (token.kind === 'other' ? [token.text] : []));
  }

  /** The permission tokens that verified, in order. */
  get verified(): readonly Verified[] {
    return this.#permissionTokens().flatMap(({ state }) =>
      state.tag === 'verified' ? [state.verified] : [],
    );
  }

  /** The tokens that a filter keeps, in their order. */
  select(filter: BundleFilter): TokenBundle {
    return new TokenBundle(
      this.location,
      this.tokens.filter((token) => filter(token, this)),
    );
  }

  /** Adds the tokens of a text; all of them or, if one is damaged, none. */
  add(text: string, limits: Limits = LIMITS): Result<TokenBundle, HeaderReason> {
    const opened = openBundle(text, this.location, { limits, filter: () => true });
    if (!opened.ok) return opened;
    const problem = opened.value.problems[0];
    if (problem !== undefined) {
      const { position, reason } = problem;
      if (reason.tag === 'truncated') return refuse({ tag: 'truncated', position });
      return refuse({
        tag: 'malformed',
        position,
        detail: reason.tag === 'malformed' ? reason.detail : reason.tag,
      });
    }
    return ok(new TokenBundle(this.location, [...this.tokens, ...opened.value.bundle.tokens]));
  }

  /** Verifies every permission token with the discharges at hand. `check` may be a cache's `verify`. */
  verify(
    resolve: KeyResolver,
    check: (macaroon: Macaroon, options: VerifyOptions) => Result<Verified, VerifyReason> = verify,
  ): TokenBundle {
    return this.#mapPermission((token) => {
      const found = resolve(token.macaroon);
      if (found === undefined) return { ...token, state: { tag: 'failed', reason: { tag: 'unknown_key' } } };
      const discharges = ticketsOf(token.macaroon).flatMap(({ ticket }) => this.dischargesFor(ticket));
      const verdict = check(token.macaroon, { ...found, discharges: [...new Set(discharges)] });
      return verdict.ok
        ? { ...token, state: { tag: 'verified', verified: verdict.value } }
        : { ...token, state: { tag: 'failed', reason: verdict.reason } };
    });
  }

  /** The first verified token that allows all of this by itself. Tokens are never combined. */
  clear<Facts>(
    access: Access<NoInfer<Facts>> | readonly Access<NoInfer<Facts>>[],
    registry?: PrivateCaveats<Facts>,
  ): Result<Verified, BundleRefusal> {
    const refused: { id: string; refusal: Refusal }[] = [];
    for (const verified of this.verified) {
      const verdict = clear(verified, access, registry);
      if (verdict.ok) return ok(verified);
      refused.push({ id: tokenId(verified.token), refusal: verdict.reason });
    }
    return refuse(refused.length === 0 ? { tag: 'none_verified' } : { tag: 'refused', tokens: refused });
  }

  /** Tickets that still need a discharge. */
  missingTickets(): TicketAt[] {
    return missingTickets(this);
  }

  /**
   * For the third party itself: discharges every missing ticket of its location. `decide` sees the ticket's caveats and
   * answers what the discharge shall say, or undefined to refuse. All or nothing.
   */
  discharge(
    location: string,
    sharedKey: Uint8Array,
    decide: (caveats: readonly Caveat[]) => readonly Caveat[] | undefined,
  ): Result<TokenBundle, BundleDischargeReason> {
    const added: BundleToken[] = [];
    for (const { ticket } of this.missingTickets().filter((missing) => missing.location === location)) {
      const opened = openTicket(sharedKey, ticket);
      if (!opened.ok) return refuse({ tag: 'ticket', reason: opened.reason });
      const caveats = decide(opened.value.caveats);
      if (caveats === undefined) return refuse({ tag: 'denied' });
      const macaroon = createDischarge({ ticket, sharedKey, location, caveats });
      added.push({ kind: 'discharge', text: encodeToken(macaroon), macaroon });
    }
    return ok(new TokenBundle(this.location, [...this.tokens, ...added]));
  }

  /** Narrows every permission token. What was verified stays so, with the new caveats to clear as well. */
  attenuate(caveats: readonly Caveat[]): TokenBundle {
    return this.#mapPermission((token) => {
      const macaroon = attenuate(token.macaroon, caveats);
      if (macaroon === token.macaroon) return token;
      const text = encodeToken(macaroon);
      if (token.state.tag !== 'verified') return { ...token, macaroon, text };
      const verified = extendVerified(token.state.verified, macaroon);
      return { ...token, macaroon, text, state: { tag: 'verified', verified } };
    });
  }

  /** The Authorization header value; empty for an empty bundle. */
  header(): string {
    return headerOf(this.tokens.map(({ text }) => text));
  }

  /** The tokens joined by commas, as received. */
  toString(): string {
    return this.tokens.map(({ text }) => text).join(',');
  }

  /** Whether some permission token here asks for this discharge. */
  wants(discharge: Macaroon): boolean {
    this.#wanted ??= new Set(this.permission.flatMap(ticketsOf).map(({ ticket }) => ticketKey(ticket)));
    return this.#wanted.has(ticketKey(discharge.nonce.keyId));
  }

  /** The discharges here that are for this ticket. */
  dischargesFor(ticket: Uint8Array): readonly Macaroon[] {
    this.#discharges ??= dischargesByTicket(this.discharges);
    return this.#discharges.get(ticketKey(ticket)) ?? [];
  }

  #permissionTokens(): readonly PermissionToken[] {
    return this.tokens.filter((token) => token.kind === 'permission');
  }

  #mapPermission(change: (token: PermissionToken) => PermissionToken): TokenBundle {
    return new TokenBundle(
      this.location,
      this.tokens.map((token) => (token.kind === 'permission' ? change(token) : token)),
    );
  }
}

/**
 * Opens a header that may hold anything, or nothing: damaged tokens are reported beside a bundle of the rest. By default what
 * can serve no purpose is left out (damaged tokens, discharges that nobody here asks for). A server that wants to tell its caller
 * about a damaged token uses `parseBundle`.
 */
export function openBundle(
  text: string,
  location: string,
  options: { readonly limits?: Limits; readonly filter?: BundleFilter } = {},
): Result<{ bundle: TokenBundle; problems: readonly BundleProblem[] }, HeaderReason> {
  const pieces = readPieces(text, options.limits ?? LIMITS);
  if (!pieces.ok) return pieces;
  const problems: BundleProblem[] = [];
  const tokens = pieces.value.map(({ text: piece, decoded }, position): BundleToken => {
    if (decoded.ok) {
      const macaroon = decoded.value;
      if (macaroon.location !== location) return { kind: 'discharge', text: piece, macaroon };
      return { kind: 'permission', text: piece, macaroon, state: { tag: 'unverified' } };
    }
    const { reason } = decoded;
    if (reason.tag === 'empty' || reason.tag === 'not_a_macaroon') return { kind: 'other', text: piece };
    problems.push({ position, reason });
    // Nobody can tell `f` from somebody else's token: it is passed on, as the reference does.
    if (isCutPrefix(piece)) return { kind: 'other', text: piece };
    return { kind: 'malformed', text: piece, reason };
  });
  return ok({ bundle: new TokenBundle(location, tokens).select(options.filter ?? keepUseful), problems });
}
