/** Machines API: what may stand in a request body, member by member. Apart, because it needs no library and a reader of bodies may need nothing else. */
export { foldName } from './fold-name.ts';
export { nearestName } from './suggest.ts';
export {
  isJsonObject,
  pathTo,
  readBody,
  type BodyRules,
  type Fault,
  type Json,
  type ReadBody,
  type SeenLeaf,
} from './read-body.ts';
export { SCHEMAS, type Leaf, type Schema, type SchemaName, type Shape } from './schema.ts';
