// Which tests name which requirement: the last column of docs/requirements.md.

const ROW = /^(\| ([A-Z]{2,5}-\d{1,3}) \| .* \| )([^|]*) \|$/gm;

/**
 * The page with its last column as the tests are now.
 *
 * @param {string} page the page as it is
 * @param {ReadonlyMap<string, string>} tests test files by path
 */
export function requirementsPage(page, tests) {
  const named = new Map([...tests].map(([file, text]) => [file, idsIn(text)]));
  return page.replaceAll(ROW, (_, head, id, cell) => {
    const files = [...named].filter(([, ids]) => ids.has(id)).map(([file]) => `\`${file}\``);
    const found = files.length > 0 ? files.toSorted().join(', ') : 'not yet';
    return `${head}${cell.startsWith('out of scope') ? cell : found} |`;
  });
}

/** Ids as they are written, and those between the ends of `WH-01 to WH-04`. */
function idsIn(text) {
  const ids = new Set([...text.matchAll(/\b[A-Z]{2,5}-\d{1,3}\b/g)].map(([id]) => id));
  for (const [, prefix, first, last] of text.matchAll(/\b([A-Z]{2,5})-(\d+) to \1-(\d+)\b/g))
    for (let at = Number(first); at <= Number(last); at += 1)
      ids.add(`${prefix}-${String(at).padStart(first.length, '0')}`);
  return ids;
}
