import type { AuthenticatedCaller, TokenReasonCode, TokenVerifier } from '@hangar/contract';
import { createHmac } from 'node:crypto';
import {
  Action,
  appScope,
  clear,
  encodeToken,
  explainCaveat,
  LOCATIONS,
  mint,
  organizationScope,
  parseBundle,
  tokenId,
  verify,
  type Caveat,
} from '@hangar/macaroon';
import { ok, refuse } from '@hangar/http';

/** Real macaroons with one key per workspace: the authority without its rows, revocation and discharges. */
const keyOf = (workspace: bigint): Uint8Array =>
  new Uint8Array(createHmac('sha256', 'gateway tests').update(workspace.toString()).digest());

/** Mints a token of a workspace: everything in it, narrowed by the caveats given. */
export function mintToken(workspace: bigint, caveats: readonly Caveat[] = []): string {
  const organization: Caveat = { type: 'Organization', id: workspace, mask: Action.all };
  const keyId = new TextEncoder().encode(workspace.toString());
  return encodeToken(
    mint({
      key: keyOf(workspace),
      keyId,
      location: LOCATIONS.permission,
      caveats: [organization, ...caveats],
    }),
  );
}

/** A verifier for tokens of {@link mintToken}. */
export const realVerifier: TokenVerifier = {
  recall: () => undefined,
  async verify(authorization) {
    const no = (code: TokenReasonCode, sentence: string) => refuse({ code, sentence });
    if (authorization === null) return no('token_missing', 'an access token is needed');
    const bundle = parseBundle(authorization, LOCATIONS.permission);
    if (!bundle.ok) return no('token_malformed', 'the access token could not be read');
    const macaroon = bundle.value.permission[0];
    if (!macaroon) return no('token_malformed', 'the access token could not be read');
    const workspace = BigInt(new TextDecoder().decode(macaroon.nonce.keyId));
    const verified = verify(macaroon, { key: keyOf(workspace), discharges: bundle.value.discharges });
    if (!verified.ok) return no('token_bad_signature', 'the access token is not valid');
    const scope = organizationScope(verified.value.caveats);
    if (!scope.ok || scope.value !== workspace)
      return no('token_unknown_key', 'the access token was not issued here');
    const expiry = verified.value.earliestExpiry;
    const caller: AuthenticatedCaller = {
      workspace,
      workspaces: [workspace],
      within: (other) => (other === workspace ? caller : undefined),
      tokenId: tokenId(macaroon),
      branch: verified.value.branches.at(-1) ?? '',
      appScope: () => appScope(verified.value.caveats),
      expiresAt: expiry === undefined ? undefined : new Date(expiry * 1000),
      clear(access) {
        const cleared = clear(verified.value, access);
        if (cleared.ok)
          return ok({ tokenId: tokenId(macaroon), branches: verified.value.branches, limits: [] });
        const expired = cleared.reason.all.find(({ tag }) => tag === 'expired');
        const { caveat, sentence } = expired ?? cleared.reason;
        return refuse({
          code: expired ? ('token_expired' as const) : ('caveat_denied' as const),
          caveat: caveat ? explainCaveat(caveat) : '',
          sentence,
          tokenId: tokenId(macaroon),
        });
      },
    };
    return ok(caller);
  },
};

/** The caller behind a token. */
export async function callerOf(token: string) {
  const verified = await realVerifier.verify(`FlyV1 ${token}`);
  if (!verified.ok) throw new Error(verified.reason.sentence);
  return verified.value;
}
