import type { Result, Soon } from '@hangar/http';
import type { Access } from '@hangar/macaroon';
import type { Clearance, ClearRefusal } from './clearance.ts';
import type { HangarFacts } from './facts.ts';
import type { TokenReason } from './token-reason.ts';

/**
 * Whoever presented tokens whose signature chains hold and which are not revoked. A header may carry several tokens, for
 * one workspace or for several: each is judged alone, and one that allows the whole access is enough.
 */
export interface AuthenticatedCaller {
  /** The workspace whose key signed the first token that holds. */
  readonly workspace: bigint;
  /** The nonce UUID of that token. */
  readonly tokenId: string;
  /** Hex SHA-256 of its tail: names this very branch among all copies that were narrowed from the token. */
  readonly branch: string;
  readonly expiresAt?: Date;
  /** Every workspace that the header has a token for, in its order. */
  readonly workspaces: readonly bigint[];
  /**
   * Asks all caveats, those of discharges too. A clearance leaves limits to be held if the access says that its asker
   * does so (`keepsLimits`).
   */
  clear(access: Access<HangarFacts>): Result<Clearance, ClearRefusal>;
  /** App numbers that the tokens are limited to; undefined when one of them is not limited to apps. */
  appScope(): readonly bigint[] | undefined;
  /** The same caller with only its tokens for one workspace. */
  within(workspace: bigint): AuthenticatedCaller | undefined;
}

/** Text of an Authorization header in, a verified caller or the reason out. */
export interface TokenVerifier {
  /** At once where nothing has to be asked for it: most refusals, and tokens whose key is at hand. May throw at once too. */
  verify(authorization: string | null): Soon<Result<AuthenticatedCaller, TokenReason>>;
  /**
   * Whoever presents a text that was accepted a moment ago, as long as everything that it depends on is known and holds
   * now. Undefined says nothing about the text: ask `verify`. Never waits.
   */
  recall(authorization: string): AuthenticatedCaller | undefined;
}
