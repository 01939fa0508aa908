import { isJsonObject, type Json } from '@hangar/flyio';

/** An object without some of its members. */
export function without(value: Json, members: readonly string[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !members.includes(name)));
}

/** The texts of a list. */
export function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** A restart policy with what it says; one that says nothing is none. */
export function restart(value: unknown): Json | undefined {
  if (!isJsonObject(value)) return undefined;
  const said = Object.entries(value).filter(([, member]) => member !== null && member !== '');
  return said.length === 0 ? undefined : Object.fromEntries(said);
}
