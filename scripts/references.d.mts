/** Everything that is cited and cannot be opened, one sentence for each. */
export function checkReferences(texts: ReadonlyMap<string, string>): string[];
