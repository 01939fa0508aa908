import type { ExtensionRecord, JsonObject, Operation } from '@hangar/provider';
import { withoutNulls } from '../../absent.ts';
import { columns, type Column } from '../../columns-of.ts';
import { rowOf, type Raw } from '../../prepared.ts';
import { extensions } from '../../schema/provider.ts';

type Row = typeof extensions.$inferSelect;

/** A row as the provider kit sees it. */
export function toRecord(row: Row): ExtensionRecord {
  const { holder, heldUntil, operation, options, status, ...same } = row;
  return {
    ...withoutNulls(same),
    status: status as ExtensionRecord['status'],
    options: options as JsonObject,
    operation: operation === null ? undefined : readOperation(operation as StoredOperation),
    lease: holder === null || heldUntil === null ? undefined : { holder, heldUntil },
  };
}

/** As JSON says it; `announce` is null in rows of before, and still is, for an older process that reads them. */
type StoredOperation = Omit<Operation, 'startedAt' | 'announce'> & {
  readonly startedAt: string;
  readonly announce: Operation['announce'] | null;
};

function readOperation(stored: StoredOperation): Operation {
  return { ...stored, startedAt: new Date(stored.startedAt), announce: stored.announce ?? undefined };
}

const readRow = rowOf(extensions);

/** The same from a statement of fixed text. */
export function readRecord(raw: Raw): ExtensionRecord {
  return toRecord(readRow(raw));
}

/** What never changes once a record was inserted. */
const FIXED: readonly Column<ExtensionRecord>[] = [
  { name: 'id', type: 'uuid', of: (record) => record.id },
  { name: 'fly_id', type: 'text', of: (record) => record.flyId },
  { name: 'organization_id', type: 'text', of: (record) => record.organizationId },
  { name: 'created_at', type: 'timestamptz', of: (record) => record.createdAt },
];

const CHANGING: readonly Column<ExtensionRecord>[] = [
  { name: 'name', type: 'text', of: (record) => record.name },
  { name: 'requested_name', type: 'text', of: (record) => record.requestedName },
  { name: 'user_id', type: 'text', of: (record) => record.userId },
  { name: 'plan', type: 'text', of: (record) => record.plan },
  { name: 'primary_region', type: 'text', of: (record) => record.primaryRegion },
  { name: 'read_regions', type: 'text[]', of: (record) => record.readRegions },
  { name: 'ip_address', type: 'text', of: (record) => record.ipAddress },
  { name: 'options', type: 'jsonb', of: (record) => JSON.stringify(record.options) },
  { name: 'fly_app_name', type: 'text', of: (record) => record.flyAppName },
  { name: 'status', type: 'text', of: (record) => record.status },
  { name: 'status_detail', type: 'text', of: (record) => record.statusDetail },
  { name: 'error_message', type: 'text', of: (record) => record.errorMessage },
  { name: 'fingerprint', type: 'text', of: (record) => record.fingerprint },
  { name: 'sealed_config', type: 'bytea', of: (record) => record.sealedConfig },
  { name: 'operation', type: 'jsonb', of: (record) => writeOperation(record.operation) },
  { name: 'lease_holder', type: 'text', of: (record) => record.lease?.holder },
  { name: 'lease_until', type: 'timestamptz', of: (record) => record.lease?.heldUntil },
  { name: 'updated_at', type: 'timestamptz', of: (record) => record.updatedAt },
  { name: 'provisioned_at', type: 'timestamptz', of: (record) => record.provisionedAt },
  { name: 'deleted_at', type: 'timestamptz', of: (record) => record.deletedAt },
];

function writeOperation(operation: Operation | undefined): string | undefined {
  if (operation === undefined) return undefined;
  const { startedAt, announce = null } = operation;
  return JSON.stringify({
    ...operation,
    startedAt: startedAt.toISOString(),
    announce,
  } satisfies StoredOperation);
}

/** All columns of an extension, for an insert. */
export const EXTENSION_COLUMNS = columns([...FIXED, ...CHANGING]);

/** Those that a change writes: all of them, so that one text serves every change. */
export const EXTENSION_CHANGES = columns(CHANGING);
