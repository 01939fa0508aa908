import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevelopmentSecrets, freshSecrets } from '../config/development.ts';
import {
  simulatorArguments,
  simulatorSaysReady,
  simulatorScript,
  simulatorSettings,
} from '../processes/simulator-process.ts';
import { balance, type Balancer } from './balancer.ts';
import { demoDatabase } from './database.ts';
import {
  freePorts,
  hangarScript,
  keepRunning,
  saysServing,
  type ServerProcess,
} from '../processes/keep-running.ts';
import { type ApartAuthority, openAuthority } from './authority.ts';

/** The processes that a demo drives, and where they are. */
export interface DemoHouse {
  readonly publicUrl: string;
  readonly gatewayUrl: string;
  /** The simulated api.fly.io, with its control surface. */
  readonly flyUrl: string;
  readonly s3Url: string;
  /** Direct addresses of the Hangar processes, for asking one in particular. */
  readonly servers: readonly { readonly url: string; readonly process: ServerProcess }[];
  /** The process that holds the root keys, when the demo puts them apart. */
  readonly authority: ApartAuthority | undefined;
  readonly engine: 'pglite' | 'postgres';
  /** Where its rows are, unless they are in the embedded database. */
  readonly databaseUrl: string | undefined;
  /** Everything that Hangar keeps on disk is below this. */
  readonly dataDir: string;
  /** What it was given; nothing of it may be found there. */
  readonly secrets: DevelopmentSecrets;
  close(): Promise<void>;
}

/** What a demo may be run on. */
export interface DemoPlan {
  /** Hangar processes behind one address; more than one needs Postgres. */
  readonly processes: number;
  readonly databaseUrl: string | undefined;
  /** The keys that sign tokens in a process and a database of their own. Default: in every Hangar process. */
  readonly authorityApart?: boolean;
  /** What the operator allows. Default: what Hangar allows by itself. */
  readonly policyFile?: string;
  readonly onLine: (line: string) => void;
  /** Start the built programs although this process runs from the sources, as tests do. */
  readonly built?: boolean;
  /** Makes the operator's token once the simulated Fly.io is there, with the login that it knows. Default: that login. */
  readonly operatorToken?: (flyUrl: string, login: string) => Promise<string>;
}

/** Starts a fresh simulated Fly.io and fresh Hangar processes, on free ports, with fresh secrets. */
export async function openHouse(plan: DemoPlan): Promise<DemoHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'hangar-demo-'));
  const database = plan.databaseUrl === undefined ? undefined : await demoDatabase(plan.databaseUrl);
  const secrets = freshSecrets();
  const dataDir = join(folder, 'data');
  const nodeArguments = plan.built === true ? [] : process.execArgv;
  const at = { script: plan.built === true ? builtScript(hangarScript) : hangarScript, nodeArguments };
  const flyPort = await freePorts(4);
  const frontPort = await freePorts(2);
  const publicUrl = `http://127.0.0.1:${frontPort}`;
  const gatewayUrl = `http://127.0.0.1:${frontPort + 1}`;
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const simulator = keepRunning({
      script: plan.built === true ? builtScript(simulatorScript()) : simulatorScript(),
      args: simulatorArguments(join(folder, 'simulator.json')),
      environment: {},
      nodeArguments,
      input: simulatorSettings({
        secrets,
        publicUrl,
        port: flyPort,
        providerSlug: 'hangar',
        oauthClientId: 'hangar',
        flyOrg: 'operator',
      }),
      saysReady: simulatorSaysReady,
      onLine: plan.onLine,
    });
    closers.push(async () => await simulator.stop());
    await simulator.ready;
    const authority =
      plan.authorityApart === true
        ? await openAuthority({
            ...at,
            folder,
            flyPort,
            publicUrl,
            onLine: plan.onLine,
            databaseUrl: plan.databaseUrl,
          })
        : undefined;
    if (authority !== undefined) {
      closers.push(async () => await authority.close());
      await authority.process.ready;
    }
    const login = secrets.FLY_API_TOKEN;
    const operatorToken = (await plan.operatorToken?.(`http://127.0.0.1:${flyPort}`, login)) ?? login;
    const servers: { url: string; process: ServerProcess }[] = [];
    for (let index = 0; index < plan.processes; index += 1) {
      const port = plan.processes === 1 ? frontPort : await freePorts(2);
      const server = keepRunning({
        ...at,
        args: ['serve'],
        environment: {
          ...secrets,
          FLY_API_TOKEN: operatorToken,
          PORT: String(port),
          HANGAR_GATEWAY_PORT: String(port + 1),
          HANGAR_SIMULATOR_PORT: String(flyPort),
          HANGAR_PUBLIC_URL: publicUrl,
          HANGAR_GATEWAY_URL: gatewayUrl,
          HANGAR_DATA_DIR: dataDir,
          FLY_ALLOWED_ORGS: 'operator',
          // The last step shows that nothing is left, and waits for nothing.
          HANGAR_DELETE_GRACE: '0',
          ...(database === undefined ? {} : { DATABASE_URL: database.url }),
          ...(authority === undefined ? {} : { HANGAR_AUTHORITY_SOCKETS: authority.sockets }),
          ...(plan.policyFile === undefined ? {} : { HANGAR_POLICY_FILE: plan.policyFile }),
        },
        saysReady: saysServing,
        onLine: plan.onLine,
      });
      closers.push(async () => await server.stop());
      await server.ready;
      servers.push({ url: `http://127.0.0.1:${port}`, process: server });
    }
    if (plan.processes > 1) {
      const ports = servers.map((server) => Number(new URL(server.url).port));
      const balancers: Balancer[] = [
        await balance(frontPort, ports),
        await balance(
          frontPort + 1,
          ports.map((port) => port + 1),
        ),
      ];
      for (const balancer of balancers) closers.push(async () => await balancer.close());
    }
    return {
      publicUrl,
      gatewayUrl,
      flyUrl: `http://127.0.0.1:${flyPort}`,
      s3Url: `http://127.0.0.1:${flyPort + 2}`,
      servers,
      authority,
      engine: database === undefined ? 'pglite' : 'postgres',
      databaseUrl: database?.url,
      dataDir,
      secrets,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The program that `npm run build` made of a source. */
function builtScript(script: string): string {
  return script.replace(/\/src\/([^/]+)\.ts$/, '/dist/$1.js');
}
