// Signed provisionings of the environments seller, beside pgbench on the same statement and on the least that such a thing needs.
import { createHmac, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import pg from 'pg';
import { createProviderStore, openStore } from '@hangar/store';
import { Secret } from '@hangar/security';
import { startHangar } from './hangar.mjs';
import { commitsOf, findPgbench, pgbench, withServer } from './postgres.mjs';
import { floorScript, FLOOR_TABLES, statementScript } from './provisioning-statements.mjs';

const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 20;
const WARM_UP_CALLS = 2_000;

await withServer(async (server) => {
  const hangarUrl = await server.createDatabase('hangar');
  const hangar = await startHangar({ databaseUrl: hangarUrl, folder: server.folder });
  const admin = new pg.Client({ connectionString: hangarUrl });
  await admin.connect();

  let counter = 0;
  async function provision(agent) {
    counter += 1;
    const id = `bench-${counter}-${randomBytes(6).toString('hex')}`;
    const body = JSON.stringify({
      name: id,
      id,
      organization_id: `organization-${id}`,
      organization_name: 'High Flyers',
      user_id: `user-${id}`,
      user_email: 'v9WvKokd@customer.fly.io',
      user_role: 'admin',
      primary_region: 'mad',
      ip_address: 'fdaa:0:47fb:0:1::1d',
      read_regions: ['syd', 'scl'],
      url: `${hangar.publicUrl}/flyio/extensions`,
      nonce: randomBytes(16).toString('hex'),
      timestamp: Math.floor(Date.now() / 1_000),
    });
    const { status, text } = await post(body, agent);
    if (status !== 201) throw new Error(`answered ${status}: ${text}`);
  }

  async function post(body, agent) {
    const signature = createHmac('sha256', hangar.provisioningSecret).update(body).digest('hex');
    return await new Promise((resolve, reject) => {
      const asked = request(
        `${hangar.publicUrl}/flyio/extensions`,
        {
          method: 'POST',
          agent,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            'x-signature': signature,
          },
        },
        (answer) => {
          const parts = [];
          answer.on('data', (part) => parts.push(part));
          answer.on('end', () =>
            resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString() }),
          );
          answer.on('error', reject);
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  /** As many as go, until `isOver`. */
  async function load(isOver) {
    // Connections of their own each time: pgbench blocks this process for longer than a server keeps an idle one.
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const took = [];
    const one = async () => {
      while (!isOver(took.length)) {
        const started = performance.now();
        await provision(agent);
        took.push(performance.now() - started);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, one));
    agent.destroy();
    return took;
  }

  await load((done) => done >= WARM_UP_CALLS);
  const path = findPgbench();
  const benchUrl = await server.createDatabase('pgbench');
  await (await openStore({ databaseUrl: Secret.of(benchUrl) })).close();
  const bench = new pg.Client({ connectionString: benchUrl });
  await bench.connect();
  await bench.query(FLOOR_TABLES);
  await bench.query(`insert into authority_counters (name, value) values ('key', 9000000000000000)`);
  await bench.end();
  const { script, constants } = await statementScript((db) => createProviderStore(db));
  const pg10 = (name, text, more = {}) =>
    path === undefined
      ? undefined
      : pgbench({
          path,
          url: benchUrl,
          folder: server.folder,
          name,
          script: text,
          constants: more,
          seconds: SECONDS,
        });

  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = { commits: await commitsOf(admin), cpu: hangar.cpuSeconds() };
    const started = performance.now();
    const took = await load(() => performance.now() - started > SECONDS * 1_000);
    const seconds = (performance.now() - started) / 1_000;
    const cpu = hangar.cpuSeconds();
    const calls = took.length;
    rounds.push({
      rate: calls / seconds,
      cpu: cpu === undefined ? undefined : ((cpu - before.cpu) / calls) * 1_000,
      commits: ((await commitsOf(admin)) - before.commits) / calls,
      p50: took.toSorted((a, b) => a - b)[Math.floor(calls / 2)],
      floor: pg10('floor', floorScript()),
      own: pg10('own', script, constants),
    });
  }
  await admin.end();
  await hangar.stop();

  const spread = (values) => {
    const sorted = values.toSorted((a, b) => a - b);
    return { median: sorted[Math.floor(sorted.length / 2)], least: sorted[0], most: sorted.at(-1) };
  };
  const shown = (values, digits) => {
    if (values.some((value) => value === undefined || Number.isNaN(value))) return 'not measured';
    const { median, least, most } = spread(values);
    return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
  };
  const ratio = (name) =>
    rounds.map((each) => (each[name] === undefined ? undefined : each.rate / each[name]));
  console.log(`## Provisioning

Signed \`POST /flyio/extensions\` at one \`hangar serve\` with the environments seller, ${CONNECTIONS} connections, each call another
organization; in turn with pgbench, 10 connections, prepared, on the same server. The floor statement inserts into five tables with their
primary keys alone; our own writes the rows of a provisioning. Every commit is flushed. Median of ${ROUNDS} rounds of ${SECONDS} s, smallest and
largest in brackets; load, server and database share the processors.

| What | Measured | bar | goal |
| --- | ---: | ---: | ---: |
| rate, of pgbench on the floor statement | ${shown(ratio('floor'), 3)} | 0.12 | 0.25 |
| rate, of pgbench on our own statement | ${shown(ratio('own'), 3)} | 0.25 | 0.40 |
| commits for each, of those that write | ${shown(
    rounds.map((each) => each.commits),
    2,
  )} | 2 | 1 |
| ms of processor time of the server for each | ${shown(
    rounds.map((each) => each.cpu),
    2,
  )} | | |
| ms until half of the calls are answered | ${shown(
    rounds.map((each) => each.p50),
    1,
  )} | | |
| calls a second | ${shown(
    rounds.map((each) => each.rate),
    0,
  )} | | |`);
});
