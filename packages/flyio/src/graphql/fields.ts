import { Kind, type DocumentNode, type SelectionSetNode } from 'graphql';

/**
 * How many fields a document selects once each fragment stands where it is spread: what an answer without lists would hold. Aliases
 * and fragments within one another multiply, so that a short document may ask for millions. Fragments that spread themselves are for
 * the validation to refuse.
 */
export function fieldsIn(document: DocumentNode): number {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition.selectionSet);
  const counted = new Map<string, number>();

  const ofFragment = (name: string): number => {
    const known = counted.get(name);
    if (known !== undefined) return known;
    counted.set(name, 0);
    const selected = fragments.get(name);
    const count = selected ? ofSelections(selected) : 0;
    counted.set(name, count);
    return count;
  };
  const ofSelections = ({ selections }: SelectionSetNode): number => {
    let count = 0;
    for (const one of selections) {
      if (one.kind === Kind.FRAGMENT_SPREAD) count += ofFragment(one.name.value);
      else
        count += (one.kind === Kind.FIELD ? 1 : 0) + (one.selectionSet ? ofSelections(one.selectionSet) : 0);
    }
    return count;
  };

  let count = 0;
  for (const one of document.definitions)
    if (one.kind === Kind.OPERATION_DEFINITION) count += ofSelections(one.selectionSet);
  // What nobody spreads is no part of an answer, and is validated all the same.
  for (const name of fragments.keys()) if (!counted.has(name)) count += ofFragment(name);
  return count;
}
