import { HangarError } from '@hangar/http';
import { RECORDS_PER_LIVE_TOKEN, type MintLimits } from '../limits.ts';
import type { IssuerStore, NotRecorded, TokenLimits } from '../ports.ts';
import type { Judged } from './judged.ts';

/** The asking token, judged here: nobody's word is taken for it. */
export interface Parent extends Judged {
  readonly id: string;
}

/** Where a new token stands below others. */
export interface Place {
  readonly depth: number;
  readonly ancestors: readonly string[];
}

/**
 * The place of a token that `parent` asks for. Its ancestors are the asking token's id and every copy between the text it
 * was minted as and the one that asks: those are what can be revoked by text.
 *
 * @throws HangarError `policy_denied` when the chain of mints would grow too long
 */
export async function placeBelow(
  parent: Parent | undefined,
  deps: { workspace: bigint; store: Pick<IssuerStore, 'token'>; limits: MintLimits },
): Promise<Place> {
  if (!parent) return { depth: 1, ancestors: [] };
  // A record may be missing after an older database was restored; such a token starts a chain.
  const record = await deps.store.token(deps.workspace, parent.id);
  const depth = (record?.depth ?? 1) + 1;
  if (depth > deps.limits.depth) {
    throw new HangarError('policy_denied', {
      public: `Token ${parent.id} was minted with a token that was minted with a token, ${deps.limits.depth} deep, and that is as deep as it goes. Narrow it instead, or mint with one further up.`,
      extra: { rule: 'token_depth', limit: deps.limits.depth },
    });
  }
  const { branches } = parent.verified;
  const minted = new Set(record?.parts.map((part) => part.digest));
  const first = branches.findLastIndex((branch) => minted.has(branch));
  return { depth, ancestors: [parent.id, ...branches.slice(Math.max(first, 0))] };
}

/** What the store holds a workspace to. */
export function recordLimits({ liveTokens }: MintLimits): TokenLimits {
  return { live: liveTokens, recorded: liveTokens * RECORDS_PER_LIVE_TOKEN };
}

/** Why a token was not recorded, as an error of our doors. */
export function notRecorded(reason: NotRecorded, limits: MintLimits): HangarError {
  const { live, recorded } = recordLimits(limits);
  switch (reason) {
    case 'revoked':
      return new HangarError('token_revoked', {
        detail: 'an ancestor or the signing key was revoked meanwhile',
      });
    case 'too_many_live':
      return new HangarError('policy_denied', {
        public: `The workspace has ${live} tokens that work, and may have no more. Revoke some, or give new ones a shorter life.`,
        extra: { rule: 'live_tokens', limit: live },
      });
    case 'too_many_recorded':
      return new HangarError('policy_denied', {
        public: `The workspace has ${recorded} tokens that were revoked or work, and may have no more until some of them would have ended.`,
        extra: { rule: 'recorded_tokens', limit: recorded },
      });
  }
}
