import type { SellerRows, SignedInsert, SignedInserted } from '@hangar/provider';
import { isUniqueViolation, type Database } from '../../database.ts';
import { statement, type Raw } from '../../prepared.ts';
import { EVIDENCE, evidenceParts } from './evidence.ts';
import { spendNonce } from './nonces.ts';
import { EXTENSION_COLUMNS } from './rows.ts';
import { isWorkspaceRows, WORKSPACE_ROWS, workspaceParts, workspaceStale } from '../workspace-rows.ts';

/** Places of the values: nonce, digest, expiry, now; Fly.io's id; evidence; extension; then what the seller adds. */
const FLY_ID = 5;
const EVIDENCE_AFTER = FLY_ID;
const EXTENSION_AFTER = EVIDENCE_AFTER + EVIDENCE.count;
const SELLER_AFTER = EXTENSION_AFTER + EXTENSION_COLUMNS.count;

/** How many rows each step found or wrote. */
interface Counted {
  readonly known: number;
  readonly fresh: number;
  readonly made: number;
}

/**
 * One statement for a whole provisioning, so that it is one commit and a crash leaves all of it or nothing. Each step
 * happens only for the row of the one before it; the foreign keys are checked when all of them have.
 *
 * @param known what else makes this unusual, as more rows of a select
 */
function provisionText(seller: { readonly known: string; readonly parts: string }): string {
  return `with known as (
    select 1 as one from extensions where fly_id = $${FLY_ID}::text ${seller.known}),
  spent as (${spendNonce('where not exists (select 1 from known)')}),
  ${evidenceParts('spent', EVIDENCE_AFTER)},
  made as (
    insert into extensions (${EXTENSION_COLUMNS.names})
    select ${EXTENSION_COLUMNS.places(EXTENSION_AFTER)} from spent where (select count(*) from membership) >= 0
    on conflict (fly_id) do nothing returning 1 as one)
  ${seller.parts}
  select (select count(*) from known)::int as known, (select count(*) from spent)::int as fresh,
    (select count(*) from made)::int as made`;
}

const readCounted = (row: Raw): Counted => ({
  known: row['known'] as number,
  fresh: row['fresh'] as number,
  made: row['made'] as number,
});

const plain = statement<unknown[], Counted>(
  'provision',
  provisionText({ known: '', parts: '' }),
  readCounted,
);

const withWorkspace = statement<unknown[], Counted>(
  'provision_workspace',
  provisionText({ known: workspaceStale(SELLER_AFTER), parts: workspaceParts('made', SELLER_AFTER) }),
  readCounted,
);

/** Inserts for a signed request, on the short road. */
export async function insertSigned(db: Database, insert: SignedInsert): Promise<SignedInserted> {
  const { record, evidence, nonce, rows } = insert;
  const values = [
    nonce.nonce,
    nonce.digest,
    nonce.expiresAt,
    nonce.now,
    record.flyId,
    ...EVIDENCE.values(evidence),
    ...EXTENSION_COLUMNS.values(record),
  ];
  try {
    const [counted] = await (rows === undefined
      ? plain(db, ...values)
      : withWorkspace(db, ...values, ...workspaceValues(rows)));
    if (counted === undefined || counted.known > 0) return 'unusual';
    if (counted.fresh === 0) return 'replayed';
    return counted.made === 0 ? 'overtaken' : 'inserted';
  } catch (error) {
    // A name, or any number or slug: whatever it was, nothing is written, and the ordinary road finds another.
    if (isUniqueViolation(error)) return 'unusual';
    throw error;
  }
}

function workspaceValues(rows: SellerRows): unknown[] {
  if (isWorkspaceRows(rows)) return WORKSPACE_ROWS.values(rows);
  throw new Error(`rows of the kind ${rows.kind} cannot be stored here`);
}
