// The simulator alone: how soon after its start it answers, and what one list of machines costs it, beside the least that Node itself
// needs. HANGAR_BENCH_BASELINE names the folder of an older checkout, built, to compare with. Needs /proc (Linux).
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createOriginPool } from '@hangar/security/outgoing';

const CONNECTIONS = 8;
const ROUNDS = 9;
const STARTS = 11;
const WARM_UP = 8000;
const PER_TURN = 3000;
/** What /proc counts in. */
const TICKS_PER_SECOND = 100;
const APP = '/v1/apps/bench';
/** What flyctl asks before most commands. */
const QUESTION = JSON.stringify({
  query: `query ($appName: String!) { appcompact: app(name: $appName) { id internalNumericId name hostname cnameTarget deployed network status
    appUrl platformVersion organization { id internalNumericId slug paidPlan } postgresAppRole: role { name } } }`,
  variables: { appName: 'bench' },
});
const LIST = { door: 'machines', method: 'GET', path: `${APP}/machines` };
const ASK = { door: 'api', method: 'POST', path: '/graphql', body: QUESTION };
const headers = {
  authorization: 'Bearer fo1_simulated-operator-token',
  'content-type': 'application/json',
};

if (!existsSync('/proc/self/stat')) {
  console.log('## The simulator\n\nNot measured: this system has no /proc.');
  process.exit(0);
}

const MAIN = 'packages/simulator/dist/main.js';
const baseline = process.env.HANGAR_BENCH_BASELINE;
const folder = fileURLToPath(new URL('..', import.meta.url));
const candidates = [
  { name: 'node:http alone, a constant answer', script: `${folder}bench/bare-answer.mjs`, bare: true },
  ...(baseline
    ? [{ name: 'the older build', script: `${baseline.replace(/\/$/, '')}/${MAIN}`, args: ['--json'] }]
    : []),
  { name: 'simulator', script: `${folder}${MAIN}`, args: ['--json'] },
];
const older = baseline ? 1 : undefined;

const starts = candidates.map(() => []);
for (let round = 0; round < STARTS; round += 1)
  for (const [index, candidate] of candidates.entries()) starts[index].push(await timedStart(candidate));

const lists = candidates.map(() => []);
const questions = candidates.map(() => []);
const running = [];
try {
  for (const candidate of candidates) running.push(await started(candidate));
  for (const [index, one] of running.entries())
    if (!candidates[index].bare)
      await post(`${one.doors.machines}/v1/apps`, { app_name: 'bench', org_slug: 'operator' });
  for (const [index, one] of running.entries()) if (!candidates[index].bare) await machine(one);
  for (const one of running)
    one.pools = {
      machines: createOriginPool(one.doors.machines, { connections: CONNECTIONS }),
      api: createOriginPool(one.doors.api, { connections: CONNECTIONS }),
    };
  for (const one of running) for (const work of [LIST, ASK]) await load(one, work, WARM_UP);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, one] of running.entries()) {
      lists[index].push(await costOf(one, LIST));
      questions[index].push(await costOf(one, ASK));
    }
  }
} finally {
  for (const { pools, child } of running) {
    for (const pool of Object.values(pools ?? {})) await pool.close();
    child.kill();
  }
}
report();

/** Milliseconds, and processor time in ms, from the start of the process to the last byte of its first answer. */
async function timedStart(candidate) {
  const began = performance.now();
  const one = await started(candidate);
  await answered(one.doors.api, '/_fly/health');
  const ms = performance.now() - began;
  await answered(one.doors.machines, '/v1/apps?org_slug=operator');
  const machinesMs = performance.now() - began;
  const cpuMs = cpuMicros(one.child.pid) / 1000;
  one.child.kill('SIGKILL');
  return { ms, machinesMs, cpuMs };
}

async function answered(url, path) {
  const response = await fetch(`${url}${path}`, { headers });
  await response.text();
}

async function started({ script, args = [] }) {
  const child = spawn(process.execPath, [script, '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) return { child, doors: JSON.parse(line) };
  throw new Error(`${script} said nothing`);
}

async function post(url, body) {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return await response.json();
}

/** One machine, started. */
async function machine({ doors }) {
  const config = { image: 'nginx', guest: { cpus: 1, memory_mb: 256, cpu_kind: 'shared' } };
  const { id } = await post(`${doors.machines}${APP}/machines`, { config });
  await answered(doors.machines, `${APP}/machines/${id}/wait?timeout=30`);
}

/** Microseconds of processor time of each request of a turn. */
async function costOf(one, work) {
  const before = cpuMicros(one.child.pid);
  await load(one, work, PER_TURN);
  return (cpuMicros(one.child.pid) - before) / PER_TURN;
}

/** So many requests over all connections, each checked. */
async function load({ pools }, { door, ...request }, count) {
  let left = count;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      const { statusCode, body } = await pools[door].request({ ...request, headers });
      await body.dump();
      if (statusCode !== 200) throw new Error(`${statusCode} instead of 200`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

function cpuMicros(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000_000;
}

function report() {
  const column = (index, of) => starts[index].map(of);
  const cells = (values, of, digits) => [
    spread(values(of), digits),
    spread(ratios(values(of), values(0)), 2),
    ...(older === undefined ? [] : [spread(ratios(values(of), values(older)), 2)]),
  ];
  const rows = (title, values, digits) =>
    candidates.map(
      ({ name }, index) => `| ${name} | ${title} | ${cells(values, index, digits).join(' | ')} |`,
    );
  const more = older === undefined ? ['', ''] : [' of the older build |', ' ---: |'];
  console.log(
    [
      '## The simulator',
      '',
      `Alone, with an empty world: from the start of the process to the last byte of its first answer, \`/_fly/health\` and then the apps of an organization, median of ${STARTS} starts in turn; and processor time, user and system, of one list of one machine, and of what flyctl asks about an app by GraphQL, over ${CONNECTIONS} connections, median of ${ROUNDS} rounds of ${PER_TURN} in turn after ${WARM_UP} to warm up. Smallest and largest in brackets.`,
      '',
      `| What | Figure | measured | of node:http |${more[0]}`,
      `| --- | --- | ---: | ---: |${more[1]}`,
      ...rows('ms to the first answer', (index) => column(index, ({ ms }) => ms), 0),
      ...rows(
        'ms to the first answer of the Machines API',
        (index) => column(index, ({ machinesMs }) => machinesMs),
        0,
      ),
      ...rows('ms of processor time until then', (index) => column(index, ({ cpuMs }) => cpuMs), 0),
      ...rows('µs of processor time a list', (index) => lists[index], 0),
      ...rows('µs of processor time a question of GraphQL', (index) => questions[index], 0),
      '',
      `A question of GraphQL costs the simulator ${spread(ratios(questions.at(-1), lists.at(-1)), 2)} times a list.`,
    ].join('\n'),
  );
}

function ratios(values, floor) {
  return values.map((value, round) => value / floor[round]);
}

function spread(values, digits) {
  const sorted = values.toSorted((a, b) => a - b);
  const text = (value) => value.toFixed(digits);
  return `${text(sorted[Math.floor(sorted.length / 2)])} (${text(sorted[0])}–${text(sorted.at(-1))})`;
}
