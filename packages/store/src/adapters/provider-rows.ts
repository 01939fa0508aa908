import type { ExtensionRecord, JsonObject, Operation, RecordChange } from '@hangar/provider';
import type { extensions } from '../schema/provider.ts';

type Row = typeof extensions.$inferSelect;
type NewRow = typeof extensions.$inferInsert;

/** A row as the provider kit sees it. */
export function toRecord(row: Row): ExtensionRecord {
  const { leaseHolder, leaseUntil, operation, options, status, ...same } = row;
  return {
    ...same,
    status: status as ExtensionRecord['status'],
    options: options as JsonObject,
    operation: operation === null ? null : readOperation(operation as StoredOperation),
    lease: leaseHolder === null || leaseUntil === null ? null : { holder: leaseHolder, until: leaseUntil },
  };
}

type StoredOperation = Omit<Operation, 'startedAt'> & { readonly startedAt: string };

function readOperation(stored: StoredOperation): Operation {
  return { ...stored, startedAt: new Date(stored.startedAt) };
}

/** A record, or some fields of one, as columns. */
export function toRow(record: ExtensionRecord): NewRow;
export function toRow(record: RecordChange): Partial<NewRow>;
export function toRow(record: RecordChange): Partial<NewRow> {
  const { lease, operation, readRegions, ...same } = record;
  return {
    ...same,
    ...(readRegions === undefined ? {} : { readRegions: [...readRegions] }),
    ...(lease === undefined ? {} : { leaseHolder: lease?.holder ?? null, leaseUntil: lease?.until ?? null }),
    ...(operation === undefined
      ? {}
      : {
          operation:
            operation === null ? null : { ...operation, startedAt: operation.startedAt.toISOString() },
        }),
  };
}
