import { createBodyBudget } from '@hangar/http';
import { claimFolder } from '@hangar/store/folder';
import { clientAddress } from '../http/client-address.ts';
import { closing, type Closing } from '../house/closing.ts';
import type { Config } from '../config.ts';
import { createLog } from './log.ts';
import { createMetrics } from '../http/metrics.ts';
import { BODY_LIMITS, serve, tryPort } from '../http/server.ts';
import { startWorkers } from './workers.ts';

/** A Hangar that serves. */
export interface Running {
  readonly engine: 'pglite' | 'postgres';
  /**
   * Finishes what runs, then closes everything.
   *
   * @returns whether everything has closed in time.
   */
  stop(): Promise<boolean>;
}

/** How long running requests may take to finish after a signal. The rest of the time for closing is for what they used. */
const GRACE_MS = 8_000;

/**
 * Claims the data folder, tries both ports, opens the database, puts Hangar together and starts its workers. What is cheap
 * and likely to fail comes first, so that a wrong start ends at once.
 *
 * @param beforeOpening called once folder and ports are ours; what it starts it puts on the list to be closed, first of all.
 * @throws HangarError `config_invalid` for a taken port, an unusable folder or an unreachable database.
 * @throws FileLockedError when another process has the embedded database.
 */
export async function runHangar(
  config: Config,
  beforeOpening: (open: Closing) => Promise<void> = async () => {},
): Promise<Running> {
  const log = createLog(config.logLevel);
  const open = closing(log);
  try {
    const lock = config.databaseUrl === undefined ? claimFolder(config.dataDir) : undefined;
    open.later('data folder', () => lock?.release());
    const metrics = createMetrics(config.metricsToken ?? (config.fly === 'real' ? 'closed' : 'open'));
    const main = {
      name: 'main',
      host: config.host,
      port: config.port,
      clientAddress: clientAddress(config.trustedProxies),
      log,
      metrics,
    };
    const gateway = { ...main, name: 'gateway', port: config.gatewayPort };
    // Only tried here. Listening before everything is open would answer signed requests with 503, where a refused
    // connection is simply tried again.
    await tryPort(gateway);
    await tryPort(main);
    const loading = import('./server-parts.ts');
    // Whoever waits for it below is told of a failure; a start that ends before that has one of its own.
    loading.catch(() => undefined);
    // Not beside the opening of the database, which cannot be broken off: a platform that fails ends the start at once.
    await beforeOpening(open);
    const { composeHangar, openStore, reachPlatform, startJobs } = await loading;
    const store = await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, lock, log });
    open.later('database', () => store.close());
    const { urls, outgoing, now } = await reachPlatform(config, open, log);
    const hangar = await composeHangar({ config, store, outgoing, urls, now, log, metrics });
    open.later('calls to Fly.io', () => hangar.close());
    const bodies = createBodyBudget(BODY_LIMITS);
    const work = open.together();
    for (const [app, door] of [
      [hangar.gateway, gateway],
      [hangar.main, main],
    ] as const) {
      const listening = await serve(app, { ...door, bodies });
      work.later(`${door.name} requests`, () => listening.close(GRACE_MS));
    }
    // Whatever waits in the database has waited already; people need not.
    const jobs = await startJobs(store, log);
    work.later('schedules', () => jobs.stop());
    const workers = await startWorkers(hangar.tasks, { jobs, log, metrics });
    work.later('tasks', () => workers.stop());
    log.info(
      { engine: store.engine, publicUrl: config.publicUrl, gatewayUrl: config.gatewayUrl, fly: config.fly },
      'serving',
    );
    if (store.engine === 'pglite')
      log.warn({}, 'the embedded database is for development: one process, no promise after a power cut');
    // Beside the serving: a Fly.io that is slow or away keeps nobody waiting.
    void hangar.reportCredentials();
    return { engine: store.engine, stop: () => open.closeAll() };
  } catch (error) {
    await open.closeAll();
    throw error;
  }
}
