import type { AuthorityStore } from '@hangar/authority';
import type { Database } from '../database.ts';
import { authorityFlowRows } from './authority-flows.ts';
import { authorityKeyRows } from './authority-keys.ts';
import { authorityRevocationRows } from './authority-revocations.ts';
import { authorityTokenRows } from './authority-tokens.ts';

/** The token authority's port on Postgres. */
export function createAuthorityStore(db: Database): AuthorityStore {
  return {
    ...authorityKeyRows(db),
    ...authorityTokenRows(db),
    ...authorityRevocationRows(db),
    ...authorityFlowRows(db),
  };
}
