import type { Caveat } from '../caveats/caveat.ts';

/**
 * Why a caveat does not clear (docs/specs/token-format.md#refusals). Only `resource_unspecified` lets an IfPresent
 * look further.
 */
export type RefusalTag =
  | 'resource_unspecified'
  | 'mutually_exclusive'
  | 'invalid_access'
  | 'bad_caveat'
  | 'not_for_resource'
  | 'not_for_action'
  | 'not_for_role'
  | 'not_yet_valid'
  | 'expired'
  | 'must_authenticate'
  | 'wrong_identity'
  | 'lives_too_long'
  | 'no_organization'
  | 'private';

/** One reason for saying no. */
export interface Refusal {
  readonly tag: RefusalTag;
  /** The top-level caveat that said no; undefined when the request itself is wrong or the token names no organization. */
  readonly caveat: Caveat | undefined;
  /** For people: what the token says and what was asked. Holds no secret. */
  readonly sentence: string;
  /** Every reason, this one first. */
  readonly all: readonly Refusal[];
}

/** What a rule found: undefined when it clears. */
export type Objection = { readonly tag: RefusalTag; readonly sentence: string } | undefined;

/** Makes an objection. */
export function objection(tag: RefusalTag, sentence: string): NonNullable<Objection> {
  return { tag, sentence };
}
