// The gateway beside nginx and beside a bare proxy of Node's own, all in front of the same simulated Machines API: what one warm
// read costs, in processor time of the process in the middle. Needs /proc (Linux); nginx is left out where it is not installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createOriginPool } from '@hangar/security/outgoing';
import { openHouse } from '../apps/hangar/dist/demo/house.js';
import { steps } from '../apps/hangar/dist/demo/steps/index.js';
import { Story } from '../apps/hangar/dist/demo/story.js';
import { freePort, startEmbeddedPostgres } from '../scripts/embedded-postgres.mjs';

const CONNECTIONS = 16;
const ROUNDS = 5;
/** The first thousands of requests cost up to twice as much: the engine compiles them. */
const WARM_UP = Number(process.env.HANGAR_BENCH_WARM_UP ?? 20_000);
const PER_TURN = Number(process.env.HANGAR_BENCH_REQUESTS ?? 4000);
/** What /proc counts in. */
const TICKS_PER_SECOND = 100;

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
  const bare = await bareProxy(upstream, operator);
  const nginx = await startNginx(upstream, operator);
  const gateway = { pid: house.servers[0].process.pid, url: house.gatewayUrl };
  const candidates = [
    ...(nginx ? [{ name: 'nginx, one worker, no checks', ...nginx, path }] : []),
    { name: 'node:http and undici `dispatch`, no checks', ...bare, path },
    { name: 'gateway, warm token', ...gateway, path, token: story.token },
    { name: 'gateway, malformed token', ...gateway, path, token: 'fm2_nonsense', expected: 401 },
    { name: 'gateway, unknown route', ...gateway, path: '/v1/nothing', token: story.token, expected: 404 },
  ];
  for (const candidate of candidates)
    candidate.pool = createOriginPool(candidate.url, { connections: CONNECTIONS });
  for (const candidate of candidates) await load(candidate, WARM_UP);
  const used = candidates.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, candidate] of candidates.entries()) {
      const before = ticksOf(candidate.pid);
      await load(candidate, PER_TURN);
      const after = ticksOf(candidate.pid);
      const micros = (count) => (count / TICKS_PER_SECOND / PER_TURN) * 1_000_000;
      used[index].push({
        user: micros(after.user - before.user),
        system: micros(after.system - before.system),
      });
    }
  }
  for (const { pool } of candidates) await pool.close();
  report(candidates, used, nginx !== undefined);
}

/** So many reads over all connections, each checked. */
async function load({ pool, path, token, expected = 200 }, count) {
  let left = count;
  const headers =
    token === undefined ? {} : { authorization: token.startsWith('FlyV1 ') ? token : `FlyV1 ${token}` };
  const one = async () => {
    while (left > 0) {
      left -= 1;
      const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
      await body.dump();
      if (statusCode !== expected) throw new Error(`${path}: ${statusCode} instead of ${expected}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

/** Processor time of a process so far, in ticks. */
function ticksOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]), system: Number(fields[12]) };
}

/** What Node itself costs: every byte passed on, nothing looked at. */
async function bareProxy(upstream, operator) {
  const port = await freePort();
  const script = fileURLToPath(new URL('bare-proxy.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, String(port), upstream], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OPERATOR_TOKEN: operator },
  });
  closers.push(async () => void child.kill());
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { pid: child.pid, url: `http://127.0.0.1:${port}` };
}

async function startNginx(upstream, operator) {
  if (spawnSync('nginx', ['-v']).error) return undefined;
  const port = await freePort();
  const prefix = join(folder, 'nginx');
  mkdirSync(prefix);
  writeFileSync(
    join(prefix, 'nginx.conf'),
    `daemon off; master_process off; worker_processes 1; pid ${prefix}/pid; error_log ${prefix}/error.log;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${prefix}/a; proxy_temp_path ${prefix}/b; fastcgi_temp_path ${prefix}/c;
  uwsgi_temp_path ${prefix}/d; scgi_temp_path ${prefix}/e; keepalive_requests 1000000;
  upstream machines { server ${new URL(upstream).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://machines; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer ${operator}";
    }
  }
}
`,
  );
  const child = spawn('nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf')], { stdio: 'inherit' });
  closers.push(async () => void child.kill());
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 50; tries += 1) {
    const there = await fetch(url).catch(() => undefined);
    if (there) return { pid: child.pid, url };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('nginx does not answer');
}

function report(candidates, used, hasNginx) {
  const total = ({ user, system }) => user + system;
  const bareIndex = hasNginx ? 1 : 0;
  const over = (index, floor) =>
    spread(used[index].map((each, round) => total(each) / total(used[floor][round])));
  const lines = candidates.map(({ name }, index) => {
    const micros = (of) => median(used[index].map(of)).toFixed(0);
    const nginx = hasNginx ? ` ${over(index, 0)} |` : '';
    return `| ${name} | ${micros((each) => each.user)} + ${micros((each) => each.system)} |${nginx} ${over(index, bareIndex)} |`;
  });
  console.log(
    [
      '## The gateway',
      '',
      `One \`GET\` of a machine at the simulated Machines API, over ${CONNECTIONS} connections, on Postgres: processor time of the process in the middle, user and system. Median of ${ROUNDS} rounds of ${PER_TURN} requests in turn after ${WARM_UP} to warm up, smallest and largest in brackets.${hasNginx ? '' : ' nginx is not installed here.'}`,
      '',
      `| What | µs |${hasNginx ? ' of nginx |' : ''} of the bare proxy |`,
      `| --- | ---: |${hasNginx ? ' ---: |' : ''} ---: |`,
      ...lines,
    ].join('\n'),
  );
}

function spread(values) {
  const two = (value) => value.toFixed(2);
  return `${two(median(values))} (${two(Math.min(...values))}–${two(Math.max(...values))})`;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
