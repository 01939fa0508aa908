import type { RuleText } from '../rule.ts';

/** `--explain RULE`: what it looks for, why, and what to do. */
export function explain({ id, severity, title, reason, fix, source }: RuleText): string {
  return [
    `${id}  ${title} (${severity})`,
    '',
    `Why:      ${reason}`,
    `Fix:      ${fix}`,
    `Source:   ${source}`,
    `Silence:  # hangar-ignore ${id} reason=why until=YYYY-MM-DD`,
  ].join('\n');
}
