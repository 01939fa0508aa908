// One `hangar serve` on a Postgres, with a simulated Fly.io beside it. Imported by the benchmarks.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freshSecrets } from '../apps/hangar/dist/config/development.js';
import {
  simulatorArguments,
  simulatorSaysReady,
  simulatorScript,
  simulatorSettings,
} from '../apps/hangar/dist/processes/simulator-process.js';
import { freePort } from '../scripts/embedded-postgres.mjs';

/** Processor time is counted by the system in this unit. */
const TICKS_PER_SECOND = 100;

/** Starts both and waits until they say that they serve. */
export async function startHangar({ databaseUrl, folder }) {
  const secrets = freshSecrets();
  const [port, gatewayPort, flyPort] = [await freePort(), await freePort(), await freePort()];
  const publicUrl = `http://127.0.0.1:${port}`;
  const simulator = start([simulatorScript(), ...simulatorArguments(join(folder, 'simulator.json'))], {});
  simulator.process.stdin.write(
    simulatorSettings({
      secrets,
      publicUrl,
      port: flyPort,
      providerSlug: 'hangar',
      oauthClientId: 'hangar',
      flyOrg: 'operator',
    }),
  );
  await simulator.line(simulatorSaysReady);
  const server = start([fileURLToPath(new URL('../apps/hangar/dist/main.js', import.meta.url)), 'serve'], {
    ...secrets,
    PORT: String(port),
    HANGAR_GATEWAY_PORT: String(gatewayPort),
    HANGAR_SIMULATOR_PORT: String(flyPort),
    HANGAR_PUBLIC_URL: publicUrl,
    HANGAR_GATEWAY_URL: `http://127.0.0.1:${gatewayPort}`,
    HANGAR_DATA_DIR: join(folder, 'data'),
    FLY_ALLOWED_ORGS: 'operator',
    DATABASE_URL: databaseUrl,
  });
  await server.line((line) => line.includes('serving'));
  return {
    publicUrl,
    provisioningSecret: secrets.HANGAR_PROVISIONING_SECRET,
    /** Seconds of processor time so far; undefined where the system does not say it in Linux's way. */
    cpuSeconds: () => cpuSecondsOf(server.process.pid),
    async stop() {
      for (const { process: child } of [server, simulator]) {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await gone;
      }
    },
  };
}

function start(args, environment) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // Whatever becomes of the benchmark, it leaves nothing running.
  process.once('exit', () => child.kill('SIGKILL'));
  const lines = [];
  const hearing = new Set();
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (lines.length < 200) lines.push(line);
      for (const hear of hearing) hear(line);
    });
  const line = async (matches) =>
    await new Promise((resolve, reject) => {
      if (lines.some(matches)) return resolve();
      hearing.add((heard) => matches(heard) && resolve());
      child.once('exit', (code) => reject(new Error(`ended with ${code}: ${lines.join('\n')}`)));
    });
  return { process: child, line };
}

function cpuSecondsOf(pid) {
  try {
    // The name in brackets may hold anything; what follows it are numbers.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
