/** Starts the Postgres that comes with the npm package, in a folder of its own. */
export function startEmbeddedPostgres(
  folder: string,
  settings?: readonly string[],
): Promise<{
  url: string;
  stop(): Promise<void>;
  /** SIGINT is Postgres' "fast" shutdown, SIGQUIT its "immediate" one. */
  restart(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>;
}>;

/** A port that the system says is free. */
export function freePort(): Promise<number>;
