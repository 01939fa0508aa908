import { createOutgoing } from '@hangar/security/outgoing';
import { type Clock, systemClock } from '@hangar/security';
import { flyUrls } from '@hangar/flyio';
import { openStore, startJobs } from '@hangar/store';
import { composeHangar } from './app.ts';
import type { Config } from './config.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { followPlatformClock } from './platform-clock.ts';
import { serve } from './server.ts';
import { startWorkers } from './workers.ts';

/** A Hangar that serves. */
export interface Running {
  readonly engine: 'pglite' | 'postgres';
  /** Finishes what runs, then closes everything. */
  stop(): Promise<void>;
}

/** How long running requests may take to finish after a signal; orchestrators kill after ten seconds or more. */
const GRACE_MS = 8_000;

/**
 * Opens the database, puts Hangar together, starts its workers and listens on both ports.
 *
 * @throws HangarError `config_invalid` for a taken port, an unusable folder or an unreachable database.
 * @throws FolderLockedError when another process has the embedded database.
 */
export async function runHangar(config: Config): Promise<Running> {
  const log = createLog(config.logLevel);
  const closers: (() => Promise<unknown> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) {
      try {
        await closer();
      } catch (error) {
        log.warn({ error }, 'something did not close cleanly');
      }
    }
  };
  try {
    const store = await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, log });
    closers.push(async () => await store.close());
    const urls = flyUrls(config.fly === 'real' ? 'real' : { simulatorPort: config.simulatorPort });
    const outgoing = createOutgoing({
      allowedOrigins: config.fly === 'real' ? [] : [new URL(urls.api).origin],
    });
    closers.push(async () => await outgoing.close());
    const now = config.fly === 'real' ? systemClock : await followed(urls.api);
    const metrics = createMetrics(config.metricsToken ?? (config.fly === 'real' ? 'closed' : 'open'));
    const hangar = await composeHangar({ config, store, outgoing, urls, now, log, metrics });
    closers.push(async () => await hangar.close());
    const jobs = await startJobs(store, log);
    closers.push(async () => await jobs.stop());
    const workers = await startWorkers(hangar.tasks, { jobs, log, metrics });
    closers.push(async () => await workers.stop());
    const door = { host: config.host, log, metrics };
    const gateway = await serve(hangar.gateway, { ...door, name: 'gateway', port: config.gatewayPort });
    closers.push(async () => await gateway.close(GRACE_MS));
    const main = await serve(hangar.main, { ...door, name: 'main', port: config.port });
    closers.push(async () => await main.close(GRACE_MS));
    log.info(
      { engine: store.engine, publicUrl: config.publicUrl, gatewayUrl: config.gatewayUrl, fly: config.fly },
      'serving',
    );
    if (store.engine === 'pglite')
      log.warn({}, 'the embedded database is for development: one process, no promise after a power cut');
    return { engine: store.engine, stop };

    async function followed(controlUrl: string): Promise<Clock> {
      const clock = await followPlatformClock(controlUrl, outgoing, log);
      closers.push(clock.stop);
      return clock.now;
    }
  } catch (error) {
    await stop();
    throw error;
  }
}
