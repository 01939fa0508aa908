import type { SigningKeyRow, TokenRow } from '@hangar/authority';
import type { Workspace } from '@hangar/gateway';
import type { SellerRows } from '@hangar/provider';
import { columns, type Column } from '../columns-of.ts';

/** A new workspace with its first key and its first token: what the environments seller sells. */
export interface WorkspaceRows extends SellerRows {
  readonly kind: 'workspace';
  readonly workspace: Workspace;
  readonly key: SigningKeyRow;
  readonly token: TokenRow;
}

export function isWorkspaceRows(rows: SellerRows): rows is WorkspaceRows {
  return rows.kind === 'workspace';
}

const WORKSPACE: readonly Column<WorkspaceRows>[] = [
  { name: 'number', type: 'bigint', of: ({ workspace }) => workspace.number },
  { name: 'slug', type: 'text', of: ({ workspace }) => workspace.slug },
  { name: 'extension_id', type: 'text', of: ({ workspace }) => workspace.extensionId },
  { name: 'organization_id', type: 'text', of: ({ workspace }) => workspace.organizationId },
  { name: 'created_at', type: 'timestamptz', of: ({ workspace }) => workspace.createdAt },
];

const KEY: readonly Column<WorkspaceRows>[] = [
  { name: 'number', type: 'bigint', of: ({ key }) => key.number },
  { name: 'workspace', type: 'bigint', of: ({ key }) => key.workspace },
  { name: 'sealed', type: 'bytea', of: ({ key }) => key.sealed },
  { name: 'created_at', type: 'timestamptz', of: ({ key }) => key.createdAt },
];

const TOKEN: readonly Column<WorkspaceRows>[] = [
  { name: 'id', type: 'text', of: ({ token }) => token.id },
  { name: 'workspace', type: 'bigint', of: ({ token }) => token.workspace },
  { name: 'key_number', type: 'bigint', of: ({ token }) => token.keyNumber },
  { name: 'name', type: 'text', of: ({ token }) => token.name },
  { name: 'preset', type: 'text', of: ({ token }) => token.preset },
  { name: 'creator', type: 'text', of: ({ token }) => token.creator },
  { name: 'app', type: 'bigint', of: ({ token }) => token.app ?? null },
  { name: 'depth', type: 'integer', of: ({ token }) => token.depth },
  { name: 'caveats', type: 'text', of: ({ token }) => token.caveats },
  { name: 'summary', type: 'jsonb', of: ({ token }) => JSON.stringify(token.summary) },
  { name: 'ends_with', type: 'text', of: ({ token }) => token.endsWith },
  { name: 'created_at', type: 'timestamptz', of: ({ token }) => token.createdAt },
  { name: 'expires_at', type: 'timestamptz', of: ({ token }) => token.expiresAt },
];

const PARTS: readonly Column<WorkspaceRows>[] = [
  { name: 'digests', type: 'text[]', of: ({ token }) => token.parts.map((part) => part.digest) },
];

const [workspace, key, token, parts] = [columns(WORKSPACE), columns(KEY), columns(TOKEN), columns(PARTS)];

/** All values, in the order of {@link workspaceParts}. */
export const WORKSPACE_ROWS = columns([...WORKSPACE, ...KEY, ...TOKEN, ...PARTS]);

/** Inserts of all these rows, as common table expressions behind those of `from`, whose row lets them happen. */
export function workspaceParts(from: string, after: number): string {
  const keyAfter = after + workspace.count;
  const tokenAfter = keyAfter + key.count;
  const partsAfter = tokenAfter + token.count;
  const [id, owner] = [`$${tokenAfter + 1}::text`, `$${tokenAfter + 2}::bigint`];
  return `, workspace as (
    insert into gateway_workspaces (${workspace.names}) overriding system value
    select ${workspace.places(after)} from ${from}),
  signing_key as (
    insert into authority_keys (${key.names}) select ${key.places(keyAfter)} from ${from}),
  token as (
    insert into authority_tokens (${token.names}) select ${token.places(tokenAfter)} from ${from}),
  token_parts as (
    insert into authority_token_parts (workspace, digest, token, place)
    select ${owner}, part.digest, ${id}, part.place - 1
    from ${from}, unnest(${parts.places(partsAfter)}) with ordinality as part (digest, place))`;
}

/** A key whose number was not handed out in this database, as after a restore: every reader would refuse its tokens. */
export function workspaceStale(after: number): string {
  const number = `$${after + workspace.count + 1}::bigint`;
  return `union all select 1 where not exists (
    select 1 from authority_counters where name = 'key' and value >= ${number})`;
}
