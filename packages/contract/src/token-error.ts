import { HangarError } from '@hangar/http';
import type { TokenReason, TokenReasonCode } from './token-reason.ts';

/** A token that was rejected, or that was accepted and then found to be over. */
type EndedToken = Omit<TokenReason, 'code'> & { readonly code: TokenReasonCode | 'token_expired' };

/**
 * The 401 of every door: with the reason, since whoever holds a token that was cut off, has expired or was revoked
 * should be told so.
 */
export function tokenError({ code, sentence, tokenId, location }: EndedToken): HangarError {
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
