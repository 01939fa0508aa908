import type { Minted } from '../issuer/mint.ts';
import type { TokenRow } from '../ports.ts';
import { RawJson } from './json.ts';

/** A token as lists show it: everything but the token. */
export function tokenView(row: TokenRow, now: Date): Record<string, unknown> {
  return {
    id: row.id,
    name: row.name,
    preset: row.preset,
    ends_with: row.endsWith,
    created_by: row.creator,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    app_id: row.app,
    last_used_at: row.lastUsedAt ?? null,
    last_source: row.lastUsedFrom ?? null,
    state: stateOf(row, now),
    // A preset may make several texts, and one of them may be revoked while the others work.
    parts: row.parts.map((part) => ({
      digest: `sha256:${part.digest}`,
      state: stateOf({ ...row, ...part }, now),
      revoked_at: part.revokedAt ?? row.revokedAt,
      revoked_by: part.revokedBy ?? row.revokedBy,
    })),
    revoked_at: row.revokedAt,
    revoked_by: row.revokedBy,
    key: row.keyNumber,
    summary: row.summary,
    caveats: new RawJson(row.caveats),
  };
}

/** The one answer that holds a token's text. */
export function mintedView(minted: Minted, now: Date): Record<string, unknown> {
  return {
    ...tokenView(minted.row, now),
    token: minted.token,
    // Length and last characters let a person see that nothing was lost on the way to a clipboard.
    length: minted.token.length,
    check: `…${minted.row.endsWith}`,
    effective_expiry: minted.expiresAt,
    third_party: minted.thirdParty,
    refresh_needed: minted.thirdParty.length > 0,
  };
}

function stateOf(
  row: Pick<TokenRow, 'revokedAt' | 'expiresAt'>,
  now: Date,
): 'active' | 'expired' | 'revoked' {
  if (row.revokedAt) return 'revoked';
  return row.expiresAt <= now ? 'expired' : 'active';
}
