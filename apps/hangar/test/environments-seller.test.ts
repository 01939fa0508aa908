import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createMachinesClient, createOAuthClient, createUpstream } from '@hangar/flyio';
import { createTigrisClient } from '@hangar/flyio/tigris';
import { createGateway } from '@hangar/gateway';
import { createProvider } from '@hangar/provider';
import { createSealer, Secret } from '@hangar/security';
import { createOutgoing } from '@hangar/security/outgoing';
import { createGatewayStore, createProviderStore, type Store } from '@hangar/store';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openAuthority, tokenRows } from '../../../test/harness/authority.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';
import { ENVIRONMENTS_CONFIG_KEYS, environmentsSeller } from '../src/house/environments-seller.ts';

const SECRET = 'hangar-provisioning-secret';
const BASE = 'https://hangar.example/flyio';
const now = () => new Date('2026-11-20T12:00:00Z');
/** Nothing of Fly.io's is asked while an extension is made. */
const NOBODY = 'http://127.0.0.1:9';
const sealer = createSealer([Secret.of(`m1:${randomBytes(32).toString('base64')}`)]);

/** The provider with the environments seller, as the app puts them together. */
function openProcess(store: Pick<Store, 'db'>) {
  const secret = () => Secret.of(randomBytes(16).toString('hex'));
  const outgoing = createOutgoing({ allowedOrigins: [] });
  const authority = openAuthority(tokenRows(store), now, { sealer });
  const gateway = createGateway({
    verifier: authority.verifier,
    store: createGatewayStore(store.db),
    machines: createMachinesClient({ baseUrl: NOBODY, token: secret }),
    api: createUpstream({ baseUrl: NOBODY, token: secret }),
    tokens: authority.fetch,
    tigris: createTigrisClient({
      s3Endpoint: NOBODY,
      iamEndpoint: NOBODY,
      accessKeyId: 'nobody',
      secretAccessKey: secret(),
    }),
    sealer,
    revokeAppTokens: async () => {},
    prices: undefined,
    installation: 'i1',
    organization: 'operator',
    allowedOrgs: ['operator'],
    storageEndpoint: NOBODY,
    now,
  });
  const provider = createProvider({
    publicBaseUrl: BASE,
    providerSlug: 'hangar',
    provisioningSecrets: [Secret.of(SECRET)],
    webhookSecret: secret(),
    webhookUrl: NOBODY,
    oauth: createOAuthClient({
      clientId: 'hangar',
      clientSecret: secret(),
      redirectUri: `${BASE}/callback`,
      apiUrl: 'https://fly.example',
      outgoing,
    }),
    store: createProviderStore(store.db),
    sealer,
    outgoing,
    configKeys: ENVIRONMENTS_CONFIG_KEYS,
    seller: environmentsSeller({ gateway, authority, gatewayUrl: 'https://api.hangar.example' }),
    landing: (id) => `/extensions/${id}`,
    cookie: { secure: true },
    now,
  });
  return { provider, authority };
}
type Process = ReturnType<typeof openProcess>;

let database: TestDatabase;
let here: Process;
beforeAll(async () => {
  database = await openTestDatabase();
  here = openProcess(database);
});
afterAll(async () => await database.close());

function signed(id: string, name = id): { body: string; signature: string } {
  const body = JSON.stringify({
    id,
    name,
    organization_id: 'org1',
    organization_name: 'Pilots',
    user_id: 'user1',
    user_email: 'pilot@customer.fly.io',
    user_role: 'admin',
    primary_region: 'fra',
    url: `${BASE}/extensions`,
    nonce: randomBytes(16).toString('hex'),
    timestamp: now().getTime() / 1000,
  });
  return { body, signature: createHmac('sha256', SECRET).update(body).digest('hex') };
}

async function send(message: ReturnType<typeof signed>, to: Process = here) {
  const request = new Request(`http://inside.invalid/flyio/extensions`, {
    method: 'POST',
    headers: { 'x-signature': message.signature, 'content-type': 'application/json' },
    body: message.body,
  });
  const answer = await to.provider.fetch(request, {
    rawTarget: '/flyio/extensions',
    requestId: 'request-of-test',
    onError: () => {},
  });
  const json = (await answer.json()) as { id: string; name: string; config: Record<string, string> };
  return { status: answer.status, json };
}

/** Rows that tell of an extension of this name, table by table. */
async function rowsOf(name: string): Promise<Record<string, number>> {
  const { rows } = await database.execute(
    `with extension as (select id::text from extensions where requested_name = $1),
      workspace as (select number from gateway_workspaces where extension_id in (select id from extension)),
      token as (select id, workspace from authority_tokens where name = $1)
     select (select count(*)::int from extension) as extensions,
      (select count(*)::int from workspace) as workspaces,
      (select count(*)::int from authority_keys where workspace in (select number from workspace)) as keys,
      (select count(*)::int from token) as tokens,
      (select count(*)::int from authority_token_parts where token in (select id from token)) as parts`,
    [name],
  );
  return rows[0] as Record<string, number>;
}
const ALL = { extensions: 1, workspaces: 1, keys: 1, tokens: 1, parts: 1 };
const NOTHING = { extensions: 0, workspaces: 0, keys: 0, tokens: 0, parts: 0 };

test('a bought extension is a workspace, a key and a token that works in every process', async () => {
  const other = await database.another();
  const elsewhere = openProcess(other);
  const message = signed('bought');
  const transactions = vi.spyOn(database.db, 'transaction');
  const made = await send(message);
  expect(made.status).toBe(201);
  // One statement is a commit by itself.
  expect(transactions).not.toHaveBeenCalled();
  transactions.mockRestore();
  expect(made.json.config).toMatchObject({
    HANGAR_API_URL: 'https://api.hangar.example',
    HANGAR_ORG: expect.stringMatching(/^ws-[a-z2-7]{10}$/),
  });
  expect(await rowsOf('bought')).toEqual(ALL);
  for (const { authority } of [here, elsewhere]) {
    const verdict = await authority.verifier.verify(`FlyV1 ${made.json.config['HANGAR_API_TOKEN']}`);
    expect(verdict).toMatchObject({ ok: true, value: { workspace: expect.any(BigInt) } });
  }
  expect((await send(message, elsewhere)).status).toBe(401);
  const again = await send(signed('bought'), elsewhere);
  expect([again.status, again.json]).toEqual([200, made.json]);
  expect(await rowsOf('bought')).toEqual(ALL);
  await other.close();
});

test('a taken name leaves one workspace, one key and one token for each', async () => {
  const made = await send(signed('second', 'bought'));
  expect([made.status, made.json.name]).toEqual([201, expect.stringMatching(/^bought-[0-9a-f]{8}$/)]);
  const verdict = await here.authority.verifier.verify(`FlyV1 ${made.json.config['HANGAR_API_TOKEN']}`);
  expect(verdict.ok).toBe(true);
});

test('a connection that ends in the middle leaves nothing, and the same bytes may come again', async ({
  skip,
}) => {
  if (!database.concurrent) skip();
  const message = signed('broken');
  await database.db.transaction(async (tx) => {
    await tx.execute(`select 1 from organizations where id = 'org1' for update`);
    const answer = send(message);
    // The nonce is written by then; the evidence waits for the row that is locked here.
    const waiting = `from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    for (;;) {
      const { rows } = await database.execute(`select pid ${waiting}`);
      if (rows.length > 0) break;
      await pause(5);
    }
    await database.execute(`select pg_terminate_backend(pid) ${waiting}`);
    expect((await answer).status).toBe(503);
  });
  expect(await rowsOf('broken')).toEqual(NOTHING);
  const made = await send(message);
  expect([made.status, await rowsOf('broken')]).toEqual([201, ALL]);
});

test('whichever number is taken or was never handed out, what was bought is whole and nothing else is left', async () => {
  const taken = async (statement: string, name: string) => {
    await database.execute(statement);
    const made = await send(signed(name));
    expect([name, made.status, await rowsOf(name)]).toEqual([name, 201, ALL]);
    // By a process that has read nothing before.
    const { authority } = openProcess(database);
    const verdict = await authority.verifier.verify(`FlyV1 ${made.json.config['HANGAR_API_TOKEN']}`);
    expect(verdict.ok).toBe(true);
  };
  await taken(`update authority_counters set value = 0 where name = 'key'`, 'key-not-handed-out');
  // All that this process has at hand.
  await taken(
    `insert into gateway_workspaces (number, slug, extension_id, organization_id, created_at) overriding system value
     select first + place, 'ws-taken-' || place, 'taken-' || place, 'org1', now()
     from (select min(number) as first from gateway_workspaces) as known, generate_series(0, 99) as place
     on conflict do nothing`,
    'number-taken',
  );
  await taken(
    `insert into authority_keys (number, workspace, sealed, created_at, retired_at)
     select number, 1, 'x', now(), now() from generate_series(1, 100) as number on conflict do nothing`,
    'key-taken',
  );
});

test('buying at two processes at once, some names and all requests twice, leaves each whole', async () => {
  const other = await database.another();
  const processes = [here, openProcess(other)] as const;
  const messages = Array.from({ length: 24 }, (_, index) => signed(`many-${index}`, `many-${index % 9}`));
  const answers = await Promise.all(
    [...messages, ...messages].map(async (message, index) => await send(message, processes[index % 2])),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([
    ...Array<number>(24).fill(201),
    ...Array<number>(24).fill(401),
  ]);
  const { rows } = await database.execute(
    `select count(*)::int as extensions, count(distinct w.number)::int as workspaces, count(distinct k.number)::int as keys,
      count(distinct t.id)::int as tokens
     from extensions e left join gateway_workspaces w on w.extension_id = e.id::text
      left join authority_keys k on k.workspace = w.number left join authority_tokens t on t.key_number = k.number
     where e.fly_id like 'many-%' and e.status = 'ready'`,
  );
  expect(rows).toEqual([{ extensions: 24, workspaces: 24, keys: 24, tokens: 24 }]);
  await other.close();
});
