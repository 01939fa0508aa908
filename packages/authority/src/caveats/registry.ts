import type { HangarFacts } from '@hangar/contract';
import { privateCaveats, type PrivateCaveat, type PrivateCaveats } from '@hangar/macaroon';
import type { z } from 'zod';
import { envCreateCaveat } from './env-create.ts';
import { envLabelsCaveat } from './env-labels.ts';
import { execLimitCaveat } from './exec-limit.ts';
import { idleMeters, type CaveatMeters } from './facts.ts';
import {
  bodyFrom,
  ENV_CREATE_JSON,
  ENV_LABELS_JSON,
  EXEC_LIMIT_JSON,
  RATE_JSON,
  SOURCE_JSON,
  SPEND_JSON,
} from './json-bodies.ts';
import { rateCaveat } from './rate.ts';
import { sourceCaveat } from './source.ts';
import { spendCaveat } from './spend.ts';

/**
 * Hangar's own caveats, by value: hand the result to `clear`, `caveatsFromJson` and the explaining
 * functions of the macaroon library. Without it such caveats never clear.
 */
export function hangarCaveats(meters: CaveatMeters = idleMeters): PrivateCaveats<HangarFacts> {
  return privateCaveats(
    withBody(envCreateCaveat(meters), ENV_CREATE_JSON),
    withBody(envLabelsCaveat, ENV_LABELS_JSON),
    withBody(execLimitCaveat(meters), EXEC_LIMIT_JSON),
    withBody(sourceCaveat, SOURCE_JSON),
    withBody(rateCaveat(meters), RATE_JSON),
    withBody(spendCaveat(meters), SPEND_JSON),
  );
}

function withBody<T>(
  caveat: PrivateCaveat<T, HangarFacts>,
  schema: z.ZodType<T>,
): PrivateCaveat<T, HangarFacts> {
  return { ...caveat, fromJson: (body) => bodyFrom(schema, body) };
}

/** Reads, writes and explains Hangar's own caveats. For deciding, meters are needed: {@link hangarCaveats}. */
export const HANGAR_CAVEATS: PrivateCaveats<HangarFacts> = hangarCaveats();
