import type { AuthenticatedCaller, ClearRefusal, Clearance, HangarFacts } from '@hangar/contract';
import type { Access } from '@hangar/macaroon';
import { HangarError } from '@hangar/http';

/** A token that does not allow what was asked, as an error of our doors. */
export function clearError(refusal: ClearRefusal): HangarError {
  return new HangarError(refusal.code, {
    public: refusal.sentence,
    extra: { caveat: refusal.caveat, token_id: refusal.tokenId },
  });
}

/** What the caller's token allowed; throws when it did not. */
export function demand(caller: AuthenticatedCaller, access: Access<HangarFacts>): Clearance {
  const cleared = caller.clear(access);
  if (!cleared.ok) throw clearError(cleared.reason);
  return cleared.value;
}
