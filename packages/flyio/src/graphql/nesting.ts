/** How deep selections, arguments, lists and objects lie in one another; what stands in strings and comments does not count. */
export function nestingOf(query: string): number {
  let [depth, deepest] = [0, 0];
  for (const [mark] of query.matchAll(/"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|#.*|[{[(]|[\])}]/g)) {
    if (/^[{[(]/.test(mark)) deepest = Math.max(deepest, (depth += 1));
    else if (/^[\])}]/.test(mark)) depth -= 1;
  }
  return deepest;
}
