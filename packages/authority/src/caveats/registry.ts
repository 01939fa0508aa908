import { privateCaveats, type PrivateCaveats } from '@hangar/macaroon';
import { envCreateCaveat } from './env-create.ts';
import { envLabelsCaveat } from './env-labels.ts';
import { execLimitCaveat } from './exec-limit.ts';
import type { CaveatMeters } from './facts.ts';
import { rateCaveat } from './rate.ts';
import { sourceCaveat } from './source.ts';
import { spendCaveat } from './spend.ts';

/** Meters that count nothing: rates always pass, budgets never do. For reading and explaining tokens. */
export const idleMeters: CaveatMeters = { take: () => true };

/**
 * Hangar's own caveats, by value: hand the result to `clear`, `caveatsFromJson` and the explaining
 * functions of the macaroon library. Without it such caveats never clear.
 */
export function hangarCaveats(meters: CaveatMeters = idleMeters): PrivateCaveats {
  return privateCaveats(
    envCreateCaveat(meters),
    envLabelsCaveat,
    execLimitCaveat(meters),
    sourceCaveat,
    rateCaveat(meters),
    spendCaveat(meters),
  );
}

/** Reads, writes and explains Hangar's own caveats. For deciding, meters are needed: {@link hangarCaveats}. */
export const HANGAR_CAVEATS: PrivateCaveats = hangarCaveats();
