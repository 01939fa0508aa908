import {
  foldName,
  isJsonObject,
  SCHEMAS,
  type Json,
  type SchemaName,
  type Shape,
} from '@hangar/flyio/bodies';

/**
 * Decodes a body as Go's encoding/json does, which is what Fly.io is written in: a name is compared without case, of two spellings
 * the last one wins, two objects for one member are laid over each other, and unknown names are dropped. Whoever checks only the
 * spelling that it knows lets the other ones through to here, where they count.
 */
export function foldBody(schema: SchemaName, body: Json): Json {
  return foldObject(schema, body, {});
}

type Decoded = Record<string, unknown>;

function foldObject(schema: SchemaName, given: Json, into: Decoded): Decoded {
  const members = SCHEMAS[schema];
  for (const [name, value] of Object.entries(given)) {
    const member = Object.hasOwn(members, name)
      ? name
      : Object.keys(members).find((known) => foldName(known) === foldName(name));
    const shape = member === undefined ? undefined : members[member];
    if (member === undefined || shape === undefined) continue;
    if (value === null) delete into[member];
    else into[member] = foldShape(shape, value, into[member]);
  }
  return into;
}

function foldShape(shape: Shape, value: unknown, before: unknown): unknown {
  if (shape.startsWith('[')) {
    const item = shape.slice(1, -1) as Shape;
    return Array.isArray(value) ? value.map((one: unknown) => foldShape(item, one, undefined)) : value;
  }
  if (!isJsonObject(value)) return value;
  const under = isJsonObject(before) ? before : {};
  if (shape.startsWith('{')) {
    const item = shape.slice(1, -1) as Shape;
    const folded = Object.entries(value).map(([name, one]) => [name, foldShape(item, one, undefined)]);
    return { ...under, ...(Object.fromEntries(folded) as Json) };
  }
  if (shape in SCHEMAS) return foldObject(shape as SchemaName, value, { ...under });
  // In a map of texts null is the empty text; where null removes a key it is kept.
  if (shape !== 'variables' && shape !== 'metadata') return { ...under, ...value };
  return { ...under, ...Object.fromEntries(Object.entries(value).map(([name, one]) => [name, one ?? ''])) };
}
