import type { Macaroon, Verified } from '@hangar/macaroon';
import type { LoginOf } from '../caveats/login-of.ts';

/** A token as it was presented: what somebody else verified is verified again. */
export interface Presented {
  readonly token: Macaroon;
  readonly discharges: readonly Macaroon[];
}

/** A token whose signature chain and discharges hold. Revocation and time are for the asker to see to. */
export interface Judged {
  /** The workspace whose key signed it. */
  readonly workspace: bigint;
  readonly keyNumber: bigint;
  readonly verified: Verified;
}

/** A token whose signature chain is ours. */
export interface Recognized {
  readonly workspace: bigint;
  /** Digests of every tail on the way to this one, its own last. */
  readonly branches: readonly string[];
}

/** Where a discharge of ours came from. */
export interface DischargeOrigin {
  /** What its ticket was made for, in which workspace; tickets of before do not say. */
  readonly ticket?: { readonly workspace: bigint; readonly loginOf: LoginOf };
}
