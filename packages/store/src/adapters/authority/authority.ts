import type { FlowStore, IssuerStore, RateSlices } from '@hangar/authority';
import type { Database } from '../../database.ts';
import { authorityFlowRows } from './flows.ts';
import { authorityRateRows } from './rates.ts';
import { authorityKeyRows } from './keys.ts';
import { authorityRecording } from './recording.ts';
import { authorityRevocationRows } from './revocations.ts';
import { authorityTokenRows } from './tokens.ts';

/** The issuer's port on Postgres: keys, what was minted, what was revoked. */
export function createIssuerStore(db: Database): IssuerStore {
  return {
    ...authorityKeyRows(db),
    ...authorityTokenRows(db),
    ...authorityRecording(db),
    ...authorityRevocationRows(db),
  };
}

/** The discharge service's port on Postgres: sign-ins under way. */
export function createFlowStore(db: Database): FlowStore {
  return authorityFlowRows(db);
}

/** The limiter's port on Postgres: buckets that processes share. */
export function createRateStore(db: Database): RateSlices {
  return authorityRateRows(db);
}
