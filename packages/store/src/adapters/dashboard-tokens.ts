import { and, desc, eq } from 'drizzle-orm';
import type { Executor } from '../database.ts';
import { authorityTokens, extensions, gatewayWorkspaces } from '../schema/index.ts';
import {
  isoTime,
  isUuid,
  type Page,
  PAGE_ROWS,
  pageOf,
  visibleExtension,
  workspaceOfExtension,
} from './dashboard-tenant.ts';

/** A token as the page shows it; its text is nowhere in the database. */
export interface TokenFacts {
  readonly id: string;
  readonly name: string;
  readonly preset: string | null;
  readonly endsWith: string;
  readonly abilities: readonly string[];
  readonly createdBy: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

/** The authority's word for caveats that no preset made. */
const HAND_WRITTEN = 'custom';

/** The tokens minted for one extension, newest first. */
export async function readTokens(
  sql: Executor,
  organizationIds: readonly string[],
  extensionId: string,
): Promise<Page<TokenFacts>> {
  if (!isUuid(extensionId)) return { items: [], more: false };
  const rows = await sql
    .select({
      id: authorityTokens.id,
      name: authorityTokens.name,
      preset: authorityTokens.preset,
      endsWith: authorityTokens.endsWith,
      summary: authorityTokens.summary,
      createdBy: authorityTokens.creator,
      createdAt: authorityTokens.createdAt,
      expiresAt: authorityTokens.expiresAt,
      lastUsedAt: authorityTokens.lastUsedAt,
      revokedAt: authorityTokens.revokedAt,
    })
    .from(authorityTokens)
    .innerJoin(gatewayWorkspaces, eq(gatewayWorkspaces.number, authorityTokens.workspace))
    .innerJoin(extensions, workspaceOfExtension)
    .where(visibleExtension(organizationIds, extensionId))
    .orderBy(desc(authorityTokens.createdAt), desc(authorityTokens.id))
    .limit(PAGE_ROWS + 1);
  return pageOf(rows, ({ summary, preset, ...row }) => ({
    ...row,
    preset: preset === HAND_WRITTEN ? null : preset,
    abilities: summary as readonly string[],
    createdAt: isoTime(row.createdAt),
    expiresAt: isoTime(row.expiresAt),
    lastUsedAt: isoTime(row.lastUsedAt),
    revokedAt: isoTime(row.revokedAt),
  }));
}

/** The workspace of a token, when the token belongs to this extension of the viewer. */
export async function readTokenWorkspace(
  sql: Executor,
  organizationIds: readonly string[],
  extensionId: string,
  tokenId: string,
): Promise<bigint | undefined> {
  if (!isUuid(extensionId)) return undefined;
  const rows = await sql
    .select({ workspace: authorityTokens.workspace })
    .from(authorityTokens)
    .innerJoin(gatewayWorkspaces, eq(gatewayWorkspaces.number, authorityTokens.workspace))
    .innerJoin(extensions, workspaceOfExtension)
    .where(and(eq(authorityTokens.id, tokenId), visibleExtension(organizationIds, extensionId)));
  return rows[0]?.workspace;
}
