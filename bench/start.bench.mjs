#!/usr/bin/env node
/**
 * What a start takes, and what the serving process holds then: `hangar start` with the embedded database, beside an empty Node
 * process and beside PGlite alone, which opens the database that Hangar left.
 *
 *   node bench/start.bench.mjs               (after npm run build; Linux)
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../scripts/embedded-postgres.mjs';
import { range } from './measure.mjs';

const ROUNDS = 5;
const MAIN = fileURLToPath(new URL('../apps/hangar/dist/main.js', import.meta.url));
const ENGINE = new URL('../packages/store/dist/open/engine.js', import.meta.url).href;
const PARENT = `process.stdout.write('ready\\n'); setInterval(() => {}, 1000);`;

const alone = (folder) =>
  `const { openEngine } = await import(${JSON.stringify(ENGINE)}); const client = await openEngine(${JSON.stringify(folder)}); await client.query('select 1'); ${PARENT}`;

/** Milliseconds of the clock until it says that it is ready, of processor time until then, and MB resident. */
async function measured(args, environment = {}) {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Whatever becomes of the benchmark, it leaves nothing running.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  let isReady = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!/^ready$|Hangar is ready/.test(line)) continue;
    isReady = true;
    break;
  }
  if (!isReady) throw new Error(`${args.at(-1)} ended before it was ready`);
  const wall = performance.now() - began;
  const figures = { wall, cpu: cpuMsOf(child.pid), resident: residentOf(child.pid) };
  child.stdout.resume();
  child.kill('SIGTERM');
  await gone;
  process.off('exit', end);
  return figures;
}

const residentOf = (pid) =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1000;

function cpuMsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const rounds = [];
for (let round = 0; round < ROUNDS; round++) {
  const folder = mkdtempSync(join(tmpdir(), 'hangar-bench-'));
  const [port, gatewayPort] = [await freePort(), await freePort()];
  // It needs several in a row, below those that the system gives to outgoing connections.
  const simulatorPort = 20_000 + Math.floor(Math.random() * 10_000);
  const environment = {
    PORT: String(port),
    HANGAR_GATEWAY_PORT: String(gatewayPort),
    HANGAR_SIMULATOR_PORT: String(simulatorPort),
    HANGAR_DATA_DIR: join(folder, 'data'),
  };
  rounds.push({
    empty: await measured(['--input-type=module', '-e', PARENT]),
    first: await measured([MAIN, 'start'], environment),
    second: await measured([MAIN, 'start'], environment),
    pglite: await measured(['--input-type=module', '-e', alone(join(folder, 'data', 'pg'))]),
  });
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

const spread = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], least: sorted[0], most: sorted.at(-1) };
};
const row = (name, key, bars) => {
  const of = (figure, other) =>
    spread(rounds.map((round) => round[key][figure] / (other ? round[other][figure] : 1)));
  const cells = [
    range(of('wall'), 0),
    of('cpu').median.toFixed(0),
    range(of('cpu', 'pglite')),
    range(of('resident'), 0),
    range(of('resident', 'empty')),
    range(of('resident', 'pglite')),
  ];
  console.log(`| ${name} | ${cells.join(' | ')} | ${bars} |`);
};
console.log('## Start and memory');
console.log();
console.log(
  `\`hangar start\` with the embedded database, until it says that it is ready: the serving process alone, the simulated Fly.io beside it in a process of its own. PGlite alone opens the same folder and answers one query. Resident memory is the most that there was. Median of ${ROUNDS} rounds in turn, smallest and largest in brackets; the clock's milliseconds are those of a machine with other work.`,
);
console.log();
console.log(
  '| What | ms | ms of processor time | of PGlite alone | MB resident | of an empty Node | of PGlite alone | bars |',
);
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |');
row('an empty Node process', 'empty', '');
row('PGlite alone, opened again', 'pglite', '');
row('first start', 'first', '3,000 ms, 450 MB');
row('second start', 'second', '2,000 ms, 450 MB');
