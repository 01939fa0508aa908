/** A row in the domain's words: what is null there is absent here. */
export type Absent<Row> = {
  [Column in keyof Row]: null extends Row[Column] ? Exclude<Row[Column], null> | undefined : Row[Column];
};

/** Says `undefined` where a row says null. Every member stays. */
export function withoutNulls<Row extends object>(row: Row): Absent<Row> {
  const absent: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) absent[column] = value ?? undefined;
  return absent as Absent<Row>;
}
