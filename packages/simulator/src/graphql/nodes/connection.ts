import { GraphQLError } from 'graphql';
import type { Node } from './nodes.ts';

/** Which part of a list a client asks for. */
export interface PageAsked {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

/** How much of a cursor that is none an error repeats. */
const SHOWN_CHARACTERS = 100;

/**
 * A page of a list as api.fly.io makes one: a cursor is the place of a thing in the list, a number below zero counts as zero, and `nodes` is
 * never null, clients count on it. Throws GraphQLError for a cursor that no page has given.
 */
export function connection<T>(items: readonly T[], asked: PageAsked, node: (one: T) => Node): Node {
  const { after, before } = asked;
  const first = countOf(asked.first);
  const last = countOf(asked.last);
  let from = after ? placeOf(after) : 0;
  let to = before ? placeOf(before) - 1 : items.length;
  to = Math.max(from, Math.min(to, items.length));
  const hasMore = first !== undefined && from + first < to;
  if (first !== undefined) to = Math.min(to, from + first);
  if (last !== undefined) from = Math.max(from, to - last);
  const page = items.slice(from, to);
  return {
    nodes: page.map(node),
    pageInfo: {
      hasNextPage: hasMore || Boolean(before),
      hasPreviousPage:
        (after !== null && after !== undefined && after !== '') || (last !== undefined && from > 0),
      startCursor: page.length > 0 ? cursorOf(from + 1) : null,
      endCursor: page.length > 0 ? cursorOf(from + page.length) : null,
    },
    totalCount: items.length,
  };
}

function countOf(asked: number | null | undefined): number | undefined {
  return asked === null || asked === undefined ? undefined : Math.max(0, asked);
}

/** The cursor of the thing at a place, the first being 1. */
function cursorOf(place: number): string {
  return Buffer.from(String(place)).toString('base64url');
}

function placeOf(cursor: string): number {
  const text = Buffer.from(cursor, 'base64').toString();
  if (!/^\d{1,15}$/.test(text))
    throw new GraphQLError(`Invalid cursor: ${JSON.stringify(cursor.slice(0, SHOWN_CHARACTERS))}`);
  return Number(text);
}
