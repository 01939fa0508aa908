// Webhooks on their way out, beside the least that a claim loop can be: claim, send, mark, without order, snapshot or record.
import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { createOAuthClient } from '@hangar/flyio';
import { createProvider } from '@hangar/provider';
import { createSealer, Secret } from '@hangar/security';
import { createOutgoing } from '@hangar/security/outgoing';
import { createProviderStore, openStore, OUTBOX_CHANNEL } from '@hangar/store';
import pg from 'pg';
import { withServer } from './postgres.mjs';

const ROUNDS = 5;
const EXTENSIONS = 500;
const FOR_EACH = 4;
const AT_ONCE = 16;
const WAKES = 50;

await withServer(async (server) => {
  const url = await server.createDatabase('outbox');
  const store = await openStore({ databaseUrl: Secret.of(url) });
  const receiver = fork(new URL('./receiver.mjs', import.meta.url));
  const told = async () => await new Promise((resolve) => receiver.once('message', resolve));
  const { port } = await told();
  const address = `http://127.0.0.1:${port}`;
  const outgoing = createOutgoing({ allowedOrigins: [address] });
  const secret = () => Secret.of(randomBytes(24).toString('hex'));
  const open = (db) =>
    createProvider({
      publicBaseUrl: 'https://bench.example/flyio',
      providerSlug: 'bench',
      provisioningSecrets: [secret()],
      webhookSecret: secret(),
      webhookUrl: address,
      oauth: createOAuthClient({
        clientId: 'bench',
        clientSecret: secret(),
        redirectUri: 'https://bench.example/flyio/callback',
        apiUrl: 'https://fly.example',
        outgoing,
      }),
      store: createProviderStore(db),
      sealer: createSealer([Secret.of(`k1:${randomBytes(32).toString('base64')}`)]),
      outgoing,
      configKeys: [],
      seller: { provision: async () => ({ config: {} }), deprovision: async () => {} },
      landing: () => '/',
      cookie: { secure: true },
    });

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`
  insert into organizations (id, created_at, evidence_at) values ('o', now(), now());
  insert into users (id, created_at, evidence_at) values ('u', now(), now());
  insert into extensions (id, name, requested_name, organization_id, user_id, read_regions, options, status, fingerprint,
    created_at, updated_at, provisioned_at)
  select gen_random_uuid(), 'e' || n, 'e' || n, 'o', 'u', '{}', '{}', 'ready', 'f', now(), now(), now()
  from generate_series(1, ${EXTENSIONS}) n;
  create table bare (id uuid primary key, sequence bigint generated always as identity, state text, body text,
    claimed_until timestamptz);
  create index bare_due on bare (sequence) where state = 'pending'`);
  const { rows: extensions } = await client.query('select id from extensions');

  const provider = open(store.db);
  const webhooks = provider.tasks.find(({ name }) => name === 'provider.webhooks');
  async function ours() {
    await client.query(`
    delete from outbox;
    insert into outbox (id, extension_id, action, state, attempts, replay, created_at, scheduled_from, next_at)
    select gen_random_uuid(), id, 'resource.updated', 'pending', 0, false, now(), now(), now()
    from extensions, generate_series(1, ${FOR_EACH})`);
    await webhooks.run(new AbortController().signal);
  }

  const pool = new pg.Pool({ connectionString: url, max: 10 });
  async function bare() {
    await client.query(`
    delete from bare;
    insert into bare (id, state, body) select gen_random_uuid(), 'pending', repeat('x', 400)
    from generate_series(1, ${EXTENSIONS * FOR_EACH})`);
    for (;;) {
      const { rows } = await pool.query({
        name: 'bare_claim',
        text: `update bare set claimed_until = now() + interval '45 s' where id in (
          select id from bare where state = 'pending' and (claimed_until is null or claimed_until < now())
          order by sequence limit ${AT_ONCE} for update skip locked)
        returning id, body`,
      });
      if (rows.length === 0) return;
      await Promise.all(
        rows.map(({ id, body }) =>
          outgoing.send({ method: 'POST', url: address, headers: { 'webhook-id': id }, body }),
        ),
      );
      await pool.query({
        name: 'bare_mark',
        text: `update bare set state = 'delivered' where id = any($1)`,
        values: [rows.map(({ id }) => id)],
      });
    }
  }

  const timed = async (work) => {
    const started = performance.now();
    await work();
    return performance.now() - started;
  };
  await ours();
  await bare();
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [one, other] = [await timed(ours), await timed(bare)];
    rounds.push({ ratio: other / one, rate: (EXTENSIONS * FOR_EACH * 1_000) / one });
  }

  // Somebody else announces; this process sleeps until the database wakes it.
  const elsewhere = await openStore({ databaseUrl: Secret.of(url) });
  const announcer = createProviderStore(elsewhere.db);
  const stopListening = await store.listen(OUTBOX_CHANNEL, () => provider.webhooks.wake());
  await client.query('delete from outbox');
  let sent = (ROUNDS + 1) * 2 * EXTENSIONS * FOR_EACH;
  const delays = [];
  for (let wake = 0; wake < WAKES; wake += 1) {
    sent += 1;
    const arrived = told();
    receiver.send({ until: sent });
    const { id } = extensions[wake % extensions.length];
    await announcer.extensions.change(id, () => ({
      set: { statusDetail: randomUUID() },
      announce: 'resource.updated',
      result: undefined,
    }));
    const committed = Date.now();
    delays.push((await arrived).at - committed);
    await provider.idle();
  }

  await stopListening();
  receiver.disconnect();
  await outgoing.close();
  await pool.end();
  await client.end();
  await elsewhere.close();
  await store.close();

  const shown = (values, digits) => {
    const sorted = values.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    return `${median.toFixed(digits)} (${sorted[0].toFixed(digits)}–${sorted.at(-1).toFixed(digits)})`;
  };
  console.log(`## Outbox

${EXTENSIONS * FOR_EACH} webhooks of ${EXTENSIONS} extensions, ${AT_ONCE} side by side, to a receiver in a process of its own; in turn with a bare loop that claims
${AT_ONCE} rows, sends them and marks them. Ours keeps the order of each extension, sends the newest snapshot, signed, and records every
attempt. Every commit is flushed. Median of ${ROUNDS} rounds, smallest and largest in brackets.

| What | Measured | bar | goal |
| --- | ---: | ---: | ---: |
| rate, of the bare loop's | ${shown(
    rounds.map((each) => each.ratio),
    2,
  )} | 0.35 | 0.50 |
| webhooks a second | ${shown(
    rounds.map((each) => each.rate),
    0,
  )} | | |
| ms from another process's commit to the receiver, idle before | ${shown(delays, 0)} | 10 | 5 |`);
});
