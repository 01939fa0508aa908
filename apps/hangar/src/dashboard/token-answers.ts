import {
  MAX_LIFETIME_SECONDS,
  type Preset,
  presets,
  type TokenQuery,
  type TokenRow,
} from '@hangar/authority';
import type { AppView, MintingView, PresetView, TokenListView, TokenView } from '@hangar/dashboard/wire';
import { z } from 'zod';
import { fitting } from './fitting.ts';
import type { WorkspaceFacts } from './ports.ts';
import { organizationsOf, roleIn } from './viewer.ts';
import type { ExtensionVisit, Questions, ViewerVisit } from './visit.ts';

/** The authority's word for caveats that no preset made. */
const HAND_WRITTEN = 'custom';

/** Tokens on one page: what a person reads in one go. The authority's own limit is 200. */
const PAGE_ROWS = 50;
const MAX_ROWS = 200;

const query = z.strictObject({
  state: z.literal('active').optional(),
  creator: z.string().min(1).max(200).optional(),
  app: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
  cursor: z.string().min(1).max(200).optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .optional(),
});

/** `GET /api/extensions/:extensionId/tokens`: what they can do and who used them, never their text. */
export async function listTokens(
  { reads, tokens, now }: Questions,
  { head, organizationIds, extension }: ExtensionVisit,
): Promise<TokenListView> {
  const wish = fitting(query, Object.fromEntries(new URL(head.url).searchParams));
  const workspace = await reads.workspace(organizationIds, extension.id);
  if (workspace === undefined) return { items: [], next: null };
  const page = await tokens.list({
    workspace: workspace.number,
    limit: Math.min(Number(wish.limit ?? PAGE_ROWS), MAX_ROWS),
    activeOnly: wish.state === undefined ? undefined : true,
    creator: wish.creator,
    apps: wish.app === undefined ? undefined : [BigInt(wish.app)],
    cursor: wish.cursor,
  } satisfies TokenQuery);
  const at = now();
  return { items: page.tokens.map((row) => tokenView(row, workspace, at)), next: page.next ?? null };
}

/** `GET /api/minting`: the viewer's workspaces with their apps, and what can be minted for them. */
export async function showMinting({ reads }: Questions, { login }: ViewerVisit): Promise<MintingView> {
  const { items } = await reads.workspaces(organizationsOf(login));
  return {
    workspaces: items.map((workspace) => ({
      number: String(workspace.number),
      extensionId: workspace.extensionId,
      extensionName: workspace.extensionName,
      role: roleIn(login, workspace.organizationId),
      apps: workspace.apps.map(({ number, name }) => ({ number: String(number), name })),
    })),
    presets: Object.entries<Preset>(presets).map(presetView),
    maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
  };
}

/** A token as the page shows it. */
export function tokenView(row: TokenRow, { apps }: Pick<WorkspaceFacts, 'apps'>, at: Date): TokenView {
  return {
    id: row.id,
    name: row.name,
    preset: row.preset === HAND_WRITTEN ? null : row.preset,
    endsWith: row.endsWith,
    abilities: row.summary,
    state: stateOf(row, at),
    parts: row.parts.map(({ revokedAt = row.revokedAt }) => ({
      revokedAt: revokedAt?.toISOString() ?? null,
    })),
    app: row.app === undefined ? null : appView(row.app, apps),
    createdBy: row.creator,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    lastUsedFrom: row.lastUsedFrom ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    revokedBy: row.revokedBy ?? null,
  };
}

function appView(number: bigint, apps: WorkspaceFacts['apps']): AppView {
  return { number: String(number), name: apps.find((app) => app.number === number)?.name ?? null };
}

function presetView([name, preset]: [string, Preset]): PresetView {
  const { purpose, needsApp, lifetimeSeconds } = preset;
  return { name, purpose, needsApp, lifetimeSeconds };
}

function stateOf(row: TokenRow, at: Date): TokenView['state'] {
  if (row.revokedAt !== undefined) return 'revoked';
  return row.expiresAt <= at ? 'expired' : 'active';
}
