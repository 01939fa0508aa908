/** The page with its last column as the tests are now. */
export function requirementsPage(page: string, tests: ReadonlyMap<string, string>): string;
