import type { TokenReason } from '@hangar/contract';
import type { Macaroon } from '@hangar/macaroon';
import type { Result, Soon } from '@hangar/http';
import type { Asker, FeedPage, Identity, RevocationTarget, TokenRow } from '../ports.ts';
import type { DischargeOrigin, Judged, Presented, Recognized } from './judged.ts';
import type { Minted, UnstoredToken } from './mint.ts';
import type { MintRequest } from './mint-request.ts';
import type { TicketRefusal } from './ticket.ts';

/** What an issuer signs for. Two processes that differ in it cannot work together. */
export interface IssuerAbout {
  /** The location of permission tokens. */
  readonly location: string;
  /** The location of the discharge service whose tickets it seals. */
  readonly dischargeLocation: string;
  /** Changes when a verdict of before may not hold any more: other discharge keys, another location. */
  readonly version: string;
}

/** A token that somebody else stores. */
export interface PreparedToken extends UnstoredToken {
  /** To be called when it is stored: from then on there is such a token. */
  stored(): void;
}

/** Which rows to list. */
export interface TokenRowsQuery {
  readonly workspace: bigint;
  readonly apps?: readonly bigint[];
  readonly creator?: string;
  /** Only tokens that are neither over nor revoked then. */
  readonly activeAt?: Date;
  /** The last row of the page before. */
  readonly before?: { readonly createdAt: Date; readonly id: string };
  readonly limit: number;
}

/** Why no discharge was signed. */
export type DischargeRefusal =
  | TicketRefusal
  /** A sentence for the person who tried. */
  | { readonly tag: 'denied'; readonly sentence: string };

/**
 * The half of the authority that verifies with root keys. What it answers holds no key, so a process that
 * only asks has none to lose (docs/specs/promises.md#authority-apart).
 */
export interface VerifyingIssuer {
  about(): Promise<IssuerAbout>;
  /** Chain and discharges, in that order; at once when the key is at hand. */
  verify(presented: Presented): Soon<Result<Judged, TokenReason>>;
  /** Whose key signed this, whatever else it lacks; undefined when it is not ours. */
  recognize(token: Macaroon): Promise<Recognized | undefined>;
  /** What this was signed for, if our discharge service signed it; undefined when it did not. */
  recognizeDischarge(discharge: Macaroon): Promise<DischargeOrigin | undefined>;
  /** A page of the revocation feed behind `number`, oldest first. */
  revokedSince(number: bigint): Promise<FeedPage>;
  /** Writes down when and from where tokens were last used. */
  recordUses(uses: readonly { id: string; at: Date; from: string | undefined }[]): Promise<void>;
}

/** The half that signs, and keeps the books on what it signed. Nothing here asks for permission. */
export interface SigningIssuer {
  /** Throws `invalid` naming the fields, `token_revoked` when the asking token was revoked meanwhile. */
  mint(request: MintRequest): Promise<Minted>;
  /**
   * The first token of a new workspace, with its key, for whoever stores all of it in one step. Undefined from an
   * issuer that runs apart: what it signs it stores itself. Throws `invalid`.
   */
  prepare(request: Omit<MintRequest, 'parent'>): Promise<PreparedToken | undefined>;
  /** Makes a token of ours ask for a sign-in. Throws `invalid` when it asks for one already. */
  requireLogin(token: Macaroon, workspace: bigint): Promise<Macaroon>;
  token(workspace: bigint, id: string): Promise<TokenRow | undefined>;
  /** Newest first. */
  tokens(query: TokenRowsQuery): Promise<readonly TokenRow[]>;
  /** Another name for lists. Throws `invalid` for one that cannot be shown; undefined when there is no such token. */
  renameToken(wish: {
    workspace: bigint;
    id: string;
    name: string;
    asker?: Asker;
  }): Promise<TokenRow | undefined>;
  /**
   * Commits the revocation and answers the ids of the recorded tokens that it reached. Throws `token_revoked` when the
   * asking token was revoked meanwhile (so does renaming), and `policy_denied` when the workspace has so many revoked
   * copies that another must be ended with its token.
   */
  revoke(wish: {
    workspace: bigint;
    target: RevocationTarget;
    by: string;
    reason: string;
    asker?: Asker;
  }): Promise<readonly string[]>;
  /** Signs with a fresh key from now on; older tokens go on working. */
  rotateKey(workspace: bigint): Promise<{ readonly number: bigint; readonly retired: bigint | undefined }>;
  /** What a ticket asks, if it was sealed for our discharge service. */
  readTicket(ticket: Uint8Array): Promise<Result<{ readonly asksForIdentity: boolean }, TicketRefusal>>;
  /** Signs a discharge, when the ticket's caveats clear for this one identity. */
  discharge(ticket: Uint8Array, identity: Identity | undefined): Promise<Result<Macaroon, DischargeRefusal>>;
}

/**
 * Whoever holds the root keys: {@link createIssuer} in this process, or {@link createRemoteIssuer} in front of
 * one that runs apart. Every other part of the authority works with either.
 */
export interface Issuer extends VerifyingIssuer, SigningIssuer {}
