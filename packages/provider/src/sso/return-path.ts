/** Any base does: it only shows whether a text leaves it. */
const BASE = 'http://base.invalid';

/**
 * The path a visitor wants to return to, if it is one of ours; otherwise undefined. Browsers read `//x`, `/\x` and
 * tabs inside as another site, so only plain absolute paths on the list are taken
 * (docs/specs/promises.md#return-paths).
 * @param allowed exact paths, or prefixes when they end in `/` (`/` itself is exact)
 */
export function safeReturnPath(wanted: string | undefined, allowed: readonly string[]): string | undefined {
  if (
    wanted === undefined ||
    wanted.length > 2_000 ||
    !/^\/(?![/\\])[\x21-\x7e]*$/.test(wanted) ||
    wanted.includes('\\')
  ) {
    return undefined;
  }
  if (!URL.canParse(wanted, BASE)) return undefined;
  const url = new URL(wanted, BASE);
  // Dot segments were resolved here; a path that changed by it is not one we wrote.
  if (url.origin !== BASE || !wanted.startsWith(url.pathname) || url.pathname.startsWith('//'))
    return undefined;
  const listed = allowed.some((path) =>
    path.length > 1 && path.endsWith('/') ? url.pathname.startsWith(path) : url.pathname === path,
  );
  return listed ? url.pathname + url.search : undefined;
}
