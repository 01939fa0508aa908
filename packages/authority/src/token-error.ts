import { HangarError } from '@hangar/security';
import type { TokenReason } from './token-reason.ts';

/** A token that was not taken, as an error of our doors. */
export function tokenError(reason: TokenReason): HangarError {
  return new HangarError(reason.code, {
    public: reason.sentence,
    extra: {
      ...(reason.tokenId === undefined ? {} : { token_id: reason.tokenId }),
      ...(reason.location === undefined ? {} : { location: reason.location }),
    },
    headers: { 'www-authenticate': 'FlyV1 realm="hangar"' },
  });
}
