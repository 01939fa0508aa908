/** A page of rules with its code as it is now: the files that cite each heading. */
export function rulesPage(path: string, page: string, sources: ReadonlyMap<string, string>): string;
