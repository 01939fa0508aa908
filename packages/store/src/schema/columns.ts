import { customType, timestamp } from 'drizzle-orm/pg-core';

/** Raw bytes; PGlite answers with Uint8Array and node-postgres with Buffer, both are read as Uint8Array. */
export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' });

/** A moment in time, read and written as a Date. */
export const instant = (name: string) => timestamp(name, { withTimezone: true });

/** The number of a transaction, which never comes back to where it was; read as a whole number. */
export const transactionNumber = customType<{ data: bigint; driverData: string }>({
  dataType: () => 'xid8',
  fromDriver: (value) => BigInt(value),
  toDriver: String,
});
