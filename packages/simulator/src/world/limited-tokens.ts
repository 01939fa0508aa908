/** A token that was minted through GraphQL: what the platform remembers of it, never its text. */
export interface LimitedToken {
  readonly id: string;
  /** The nonce UUID, which every token narrowed from it shares. */
  readonly tokenId: string;
  readonly name: string;
  /** Slug. */
  readonly organization: string;
  /** Name of the app, for a token of the `deploy` profile. */
  readonly app?: string;
  readonly profile: string;
  /** E-mail of whoever made it. */
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
  revokedAtMs?: number;
  revokedBy?: string;
}

/** A ticket that waits for a person to confirm. Its two secrets are different: who polls cannot confirm. */
export interface DischargeFlow {
  readonly userSecret: string;
  readonly pollSecret: string;
  /** The cookie of the client that asked. */
  readonly session: string;
  readonly location: string;
  readonly ticket: Uint8Array;
  readonly expiresAtMs: number;
  outcome?: { readonly discharge: string } | { readonly error: string };
}

/** Whom a client with that cookie has turned out to be; nobody, until somebody confirmed. */
export interface DischargeSession {
  readonly expiresAtMs: number;
  principal?: string;
}
