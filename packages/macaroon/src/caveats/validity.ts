import { everyCaveat, type Caveat } from './caveat.ts';

/**
 * When the first of these tokens ends, in Unix seconds; undefined when none ends. Windows inside IfPresent count too:
 * this is what to show to people and when to renew, not the rule.
 */
export function effectiveExpiry(
  tokens: readonly { readonly caveats: readonly Caveat[] }[],
): number | undefined {
  let earliest: number | undefined;
  for (const token of tokens) {
    for (const caveat of everyCaveat(token.caveats)) {
      if (caveat.type !== 'ValidityWindow') continue;
      const end = Number(caveat.notAfter);
      if (earliest === undefined || end < earliest) earliest = end;
    }
  }
  return earliest;
}
