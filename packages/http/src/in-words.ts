/** Causes that are told; the last one is the one that matters. */
const CAUSES_AT_MOST = 5;

/** Anything that was thrown, for a person: its own words and those of its causes, never `[object Object]`. */
export function inWords(thrown: unknown): string {
  const words: string[] = [];
  let current = thrown;
  for (let depth = 0; depth < CAUSES_AT_MOST && current !== undefined && current !== null; depth += 1) {
    const said = wordsOf(current);
    if (!words.some((earlier) => earlier.includes(said))) words.push(said);
    current = typeof current === 'object' ? (current as { cause?: unknown }).cause : undefined;
  }
  return words.length === 0 ? 'nothing is known of the reason' : words.join(': ');
}

function wordsOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { name, message, code, errno } = value as Readonly<Record<string, unknown>>;
  if (typeof message === 'string' && message !== '') return message;
  const parts = [name, code, errno].filter((part) => typeof part === 'string' || typeof part === 'number');
  return parts.length === 0 ? `a ${value.constructor?.name ?? 'value'} was thrown` : parts.join(' ');
}
