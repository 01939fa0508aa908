import { HangarError } from '@hangar/http';
import type { TokenReason, TokenReasonCode } from './token-reason.ts';

/** A token that was rejected, or that was accepted and then found to be over. */
type EndedToken = Omit<TokenReason, 'code'> & { readonly code: TokenReasonCode | 'token_expired' };

const CHALLENGE = { 'www-authenticate': 'FlyV1 realm="hangar"' };

/**
 * The 401 of every door: with the reason, since whoever holds a token that was cut off, has expired or was revoked
 * should be told so.
 */
export function tokenError({ code, sentence, tokenId, location }: EndedToken): HangarError {
  const extra: Record<string, string> = { reason: code.replace(/^token_/, '') };
  if (tokenId !== undefined) extra['token_id'] = tokenId;
  if (location !== undefined) extra['location'] = location;
  return new HangarError(code, {
    public: sentence,
    extra,
    headers: CHALLENGE,
  });
}
