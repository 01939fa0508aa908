/**
 * A member's name as Go's encoding/json compares it: without case, and with the two letters outside ASCII that fold into
 * ASCII (U+017F long s, U+212A the kelvin sign). Fly.io reads bodies so, and of two spellings the last one wins.
 */
export function foldName(name: string): string {
  return name.replace(/[a-z\u017f\u212a]/g, (letter) => FOLDED[letter] ?? letter.toUpperCase());
}

const FOLDED: Readonly<Record<string, string>> = { '\u017f': 'S', '\u212a': 'K' };
