import { Pool, type Dispatcher } from 'undici';

export type { Dispatcher } from 'undici';

/** Options of {@link createOriginPool}; times in milliseconds. */
export interface OriginPoolOptions {
  /** Sockets at most; default 64. */
  readonly connections?: number;
  /** To connect; default 5000. */
  readonly connectTimeoutMs?: number;
  /** Until the answer's headers; default 75,000, longer than the 60 s that a Machines `wait` may take. */
  readonly headersTimeoutMs?: number;
  /** Between two pieces of the answer's body; default 75,000. */
  readonly bodyTimeoutMs?: number;
  /** A Unix socket on which the origin answers. */
  readonly socketPath?: string;
}

/**
 * A pool of kept-alive sockets to one origin. It has no address policy: its origin is the operator's own
 * configuration (`https://api.machines.dev`, `http://_api.internal:4280`, the simulator), never a caller's
 * word. It follows no redirect, decodes nothing, retries nothing and reads no proxy variable.
 */
export function createOriginPool(origin: string, options: OriginPoolOptions = {}): Dispatcher {
  return new Pool(new URL(origin).origin, {
    connections: options.connections ?? 64,
    pipelining: 1,
    connect: {
      timeout: options.connectTimeoutMs ?? 5000,
      socketPath: options.socketPath,
    },
    headersTimeout: options.headersTimeoutMs ?? 75_000,
    bodyTimeout: options.bodyTimeoutMs ?? 75_000,
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 60_000,
  });
}
