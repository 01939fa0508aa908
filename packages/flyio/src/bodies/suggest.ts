import { foldName } from './fold-name.ts';

/** Two slips of the finger; with three, short names begin to look like each other. */
const MOST_EDITS = 2;
/** Longer than any name there is: what is longer is nobody's slip, and costs a square of its length to compare. */
const LONGEST_NAME = 40;

/** The known name that was most likely meant, or undefined when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const folded = foldName(name);
  let best: { readonly name: string; readonly edits: number } | undefined;
  for (const candidate of known) {
    // A name of three letters is no longer itself after two edits.
    const most = Math.min(MOST_EDITS, Math.floor(candidate.length / 2));
    const edits = editsBetween(folded, foldName(candidate));
    if (edits <= most && (best === undefined || edits < best.edits)) best = { name: candidate, edits };
  }
  return best?.name;
}

/** Letters to insert, delete, replace or swap with their neighbour. */
function editsBetween(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let edits = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) edits = Math.min(edits, (before[column - 2] ?? 0) + 1);
      current.push(edits);
    }
    before = above;
    above = current;
  }
  return above[to.length] ?? 0;
}
