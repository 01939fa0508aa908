import type { HangarFacts } from '@hangar/contract';
import { privateCaveats, type PrivateCaveat, type PrivateCaveats } from '@hangar/macaroon';
import { envCreateCaveat } from '../caveats/env-create.ts';
import { envLabelsCaveat } from '../caveats/env-labels.ts';
import { execLimitCaveat } from '../caveats/exec-limit.ts';
import { idleMeters } from '../caveats/facts.ts';
import { rateCaveat } from '../caveats/rate.ts';
import { sourceCaveat } from '../caveats/source.ts';
import { spendCaveat } from '../caveats/spend.ts';

/**
 * Hangar's own caveats for whoever reads tokens without being asked to decide: read and said in words. They always clear,
 * so that the rest of a token can be judged without the facts that only a server has.
 */
export const READABLE_CAVEATS: PrivateCaveats<HangarFacts> = privateCaveats(
  unjudged(envCreateCaveat(idleMeters)),
  unjudged(envLabelsCaveat),
  unjudged(execLimitCaveat(idleMeters)),
  unjudged(sourceCaveat),
  unjudged(rateCaveat(idleMeters)),
  unjudged(spendCaveat(idleMeters)),
);

function unjudged<T>(caveat: PrivateCaveat<T, HangarFacts>): PrivateCaveat<T, HangarFacts> {
  return { ...caveat, clear: () => undefined };
}
