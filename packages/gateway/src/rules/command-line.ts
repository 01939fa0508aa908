/** What a shell would treat specially outside of quotes: operators, expansions, globs, comments, line ends. */
const SPECIAL_CHARACTERS = new Set('|&;<>()$`\n\r*?[]#~{}!=%^'.split(''));

/**
 * Splits a command line into words as a shell does (blanks, single and double quotes, backslash), or undefined when it
 * holds anything a shell would act on. Such a line cannot be held against a list of allowed commands, because
 * what runs is decided elsewhere.
 */
export function splitCommandLine(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    const char = line.charAt(at);
    if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'" || char === '"') {
      const end = line.indexOf(char, at + 1);
      const quoted = end === -1 ? undefined : line.slice(at + 1, end);
      if (quoted === undefined || (char === '"' && /[$`\\!]/.test(quoted))) return undefined;
      word = (word ?? '') + quoted;
      at = end;
    } else if (char === '\\') {
      at += 1;
      if (at >= line.length || line.charAt(at) === '\n') return undefined;
      word = (word ?? '') + line.charAt(at);
    } else if (SPECIAL_CHARACTERS.has(char) && !(char === '=' && words.length > 0)) {
      return undefined;
    } else {
      word = (word ?? '') + char;
    }
    at += 1;
  }
  if (word !== undefined) words.push(word);
  return words.length === 0 ? undefined : words;
}
