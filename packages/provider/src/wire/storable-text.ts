import type { Json, JsonObject } from '../extension.ts';

/** Text that Postgres refuses: NUL, and half a surrogate pair. */
const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const eachUnstorable = new RegExp(UNSTORABLE, 'g');

/** True when some text inside cannot be stored; a 500 otherwise, at a stranger's wish. */
export function holdsUnstorable(value: unknown): boolean {
  if (typeof value === 'string') return UNSTORABLE.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, member]) => UNSTORABLE.test(key) || holdsUnstorable(member));
}

/** The same value with every unstorable character replaced by U+FFFD. */
export function storable(value: Json): Json {
  if (typeof value === 'string') return value.replace(eachUnstorable, '\ufffd');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(storable);
  const members = Object.entries(value as JsonObject);
  return Object.fromEntries(
    members.map(([key, member]) => [key.replace(eachUnstorable, '\ufffd'), storable(member)]),
  );
}
