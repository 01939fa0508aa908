import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { keepRunning, saysServing, type ProcessPlan, type ServerProcess } from '../processes/keep-running.ts';
import { demoDatabase } from './database.ts';

/** An authority in a process of its own. */
export interface ApartAuthority {
  readonly process: ServerProcess;
  /** For `HANGAR_AUTHORITY_SOCKETS` of the processes that serve. */
  readonly sockets: string;
  /** The master key that only this process was given. */
  readonly masterKeys: string;
  /** Its own database: a folder, or the address of one on the demo's Postgres. */
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  close(): Promise<void>;
}

/** Starts `hangar authority`, without waiting until it is ready, with a database and a master key that nobody else has. */
export async function openAuthority(
  o: Pick<ProcessPlan, 'script' | 'nodeArguments' | 'onLine'> & {
    folder: string;
    flyPort: number;
    publicUrl: string;
    databaseUrl: string | undefined;
  },
): Promise<ApartAuthority> {
  const database = o.databaseUrl === undefined ? undefined : await demoDatabase(o.databaseUrl);
  const masterKeys = `demo-authority:${randomBytes(32).toString('base64')}`;
  const dataDir = join(o.folder, 'authority');
  const sockets = join(o.folder, 'sockets');
  const process = keepRunning({
    script: o.script,
    nodeArguments: o.nodeArguments,
    args: ['authority'],
    environment: {
      HANGAR_MASTER_KEYS: masterKeys,
      HANGAR_AUTHORITY_SOCKETS: sockets,
      HANGAR_DATA_DIR: dataDir,
      HANGAR_PUBLIC_URL: o.publicUrl,
      HANGAR_SIMULATOR_PORT: String(o.flyPort),
      ...(database === undefined ? {} : { DATABASE_URL: database.url }),
    },
    saysReady: saysServing,
    onLine: o.onLine,
  });
  return {
    process,
    sockets,
    masterKeys,
    dataDir,
    databaseUrl: database?.url,
    close: async () => {
      await process.stop();
      await database?.drop();
    },
  };
}
