/** The page about every table of the schema. Throws for a table that does not say how long its rows stay. */
export function storagePage(schema: ReadonlyMap<string, string>): string;
