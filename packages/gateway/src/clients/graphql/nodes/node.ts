import type { Json } from '../../asking.ts';

/** What a type of the schema is answered with: its fields, and functions for those that have to be asked for. */
export type Node = Readonly<Record<string, unknown>>;

/** A list as GraphQL has it at Fly.io. */
export function connection(nodes: readonly Node[]): Node {
  return { nodes, totalCount: nodes.length, pageInfo: { hasNextPage: false, endCursor: null } };
}

/** A list that is always empty here. */
export const NONE = (): Node => connection([]);

/** The text of a member, or what stands for it. */
export function textIn(json: Json, name: string, otherwise = ''): string {
  const value = json[name];
  return typeof value === 'string' ? value : otherwise;
}

/** The text of a member, null where there is none. */
export function textOrNull(json: Json, name: string): string | null {
  const value = json[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
