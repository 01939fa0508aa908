import { ok, refuse, type Result } from '../result.ts';

/** The five actions as bits (docs/specs/token-format.md#actions). Requests are built from these bits only. */
export const Action = Object.freeze({
  none: 0,
  read: 1,
  write: 2,
  create: 4,
  delete: 8,
  control: 16,
  all: 31,
} as const);

/** A set of actions: 16 bits. Bits above the five mean nothing but are kept, because they are signed. */
export type ActionMask = number;

/** The mask that `*` stands for on the wire. It is wider than `Action.all`. */
export const EVERY_BIT: ActionMask = 0xffff;

/** Why a text is no mask. */
export type MaskReason = { readonly tag: 'unknown_letter'; readonly letter: string };

const LETTERS: readonly (readonly [string, number])[] = [
  ['r', Action.read],
  ['w', Action.write],
  ['c', Action.create],
  ['d', Action.delete],
  ['C', Action.control],
];

/**
 * Reads `rwcdC` in any order, or `*` for every bit. Unknown letters are refused: a misspelt mask would otherwise silently
 * mean something narrower than its author believes.
 */
export function parseMask(text: string): Result<ActionMask, MaskReason> {
  if (text === '*') return ok(EVERY_BIT);
  let mask = 0;
  for (const letter of text) {
    const known = LETTERS.find(([name]) => name === letter);
    if (known === undefined) return refuse({ tag: 'unknown_letter', letter });
    mask |= known[1];
  }
  return ok(mask);
}

/** Letters in the order `rwcdC`; other bits are dropped; none is the empty text. */
export function formatMask(mask: ActionMask): string {
  let text = '';
  for (const [letter, bit] of LETTERS) if ((mask & bit) !== 0) text += letter;
  return text;
}

/** Whether every bit of `action` is in `mask`. No action at all is within any mask. */
export function isWithin(action: ActionMask, mask: ActionMask): boolean {
  return (action & mask) === action;
}
