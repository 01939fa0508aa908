import type { Asking, Json } from '../../asking.ts';
import { connection, textIn, textOrNull, type Node } from './node.ts';

const MOST_TOKENS = 100;

/** A token as a list shows it, from the surface about tokens. */
export function tokenNode(row: Json): Node {
  return {
    id: textIn(row, 'id'),
    name: textIn(row, 'name'),
    token: null,
    tokenHeader: null,
    createdAt: row['created_at'],
    expiresAt: textOrNull(row, 'expires_at'),
    revokedAt: textOrNull(row, 'revoked_at'),
    user: { email: textIn(row, 'created_by') },
  };
}

/** The tokens of a workspace, or those made for one app. */
export async function tokensOf(
  of: { readonly organization: string } | { readonly app: string },
  first: number | null | undefined,
  asking: Asking,
): Promise<Node> {
  const about =
    'app' in of ? `app=${encodeURIComponent(of.app)}` : `org_slug=${encodeURIComponent(of.organization)}`;
  const limit = Math.min(Math.max(first ?? MOST_TOKENS, 1), MOST_TOKENS);
  const answer = await asking.get(`/hangar/v1/tokens?${about}&limit=${limit}`);
  return connection(asking.list(answer['tokens']).map(tokenNode));
}
