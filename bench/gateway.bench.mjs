// The gateway beside nginx and beside a bare proxy of Node's own, all in front of the same simulated Machines API: what one
// request costs, in processor time of the process in the middle. Needs /proc (Linux); nginx is left out where it is not installed.
import { existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOriginPool } from '@hangar/security/outgoing';
import { openHouse } from '../apps/hangar/dist/demo/house.js';
import { steps } from '../apps/hangar/dist/demo/steps/index.js';
import { narrowed } from '../apps/hangar/dist/demo/steps/narrow.js';
import { Story } from '../apps/hangar/dist/demo/story.js';
import { createMetrics } from '../apps/hangar/dist/http/metrics.js';
import { note, visitOf } from '../apps/hangar/dist/http/visit.js';
import {
  freePorts,
  hangarScript,
  keepRunning,
  saysServing,
} from '../apps/hangar/dist/processes/keep-running.js';
import { createLog } from '../apps/hangar/dist/processes/log.js';
import { startEmbeddedPostgres } from '../scripts/embedded-postgres.mjs';
import { cpuOf, residentMb, startBareProxy, startBareRefusal, startNginx, startScript } from './proxies.mjs';

const CONNECTIONS = 16;
const MANY_CONNECTIONS = 1000;
const ROUNDS = 5;
/** The first thousands of requests cost up to twice as much: the engine compiles them. */
const WARM_UP = Number(process.env.HANGAR_BENCH_WARM_UP ?? 20_000);
const PER_TURN = Number(process.env.HANGAR_BENCH_REQUESTS ?? 4000);
/** Answers of 10 MiB in a turn. */
const LARGE_PER_TURN = 40;
/** After so many requests resident memory is read. */
const MEMORY_AFTER = 100_000;

if (!existsSync('/proc/self/stat')) {
  console.log('## The gateway\n\nNot measured: this system has no /proc.');
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'hangar-bench-'));
const closers = [async () => rmSync(folder, { recursive: true, force: true })];
try {
  await run();
} finally {
  for (const close of closers.reverse()) await close();
}

async function run() {
  const postgres = await startEmbeddedPostgres(folder);
  closers.push(async () => await postgres.stop());
  const house = await openHouse({ processes: 1, databaseUrl: postgres.url, built: true, onLine: () => {} });
  closers.push(async () => await house.close());
  const story = new Story(house, false);
  for (const step of steps.slice(0, 2)) await step.play(story);

  const path = `/v1/apps/${story.appName}/machines/${story.machineId}`;
  const upstream = `http://127.0.0.1:${Number(new URL(house.flyUrl).port) + 1}`;
  const operator = house.secrets.FLY_API_TOKEN;
  const bare = await startBareProxy(upstream, operator, closers);
  const refusal = await startBareRefusal(closers);
  const nginx = await startNginx(folder, upstream, operator, closers);
  const gateway = { pid: house.servers[0].process.pid, url: house.gatewayUrl };
  const unseen = unseenTokens(await anotherToken(story));
  const warm = { name: 'gateway, warm token', ...gateway, path, token: () => story.token };
  const some = await measured([
    ...(nginx ? [{ name: 'nginx, one worker, no checks', ...nginx, path }] : []),
    { name: 'node:http and undici `dispatch`, no checks', ...bare, path },
    warm,
    { name: 'gateway, a token never seen', ...gateway, path, token: unseen },
    { name: 'node:http alone, always the same 401', ...refusal, path, expected: 401 },
    { name: 'gateway, malformed token', ...gateway, path, token: () => 'fm2_nonsense', expected: 401 },
    {
      name: 'gateway, unknown route',
      ...gateway,
      path: '/v1/nothing',
      token: () => story.token,
      expected: 404,
    },
  ]);
  const afterAll = residentMb(gateway.pid);

  const many = await measured(
    [
      ...(nginx ? [{ name: 'nginx', ...nginx, path }] : []),
      { name: 'node:http and undici `dispatch`', ...bare, path },
      { ...warm, name: 'gateway' },
    ],
    { connections: MANY_CONNECTIONS },
  );
  const behindLarge = await largeAnswers(house, story, operator);
  const fresh = { ...behindLarge.at(-1), path };
  const memory = { afterAll, afterReads: await memoryAfterReads(fresh) };
  const large = await measured(behindLarge, {
    perTurn: LARGE_PER_TURN,
    warmUp: LARGE_PER_TURN,
  });
  report({ some, many, large, memory, noted: costOfNoting() }, nginx !== undefined);
}

/** A token of the same workspace that the gateway was never shown. */
async function anotherToken(story) {
  const answer = await fetch(story.api('/hangar/v1/tokens'), {
    method: 'POST',
    headers: { authorization: `FlyV1 ${story.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', preset: 'readonly', expires_in: '2d' }),
  });
  const { token, ...rest } = await answer.json();
  if (typeof token !== 'string') throw new Error(`no token: ${answer.status} ${JSON.stringify(rest)}`);
  return token;
}

/** Another copy each time, so that none was seen before, nor what it was narrowed from. */
function unseenTokens(base) {
  let notAfter = Math.floor(Date.now() / 1000) + 100_000;
  return () => {
    notAfter += 1;
    return narrowed(base, [{ type: 'ValidityWindow', notBefore: 0, notAfter }]);
  };
}

/** Another process on the same rows, and all proxies, in front of an upstream that has a large answer. */
async function largeAnswers(house, story, operator) {
  const front = await freePorts(4);
  await startScript('large-upstream.mjs', [front, Number(new URL(house.flyUrl).port)], closers);
  const port = await freePorts(2);
  const gatewayUrl = `http://127.0.0.1:${port + 1}`;
  const server = keepRunning({
    script: hangarScript,
    nodeArguments: [],
    args: ['serve'],
    environment: {
      ...house.secrets,
      PORT: String(port),
      HANGAR_GATEWAY_PORT: String(port + 1),
      HANGAR_SIMULATOR_PORT: String(front),
      HANGAR_PUBLIC_URL: house.publicUrl,
      HANGAR_GATEWAY_URL: house.gatewayUrl,
      HANGAR_DATA_DIR: house.dataDir,
      FLY_ALLOWED_ORGS: 'operator',
      DATABASE_URL: house.databaseUrl,
    },
    saysReady: saysServing,
    onLine: () => {},
  });
  closers.push(async () => await server.stop());
  await server.ready;
  const upstream = `http://127.0.0.1:${front + 1}`;
  const path = `/v1/apps/${story.appName}/machines/${story.machineId}/ps`;
  const nginx = await startNginx(folder, upstream, operator, closers);
  return [
    ...(nginx ? [{ name: 'nginx', ...nginx, path }] : []),
    { name: 'node:http and undici `dispatch`', ...(await startBareProxy(upstream, operator, closers)), path },
    { name: 'gateway', pid: server.pid, url: gatewayUrl, path, token: () => story.token },
  ];
}

/** Processor time of each candidate for one request, in rounds. */
async function measured(
  candidates,
  { connections = CONNECTIONS, perTurn = PER_TURN, warmUp = WARM_UP } = {},
) {
  const pools = candidates.map(({ url }) => createOriginPool(url, { connections }));
  const loads = candidates.map((candidate, index) => ({ ...candidate, pool: pools[index], connections }));
  for (const one of loads) await load(one, warmUp);
  const used = candidates.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, one] of loads.entries()) {
      const before = cpuOf(one.pid);
      await load(one, perTurn);
      const after = cpuOf(one.pid);
      used[index].push({
        user: (after.user - before.user) / perTurn,
        system: (after.system - before.system) / perTurn,
      });
    }
  }
  for (const pool of pools) await pool.close();
  return candidates.map(({ name }, index) => ({ name, used: used[index] }));
}

/** So many reads over all connections, each checked. */
async function load({ pool, connections, path, token, expected = 200 }, count) {
  let left = count;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      const headers = token === undefined ? {} : { authorization: `FlyV1 ${token().replace(/^FlyV1 /, '')}` };
      const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
      if (statusCode !== expected)
        throw new Error(`${path}: ${statusCode} instead of ${expected}: ${await body.text()}`);
      for await (const _ of body);
    }
  };
  await Promise.all(Array.from({ length: Math.min(connections, count) }, one));
}

/** Of a process that has done nothing else. */
async function memoryAfterReads(server) {
  const pool = createOriginPool(server.url, { connections: CONNECTIONS });
  await load({ ...server, pool, connections: CONNECTIONS }, MEMORY_AFTER);
  await pool.close();
  return residentMb(server.pid);
}

/** Microseconds of log, redaction and metrics for one answer, by themselves. */
function costOfNoting() {
  const out = openSync('/dev/null', 'w');
  const log = createLog('info', { write: (text) => void writeSync(out, text) });
  const notebook = { name: 'gateway', log, metrics: createMetrics('open') };
  const incoming = {
    method: 'GET',
    url: '/v1/apps/hf-u8123-0a1b2c/machines/e2865021be4983',
    headers: {},
    socket: { remoteAddress: '127.0.0.1' },
  };
  const times = (count) => {
    for (let at = 0; at < count; at += 1) note(visitOf(incoming, {}), incoming, 200, notebook);
  };
  times(WARM_UP);
  const calls = 10 * WARM_UP;
  const before = process.cpuUsage();
  times(calls);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

function report({ some, many, large, memory, noted }, hasNginx) {
  const warm = some.find(({ name }) => name === 'gateway, warm token');
  const share = (noted / median(warm.used.map(total))) * 100;
  console.log(
    [
      '## The gateway',
      '',
      `\`GET\` of a machine at the simulated Machines API, over ${CONNECTIONS} connections, on Postgres: processor time of the process in the middle, user and system. Median of ${ROUNDS} rounds of ${PER_TURN} requests in turn after ${WARM_UP} to warm up, smallest and largest in brackets. A token never seen is another copy each time, narrowed of a token that was never shown.${hasNginx ? '' : ' nginx is not installed here.'}`,
      '',
      ...table(some, hasNginx),
      '',
      `The same over ${MANY_CONNECTIONS} connections:`,
      '',
      ...table(many, hasNginx),
      '',
      `A streamed answer of 10 MiB, ${LARGE_PER_TURN} in a turn:`,
      '',
      ...table(large, hasNginx),
      '',
      '| What | Measured | bar | goal |',
      '| --- | ---: | ---: | ---: |',
      `| log, metrics and redaction by themselves, of a warm request | ${share.toFixed(1)} % | 10 % | |`,
      `| resident memory of \`serve\` after ${MEMORY_AFTER} warm reads | ${memory.afterReads.toFixed(0)} MB | 150 MB | 110 MB |`,
      `| … after ${4 * (WARM_UP + ROUNDS * PER_TURN)} requests of the kinds of the first table, each fourth with another token | ${memory.afterAll.toFixed(0)} MB | | |`,
    ].join('\n'),
  );
}

function table(rows, hasNginx) {
  const bareIndex = hasNginx ? 1 : 0;
  const over = (index, floor) =>
    spread(rows[index].used.map((each, round) => total(each) / total(rows[floor].used[round])));
  return [
    `| What | µs |${hasNginx ? ' of nginx |' : ''} of the bare proxy |`,
    `| --- | ---: |${hasNginx ? ' ---: |' : ''} ---: |`,
    ...rows.map(({ name, used }, index) => {
      const micros = (of) => median(used.map(of)).toFixed(0);
      const nginx = hasNginx ? ` ${over(index, 0)} |` : '';
      return `| ${name} | ${micros((each) => each.user)} + ${micros((each) => each.system)} |${nginx} ${over(index, bareIndex)} |`;
    }),
  ];
}

function total({ user, system }) {
  return user + system;
}

function spread(values) {
  const two = (value) => value.toFixed(2);
  return `${two(median(values))} (${two(Math.min(...values))}–${two(Math.max(...values))})`;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
