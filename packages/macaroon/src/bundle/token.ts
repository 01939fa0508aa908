import type { TokenTextReason } from '../format/header.ts';
import type { Macaroon } from '../format/macaroon.ts';
import type { Verified } from '../verify/verified.ts';
import type { VerifyReason } from '../verify/verify.ts';

/** What is known about a permission token. */
export type TokenState =
  | { readonly tag: 'unverified' }
  | { readonly tag: 'verified'; readonly verified: Verified }
  | { readonly tag: 'failed'; readonly reason: VerifyReason | { readonly tag: 'unknown_key' } };

/** A macaroon for the verifier's own location. */
export interface PermissionToken {
  readonly kind: 'permission';
  readonly text: string;
  readonly macaroon: Macaroon;
  readonly state: TokenState;
}

/** One piece of a header. `text` is what was received. */
export type BundleToken =
  | PermissionToken
  | { readonly kind: 'discharge'; readonly text: string; readonly macaroon: Macaroon }
  | { readonly kind: 'malformed'; readonly text: string; readonly reason: TokenTextReason }
  | { readonly kind: 'other'; readonly text: string };

/** A piece of a header that looked like a macaroon and is none. */
export interface BundleProblem {
  readonly position: number;
  readonly reason: TokenTextReason;
}
