import { tokenError, type TokenReason } from '@hangar/contract';
import { HangarError } from '@hangar/http';
import { LIMITS, type HeaderReason, type VerifyReason } from '@hangar/macaroon';

const MISSING: TokenReason = {
  code: 'token_missing',
  sentence: 'No token: send Authorization: FlyV1 fm2_….',
};

/** What an unreadable header is called. */
export function headerReason(reason: HeaderReason): TokenReason {
  switch (reason.tag) {
    case 'empty':
      return MISSING;
    case 'too_large':
      return { code: 'header_too_large', sentence: 'The Authorization header holds too much.' };
    case 'no_macaroon':
      return { code: 'token_malformed', sentence: 'The Authorization header holds no macaroon (fm2_…).' };
    case 'truncated':
      return {
        code: 'token_truncated',
        sentence: `Token ${reason.position + 1} of the header is cut off: the text ends before the token does.`,
      };
    case 'malformed':
      return {
        code: 'token_malformed',
        sentence: `Token ${reason.position + 1} of the header cannot be read: ${reason.detail}.`,
      };
  }
}

/** What a token that does not verify is called. */
export function verifyReason(tokenId: string, reason: VerifyReason): TokenReason {
  switch (reason.tag) {
    case 'bad_signature':
      return {
        code: 'token_bad_signature',
        tokenId,
        sentence: `Token ${tokenId} is not genuine: its signature does not fit its caveats.`,
      };
    case 'attestation_not_allowed':
      return {
        code: 'token_bad_signature',
        tokenId,
        sentence: `Token ${tokenId} states a fact about its holder, which only a proof may.`,
      };
    case 'wrong_binding':
      return {
        code: 'token_bad_signature',
        tokenId,
        sentence: `Token ${tokenId} is bound to a parent, but a permission token has none.`,
      };
    case 'too_many_discharges':
      return {
        code: 'discharge_invalid',
        tokenId,
        location: reason.location,
        sentence: `None of the first ${reason.tried} discharges from ${reason.location} is valid for token ${tokenId}, and no more are tried: remove old discharges.`,
      };
    case 'missing_discharge':
      return {
        code: 'discharge_required',
        tokenId,
        location: reason.location,
        sentence: `Token ${tokenId} needs a discharge from ${reason.location}.`,
      };
    case 'bad_discharge':
      return {
        code: 'discharge_invalid',
        tokenId,
        location: reason.location,
        sentence: `The discharge from ${reason.location} is not valid for token ${tokenId}: ${reason.causes.join(', ').replaceAll('_', ' ')}.`,
      };
  }
}

/** The refusal of a token whose key id leads nowhere. */
export function unknownKey(tokenId: string): TokenReason {
  return {
    code: 'token_unknown_key',
    tokenId,
    sentence: `Token ${tokenId} was signed with a key that is not known here.`,
  };
}

/** A text of tokens in a body that was not taken: what is too large for a header is too large here as well. */
export function textError(reason: HeaderReason): HangarError {
  if (reason.tag !== 'too_large') return tokenError(headerReason(reason));
  return new HangarError('too_large', {
    public: `the tokens are too many or too long: at most ${LIMITS.tokensPerHeader} tokens, ${LIMITS.tokenBytes} bytes in each, and ${LIMITS.headerLength} characters together, before and after`,
  });
}
