import type { ErrorCode } from '@hangar/http';

/** The codes of tokens that are rejected. What an accepted token may do is decided by clearing. */
export type TokenReasonCode = Extract<
  ErrorCode,
  | 'token_missing'
  | 'token_malformed'
  | 'token_truncated'
  | 'token_revoked'
  | 'token_unknown_key'
  | 'token_bad_signature'
  | 'token_wrong_location'
  | 'discharge_required'
  | 'discharge_invalid'
  | 'discharge_expired'
  | 'header_too_large'
>;

/** Why a token was rejected. The sentence may be shown: it names the token by its id and never holds its text. */
export interface TokenReason {
  readonly code: TokenReasonCode;
  readonly sentence: string;
  readonly tokenId?: string;
  /** Where the missing or refused discharge is to be had. */
  readonly location?: string;
}
