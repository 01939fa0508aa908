import { LIMITS, type HeaderReason } from '@hangar/macaroon';
import { HangarError } from '@hangar/http';
import { tokenError } from '@hangar/contract';
import { headerReason } from './token-reason.ts';

/** A text of tokens in a body that was not taken: what is too large for a header is too large here as well. */
export function textError(reason: HeaderReason): HangarError {
  if (reason.tag !== 'too_large') return tokenError(headerReason(reason));
  return new HangarError('too_large', {
    public: `the tokens are too many or too long: at most ${LIMITS.tokensPerHeader} tokens, ${LIMITS.tokenBytes} bytes in each, and ${LIMITS.headerLength} characters together, before and after`,
  });
}
