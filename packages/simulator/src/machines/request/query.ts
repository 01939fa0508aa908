import { invalidArgument } from './refusal.ts';

/** What Go's strconv.ParseBool takes; a flag without a value is one that is set. */
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ...['', '1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

/** A yes or no of the query. Throws a 400 refusal for another word: who asks for less must not get more. */
export function flagIn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  if (text === null) return false;
  const flag = FLAGS.get(text);
  if (flag === undefined) throw invalidArgument(`${name} must be true or false`);
  return flag;
}

/** A number of the query, at least 1 and at most `most`: above it the limit is `most`, as the document says. */
export function limitIn(query: URLSearchParams, usual: number, most: number): number {
  const text = query.get('limit');
  if (text === null || text === '') return usual;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw invalidArgument('limit must be a whole number, 1 or more');
  return Math.min(most, Number(text));
}

/** A comma list of the query; undefined when it is not there or empty. */
export function listIn(query: URLSearchParams, name: string): string[] | undefined {
  const words = query
    .getAll(name)
    .flatMap((text) => text.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '');
  return words.length === 0 ? undefined : words;
}
