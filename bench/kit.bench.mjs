#!/usr/bin/env node
/**
 * What it costs that the kit is a fetch handler: a signed provisioning answered by it, beside the same checks on bare node:http.
 *
 *   node bench/kit.bench.mjs                 (after npm run build; Linux)
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createOriginPool } from '@hangar/security/outgoing';
import { signedRequest } from './kit-request.mjs';
import { range } from './measure.mjs';

const CONNECTIONS = 16;
const ROUNDS = 7;
const WARM_UP = 15_000;
const PER_TURN = 4000;
/** What /proc counts in. */
const MICROS_PER_TICK = 10_000;
const BAR = 0.8;
const GOAL = 0.92;
const SCRIPT = fileURLToPath(new URL('kit-server.mjs', import.meta.url));

if (!existsSync('/proc/self/stat')) {
  console.log('## The kit as a fetch handler\n\nNot measured: this system has no /proc.');
  process.exit(0);
}

async function started(kind) {
  const child = spawn(process.execPath, [SCRIPT, kind], { stdio: ['ignore', 'pipe', 'inherit'] });
  // Whatever becomes of the benchmark, it leaves nothing running.
  process.once('exit', () => child.kill('SIGKILL'));
  for await (const port of createInterface({ input: child.stdout }))
    return { child, pool: createOriginPool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS }) };
  throw new Error(`${kind} said nothing`);
}

async function load({ pool }, count) {
  let left = count;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      const { body, signature } = signedRequest();
      const headers = { 'content-type': 'application/json', 'x-signature': signature };
      const answer = await pool.request({ method: 'POST', path: '/flyio/extensions', headers, body });
      await answer.body.dump();
      if (answer.statusCode !== 201) throw new Error(`${answer.statusCode} instead of 201`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

function cpuMicros({ child }) {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

const bare = await started('bare');
const kit = await started('kit');
const micros = { bare: [], kit: [] };
try {
  for (const one of [bare, kit]) await load(one, WARM_UP);
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, one] of Object.entries({ bare, kit })) {
      const before = cpuMicros(one);
      await load(one, PER_TURN);
      micros[name].push((cpuMicros(one) - before) / PER_TURN);
    }
} finally {
  for (const { pool, child } of [bare, kit]) {
    await pool.close();
    child.kill();
  }
}

const spread = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], least: sorted[0], most: sorted.at(-1) };
};
const ratio = spread(micros.kit.map((value, round) => micros.bare[round] / value));
console.log(`## The kit as a fetch handler

A signed \`POST /flyio/extensions\` of about 500 bytes over ${CONNECTIONS} connections, rows in the memory of the process: body, signature, strict
JSON, envelope, schema, nonce, sealed config, answer. The bare side calls the same functions from a listener of node:http; the kit is
mounted with \`@hono/node-server\`. Processor time of the process, user and system; the ratio is the bare side's time of the kit's, that is,
requests per second on a full core. Median of ${ROUNDS} rounds of ${PER_TURN} requests in turn after ${WARM_UP} to warm up, smallest and largest in brackets.

| What | µs of processor time | of bare node:http | bar | goal |
| --- | ---: | ---: | ---: | ---: |
| node:http with the same checks | ${range(spread(micros.bare), 0)} | 1.00 | | |
| the kit's fetch handler | ${range(spread(micros.kit), 0)} | ${range(ratio)} | ${BAR.toFixed(2)}: ${ratio.median >= BAR ? 'met' : '**missed**'} | ${GOAL.toFixed(2)} |`);
