import type { Verified } from '@hangar/macaroon';

/** A permission token of ours: genuine, discharged and not revoked. What it allows is another question. */
export interface AcceptedToken {
  /** The nonce UUID. */
  readonly id: string;
  /** The workspace whose key signed it. */
  readonly workspace: bigint;
  readonly keyNumber: bigint;
  /** Hex SHA-256 of its tail: this very branch of the token. */
  readonly branch: string;
  readonly verified: Verified;
}
