/** Tokens told apart at a time, each in a place of its own or of another's before it. */
const PLACES = 16_384;

/**
 * Whether a genuine token was seen before, as far as that is remembered: narrowed copies can be made without end, and most
 * of those come once, so only what comes again is worth an entry. Holds a few bytes of a digest, in 64 KiB in all.
 */
export class Sights {
  readonly #seen = new Uint32Array(PLACES);

  /** Notes a sight. True where it is not the first; rarely true for a first one too, which costs an entry too early. */
  isAgain(branch: string): boolean {
    const place = Number.parseInt(branch.slice(0, 8), 16) % PLACES;
    const mark = Number.parseInt(branch.slice(8, 16), 16);
    if (this.#seen[place] === mark) return true;
    this.#seen[place] = mark;
    return false;
  }
}
