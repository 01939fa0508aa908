import type { Subject } from '@hangar/macaroon';

/**
 * Facts that Hangar's own caveats look at, beside what every access says. Whoever builds the access
 * puts them into its `extension`; a caveat whose fact is missing refuses.
 */
export interface HangarFacts {
  /** Address the request came from, as the edge says it. For Source. */
  readonly remoteAddress?: string;
  /** The environment that is touched or about to be made. For EnvCreate and EnvLabels. */
  readonly environment?: EnvironmentFacts;
  /** Bounds of a command run. For ExecLimit. */
  readonly exec?: { readonly timeoutSeconds: number; readonly maxOutputBytes: number };
  /** False for requests that cost nothing even though they control a machine: a stop. For Spend. */
  readonly costs?: boolean;
}

/** What EnvCreate and EnvLabels ask about an environment. */
export interface EnvironmentFacts {
  readonly key?: string;
  readonly name?: string;
  readonly class?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** How long a new environment would live; absent means for ever. */
  readonly ttlSeconds?: number;
}

/** Counters that some caveats need. All of them answer from memory. */
export interface CaveatMeters {
  /** Takes one of `perMinute` for a counter; false when none is left. */
  take(counter: string, perMinute: number): boolean;
  /** Environments alive that were made under a branch; undefined when nobody counts them. */
  liveEnvironments?(branch: string): number | undefined;
  /** Minor units spent under a branch in the current period; undefined when nobody counts. */
  spent?(branch: string, currency: string, period: SpendPeriod): number | undefined;
}

/** The span in which a Spend caveat counts. */
export type SpendPeriod = 'day' | 'month' | 'total';

/** The facts of an access; none for a request that is no access. */
export function factsOf(subject: Subject): HangarFacts {
  return subject.kind === 'access' ? (subject.access.extension ?? {}) : {};
}
