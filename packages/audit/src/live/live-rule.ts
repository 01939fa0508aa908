import type { Severity } from '../finding.ts';
import type { RuleText } from '../rule.ts';
import type { LiveWorld } from './live-world.ts';

/** One thing at Fly.io to which a rule applies. */
export interface LiveSighting {
  /** `app`, or `app/machine`; without it the organization as a whole. */
  readonly where?: string | undefined;
  readonly detail: string;
  readonly severity?: Severity | undefined;
  readonly fix?: string | undefined;
  readonly key?: string | undefined;
}

/** A rule over what Fly.io says. */
export interface LiveRule extends RuleText {
  check(world: LiveWorld): Iterable<LiveSighting>;
}

const DAY_MS = 86_400_000;

/** Whole days from now to a time; negative for one that has passed, undefined for none. */
export function daysUntil(time: string | null | undefined, now: Date): number | undefined {
  const at = time === null || time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(at) ? undefined : Math.floor((at - now.getTime()) / DAY_MS);
}
