import { caveatsToJson, explainCaveat, type Caveat, type Macaroon } from '@hangar/macaroon';
import { sha256Hex } from '@hangar/security';
import { HANGAR_CAVEATS } from '../caveats/registry.ts';
import { certainEnd } from '../caveats/validity.ts';
import { tokenEnding } from '../offline/inspect.ts';
import type { TokenRow } from '../ports.ts';
import type { MintRequest } from './mint-request.ts';

/** What is recorded of a fresh token, or of the several of a preset. */
export function rowOf(
  request: MintRequest,
  made: readonly Macaroon[],
  facts: { id: string; keyNumber: bigint; createdAt: Date; end: number; depth: number },
): TokenRow {
  const caveats = made.flatMap((token) => token.caveats).filter((caveat) => caveat.type !== '3P');
  const end = certainEnd(caveats) ?? facts.end;
  const sentences = made.map((token) => token.caveats.map((caveat) => explainCaveat(caveat, HANGAR_CAVEATS)));
  return {
    id: facts.id,
    workspace: request.workspace,
    keyNumber: facts.keyNumber,
    name: request.name,
    preset: request.preset ?? 'custom',
    creator: request.creator,
    app: request.appId,
    depth: facts.depth,
    parts: made.map((token) => ({ digest: sha256Hex(token.tail) })),
    caveats: `[${made.map((token) => jsonOf(token.caveats)).join(',')}]`,
    summary: sentences.flatMap((list, index) =>
      sentences.length === 1 ? list : [`Token ${index + 1} of ${sentences.length}:`, ...list],
    ),
    endsWith: tokenEnding(made.at(-1) ?? made[0]!),
    createdAt: facts.createdAt,
    expiresAt: new Date(Math.min(end, facts.end) * 1000),
  };
}

/** Third-party caveats are left out: their sealed parts belong to the token, which is not kept. */
function jsonOf(caveats: readonly Caveat[]): string {
  return caveatsToJson(
    caveats.filter((caveat) => caveat.type !== '3P'),
    HANGAR_CAVEATS,
  );
}
