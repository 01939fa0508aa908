import pg from 'pg';
import { type Log } from '@hangar/http';
import { type Secret } from '@hangar/security';
import { type Outage, reportingOutages } from './outage.ts';

/**
 * A connection that cannot be had for so long is not coming: the server is away, or everybody waits for somebody. Less would
 * fail requests behind a slow migration, more would keep callers after their own patience has ended.
 */
const CONNECT_WITHIN_MS = 10_000;

/**
 * Connections to a Postgres that may go away at any moment. The driver tells of a lost connection by an `error` event, on
 * the pool while it is idle and on the client while it is checked out; an event that nobody hears ends the process.
 */
export function openPool(
  databaseUrl: Secret,
  { max, log, heard }: { max: number; log: Log; heard: (outage: Outage) => void },
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl.reveal(),
    max,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    keepAlive: true,
  });
  let told = false;
  const lost = (error: Error): void => {
    // All connections break together when a server goes; the first says it, until one can be had again.
    if (told) return;
    told = true;
    log.warn({ error }, 'database connection lost');
  };
  pool.on('error', lost);
  pool.on('connect', (client) => {
    told = false;
    client.on('error', lost);
  });
  return new LeasingPool(pool, heard) as unknown as pg.Pool;
}

/**
 * The pool as Drizzle uses it (which knows one by its name). A client that breaks is given back at once: Drizzle does not
 * release one whose `begin` fails, and each would be missing from the pool for ever.
 */
class LeasingPool {
  readonly #pool: pg.Pool;
  readonly #heard: (outage: Outage) => void;

  constructor(pool: pg.Pool, heard: (outage: Outage) => void) {
    this.#pool = reportingOutages(pool, heard);
    this.#heard = heard;
  }

  query(...args: [string | pg.QueryConfig, unknown[]?]): Promise<pg.QueryResult> {
    return this.#pool.query(...args);
  }

  async connect(): Promise<pg.PoolClient> {
    return leased(await this.#pool.connect(), this.#heard);
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}

function leased(client: pg.PoolClient, heard: (outage: Outage) => void): pg.PoolClient {
  let isReleased = false;
  const release = (broken?: Error | boolean): void => {
    if (isReleased) return;
    isReleased = true;
    client.release(broken);
  };
  const reporting = reportingOutages(client, (outage) => {
    if (outage === 'lost') release(true);
    heard(outage);
  });
  return new Proxy(reporting, {
    get: (target, name) => (name === 'release' ? release : (Reflect.get(target, name) as unknown)),
  });
}
