import type { BranchLimit, HangarFacts } from '@hangar/contract';
import type { Subject } from '@hangar/macaroon';

/** What caveats that count need. */
export interface CaveatMeters {
  /** Takes one of `perMinute` for a counter; false when none is left. Answers from memory. */
  take(counter: string, perMinute: number): boolean;
  /** Takes note of a limit that whoever asks will hold; false when nobody will. */
  deferLimit?(limit: BranchLimit): boolean;
}

/** Meters that count nothing: rates always pass, budgets never do. For reading and explaining tokens. */
export const idleMeters: CaveatMeters = { take: () => true };

/** The facts of an access; none for a request that is no access. */
export function factsOf(subject: Subject<HangarFacts>): HangarFacts {
  return subject.kind === 'access' ? (subject.access.extension ?? {}) : {};
}
