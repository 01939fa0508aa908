import type { Access } from './access.ts';

/**
 * Who stands before a third party, and what it is about to sign (docs/specs/token-format.md#subject). One person, not
 * a crowd.
 */
export interface DischargeRequest {
  readonly now: Date;
  /** Until when the discharge would be valid. */
  readonly expiry: Date;
  readonly flyio?: { readonly userId: bigint; readonly organizationIds: readonly bigint[] };
  readonly google?: { readonly userId: bigint; readonly hostedDomain?: string };
  readonly github?: { readonly userId: bigint; readonly organizationIds: readonly bigint[] };
}

/** What caveats are held against: an access to something, or a request for a discharge. */
export type Subject<Facts = unknown> =
  | { readonly kind: 'access'; readonly access: Access<Facts> }
  | { readonly kind: 'discharge'; readonly request: DischargeRequest };
