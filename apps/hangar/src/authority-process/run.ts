import { createIssuerDoor } from '@hangar/authority';
import { createSealer } from '@hangar/security';
import { openStore, startJobs } from '@hangar/store';
import { claimFolder } from '@hangar/store/folder';
import type { AuthorityConfig } from '../config.ts';
import { buildTokenCrypto, openIssuer } from '../house/issuer.ts';
import { createLog } from '../processes/log.ts';
import { createMetrics } from '../http/metrics.ts';
import { reachPlatform } from '../house/platform.ts';
import type { Running } from '../processes/run-hangar.ts';
import { closing } from '../house/closing.ts';
import { startWorkers } from '../processes/workers.ts';
import { serveOnSocket } from './serve-socket.ts';
import { HALVES, prepareSocket } from '../house/sockets.ts';

/**
 * The authority's process: its own database, its own master keys, and two sockets. It talks to nobody else.
 *
 * @throws HangarError `config_invalid` for sockets, a folder or a database that cannot be used.
 * @throws FileLockedError when another process has the embedded database.
 */
export async function runAuthority(config: AuthorityConfig): Promise<Running> {
  const log = createLog(config.logLevel);
  const open = closing(log);
  try {
    const lock = config.databaseUrl === undefined ? claimFolder(config.dataDir) : undefined;
    open.later('data folder', () => lock?.release());
    const paths = { verify: '', sign: '' };
    for (const half of HALVES) paths[half] = await prepareSocket(config.sockets, half);
    const store = await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, lock, log });
    open.later('database', () => store.close());
    const { now } = await reachPlatform(config, open, log);
    const sealer = createSealer(config.masterKeys);
    const { publicUrl, mintLimits: limits } = config;
    const tokenCrypto = buildTokenCrypto(config.tokenEngine, log);
    const issuer = await openIssuer({ publicUrl, store, sealer, limits, tokenCrypto, now, log });
    const work = open.together();
    for (const half of HALVES) {
      const listening = await serveOnSocket(createIssuerDoor(issuer, half), paths[half], log);
      work.later(`socket ${half}`, () => listening.close());
    }
    const jobs = await startJobs(store, log);
    work.later('schedules', () => jobs.stop());
    const workers = await startWorkers(issuer.tasks, { jobs, log, metrics: createMetrics('closed') });
    work.later('tasks', () => workers.stop());
    log.info({ engine: store.engine, sockets: config.sockets, fly: config.fly }, 'serving');
    return { engine: store.engine, stop: () => open.closeAll() };
  } catch (error) {
    await open.closeAll();
    throw error;
  }
}
