import type { Access } from '@hangar/macaroon';
import { HangarError } from '@hangar/security';
import type { ClearRefusal, VerifiedCaller } from '../caller.ts';

/** A token that does not allow what was asked, as an error of our doors. */
export function clearError(refusal: ClearRefusal): HangarError {
  return new HangarError(refusal.code, {
    public: refusal.sentence,
    extra: { caveat: refusal.caveat, token_id: refusal.tokenId },
  });
}

/** Throws unless the caller may do it. */
export function demand(caller: VerifiedCaller, access: Access): void {
  const cleared = caller.clear(access);
  if (!cleared.ok) throw clearError(cleared.reason);
}
