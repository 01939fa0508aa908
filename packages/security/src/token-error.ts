import type { ErrorCode } from './error-table.ts';
import { HangarError } from './errors.ts';

/** Why a token was rejected, as far as the outside may hear it. */
export interface RejectedToken {
  /** One of the `token_…` or `discharge_…` codes. */
  readonly code: ErrorCode;
  /** Never holds any part of the token. */
  readonly sentence: string;
  readonly tokenId?: string;
  /** Where a missing discharge is to be had. */
  readonly location?: string;
}

/**
 * The 401 of every door: with the reason, since whoever holds a token that was cut off, has expired or was revoked
 * should be told so.
 */
export function tokenError({ code, sentence, tokenId, location }: RejectedToken): HangarError {
  return new HangarError(code, {
    public: sentence,
    extra: {
      reason: code.replace(/^token_/, ''),
      ...(tokenId === undefined ? {} : { token_id: tokenId }),
      ...(location === undefined ? {} : { location }),
    },
    headers: { 'www-authenticate': 'FlyV1 realm="hangar"' },
  });
}
