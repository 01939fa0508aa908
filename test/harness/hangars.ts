import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevelopmentSecrets, freshSecrets } from '../../apps/hangar/src/config/development.ts';
import { freePorts } from '../../apps/hangar/src/processes/keep-running.ts';
import {
  simulatorArguments,
  simulatorSaysReady,
  simulatorScript,
  simulatorSettings,
} from '../../apps/hangar/src/processes/simulator-process.ts';
import { openScratchDatabase } from '@hangar/store';
import { type RealProcess, saysServing, startProcess } from './processes.ts';

/** One `hangar serve` of several: it can be killed, and started again on the same ports. */
export interface HangarProcess {
  /** Its main port, as if no balancer stood in front. */
  readonly url: string;
  readonly gatewayUrl: string;
  /** The process that serves now. */
  readonly process: RealProcess;
  /** Starts it again after it died, and waits until it serves. */
  restart(): Promise<void>;
}

/** Real processes: one simulated Fly.io and some Hangars, beside each other. */
export interface Hangars {
  /** The simulated api.fly.io, with its control surface under `/_fly`. */
  readonly flyUrl: string;
  readonly simulator: RealProcess;
  readonly servers: readonly HangarProcess[];
  readonly secrets: DevelopmentSecrets;
  /** The database of their own on the server that was given. */
  readonly databaseUrl: string | undefined;
  close(): Promise<void>;
}

/** What is started. */
export interface HangarsPlan {
  /** More than one needs Postgres. Default 1. */
  readonly processes?: number;
  /** A Postgres server, on which a database of their own is made; absent is the embedded one. */
  readonly databaseUrl?: string;
  /** More of every Hangar's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts built processes on free ports with fresh secrets, and waits until each said itself that it is ready. */
export async function startHangars(plan: HangarsPlan = {}): Promise<Hangars> {
  const folder = mkdtempSync(join(tmpdir(), 'hangars-'));
  const database =
    plan.databaseUrl === undefined ? undefined : await openScratchDatabase(plan.databaseUrl, 'hangars');
  const secrets = freshSecrets();
  const flyPort = await freePorts(4);
  const ports: number[] = [];
  for (let index = 0; index < (plan.processes ?? 1); index += 1) ports.push(await freePorts(2));
  const publicUrl = `http://127.0.0.1:${ports[0]}`;
  const simulator = startProcess({
    script: simulatorScript().replace(/\/src\/([^/]+)\.ts$/, '/dist/$1.js'),
    args: simulatorArguments(join(folder, 'simulator.json')),
    input: simulatorSettings({
      secrets,
      publicUrl,
      port: flyPort,
      providerSlug: 'hangar',
      oauthClientId: 'hangar',
      flyOrg: 'operator',
    }),
  });
  await simulator.line(simulatorSaysReady);
  const start = async (port: number): Promise<RealProcess> => {
    const one = startProcess({
      args: ['serve'],
      environment: {
        ...secrets,
        PORT: String(port),
        HANGAR_GATEWAY_PORT: String(port + 1),
        HANGAR_SIMULATOR_PORT: String(flyPort),
        HANGAR_PUBLIC_URL: publicUrl,
        HANGAR_GATEWAY_URL: `http://127.0.0.1:${(ports[0] ?? 0) + 1}`,
        HANGAR_DATA_DIR: join(folder, 'data'),
        FLY_ALLOWED_ORGS: 'operator',
        ...(database === undefined ? {} : { DATABASE_URL: database.url }),
        ...plan.environment,
      },
    });
    await one.line(saysServing);
    return one;
  };
  const servers: HangarProcess[] = [];
  for (const port of ports) {
    let current = await start(port);
    servers.push({
      url: `http://127.0.0.1:${port}`,
      gatewayUrl: `http://127.0.0.1:${port + 1}`,
      get process() {
        return current;
      },
      restart: async () => {
        current = await start(port);
      },
    });
  }
  return {
    flyUrl: `http://127.0.0.1:${flyPort}`,
    simulator,
    servers,
    secrets,
    databaseUrl: database?.url,
    close: async () => {
      for (const { process: one } of servers) if (one.isAlive()) await one.stop();
      if (simulator.isAlive()) await simulator.stop();
      await database?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
