/**
 * Facts that Hangar's own caveats look at, beside what every access says. Whoever builds the access
 * puts them into its `extension`; a caveat whose fact is missing refuses.
 */
export interface HangarFacts {
  /** Address the request came from, as the edge says it. For Source. */
  readonly remoteAddress?: string;
  /** The environment that is touched or about to be made. For EnvCreate and EnvLabels. */
  readonly environment?: EnvironmentFacts;
  /** Bounds that a command run asks for; what it leaves open is bounded by ExecLimit. */
  readonly exec?: { readonly timeoutSeconds?: number; readonly maxOutputBytes?: number };
  /**
   * Whether the request may make something run or come into being. Without it everything that creates or controls does.
   * For Spend.
   */
  readonly costs?: boolean;
  /** The answer is a list that is cut down to what the token may read. For EnvCreate and EnvLabels. */
  readonly listing?: boolean;
  /** Whoever asks holds the limits of the clearance before anything happens. Without it EnvCreate and Spend refuse. */
  readonly keepsLimits?: boolean;
}

/** What EnvCreate and EnvLabels ask about an environment. */
export interface EnvironmentFacts {
  /** It exists; else it is about to be made. */
  readonly exists?: boolean;
  readonly key?: string;
  readonly name?: string;
  readonly class?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** How long a new environment shall live; absent means as long as it may. */
  readonly ttlSeconds?: number;
}
