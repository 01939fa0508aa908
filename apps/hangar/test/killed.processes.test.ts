import { Secret } from '@hangar/security';
import { openStore } from '@hangar/store';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { type HangarProcess, type Hangars, startHangars } from '../../../test/harness/hangars.ts';
import { call, expectStatus } from '../src/demo/calls.ts';
import { until } from '../src/processes/waiting.ts';

/** Two processes on one Postgres, or one on the embedded database. */
const server = inject('postgresUrl');
/** Where a process is killed: when the simulator has carried out this call and has not answered yet. */
const creating = [
  { door: 'iam', route: '/CreateAccessKey' },
  { door: 'machines', method: 'POST', route: '/v1/apps' },
] as const;
const deleting = [
  { door: 'machines', method: 'DELETE', route: '/v1/apps/*' },
  { door: 'iam', route: '/DeletePolicy' },
] as const;

const order = {
  id: 'killed',
  name: 'killed',
  primary_region: 'fra',
  organization_id: '04La2mblTaz',
  user_id: 'NeBO2G0l0yJ6',
};
const made = z.object({
  extension: z.object({ id: z.string(), config: z.record(z.string(), z.string()) }),
});

let hangars: Hangars;
let token: string;
let extension: string;
beforeAll(async () => {
  hangars = await startHangars({
    ...(server === '' ? {} : { processes: 2, databaseUrl: server }),
    environment: { HANGAR_DELETE_GRACE: '1h' },
  });
  const bought = made.parse((await fly('POST', '/extensions', order)).json).extension;
  extension = bought.id;
  token = bought.config['HANGAR_API_TOKEN'] ?? '';
}, 120_000);
afterAll(async () => await hangars.close(), 60_000);

const fly = async (method: string, path: string, body?: object) =>
  await call({ method, url: `${hangars.flyUrl}/_fly${path}`, body });
const first = (): HangarProcess => hangars.servers[0]!;
/** Whoever is left: the second process, or the first one once it was started again. */
const survivor = (): HangarProcess => hangars.servers.at(-1)!;

const named = z.array(z.object({ name: z.string() }));
const inventory = z.object({
  apps: named,
  buckets: named,
  policies: named,
  access_keys: z.array(z.object({ name: z.string(), status: z.string() })),
});
const left = async () => {
  const {
    apps,
    buckets,
    policies,
    access_keys: keys,
  } = inventory.parse((await fly('GET', '/inventory')).json);
  const own = keys.filter(({ name }) => name.startsWith('hgr-'));
  return [apps.length, buckets.length, policies.length, own.length];
};
const environments = z.object({ environments: z.array(z.object({ name: z.string(), phase: z.string() })) });
const phases = async (): Promise<string[]> => {
  const url = `${survivor().gatewayUrl}/hangar/v1/environments`;
  const shown = expectStatus(await call({ method: 'GET', url, token }), 200);
  return environments.parse(shown).environments.map(({ phase }) => phase);
};

/** Kills the process in the middle of a request, at a moment that is seen from outside, and lets its lease lapse. */
async function killDuring(moment: object, method: string, path: string, body?: object): Promise<void> {
  await fly('POST', '/faults', { ...moment, kind: 'hang', when: 'after', times: 0 });
  const lost = fetch(`${first().gatewayUrl}${path}`, {
    method,
    headers: { authorization: `FlyV1 ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).then(
    () => 'answered',
    (error: Error) => error.message,
  );
  const struck = z.object({ faults: z.array(z.object({ struck: z.number() })) });
  await until(`${JSON.stringify(moment)} was called`, async () => {
    const { faults } = struck.parse((await fly('GET', '/faults')).json);
    return faults.some((fault) => fault.struck > 0) ? true : undefined;
  });
  await first().process.kill();
  expect(await lost).toBe('fetch failed');
  await fly('DELETE', '/faults');
  await fly('POST', '/clock', { advance_seconds: 60 });
  if (survivor() === first()) await first().restart();
}

describe('KEY-4: a process that is killed with SIGKILL', () => {
  test(
    'while it makes and while it deletes an environment is followed by one that completes it (GATE-9)',
    { timeout: 240_000 },
    async () => {
      for (const [index, moment] of creating.entries()) {
        const name = `killed-${index}`;
        await killDuring(moment, 'POST', '/v1/apps', { name });
        await until(
          'it is completed',
          async () => ((await phases())[0] === 'ready' ? true : undefined),
          60_000,
        );
        expect(await left()).toEqual([1, 1, 1, 1]);
        if (!first().process.isAlive()) await first().restart();
        await killDuring(deleting[index]!, 'DELETE', `/v1/apps/${name}`);
        await until('it is gone', async () => ((await phases()).length === 0 ? true : undefined), 60_000);
        expect(await left()).toEqual([0, 0, 0, 0]);
        if (!first().process.isAlive()) await first().restart();
      }
    },
  );

  test.skipIf(server === '')(
    'while a provisioning waits in the database leaves all of it or nothing, and the next try is answered in full',
    { timeout: 120_000 },
    async () => {
      const store = await openStore({ databaseUrl: Secret.of(hangars.databaseUrl ?? '') });
      const extra = { ip_address: 'fdaa:0:47fb:0:1::1d' };
      const bought = { ...order, id: 'killed-at-once', name: 'killed-at-once', extra };
      await store.db.transaction(async (tx) => {
        await tx.execute(`select 1 from organizations where id = '${order.organization_id}' for update`);
        const lost = fly('POST', '/extensions', bought).catch(() => undefined);
        await until('it waits in the middle of its statement', async () => {
          const { rows } = await store.execute(
            `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
          );
          return rows.length > 0 ? true : undefined;
        });
        await first().process.kill();
        await lost;
      });
      await first().restart();
      const again = made.parse(expectStatus(await fly('POST', '/extensions', bought), 200, 201)).extension;
      const { rows } = await store.execute(
        `select (select count(*)::int from extensions where id::text = $1) as extensions,
           (select count(*)::int from gateway_workspaces where extension_id = $1) as workspaces,
           (select count(*)::int from authority_tokens where name = 'killed-at-once') as tokens`,
        [again.id],
      );
      expect(rows).toEqual([{ extensions: 1, workspaces: 1, tokens: 1 }]);
      const url = `${first().gatewayUrl}/v1/apps`;
      expectStatus(await call({ method: 'GET', url, token: again.config['HANGAR_API_TOKEN'] ?? '' }), 200);
      await store.close();
    },
  );

  test(
    'in the middle of the grace of a deleted extension is followed by one that destroys the data in time',
    { timeout: 240_000 },
    async () => {
      const url = `${first().gatewayUrl}/v1/apps`;
      expectStatus(await call({ method: 'POST', url, token, body: { name: 'graceful' } }), 201);
      expectStatus(await fly('DELETE', `/extensions/${extension}`), 200, 202, 204);
      expectStatus(await call({ method: 'GET', url, token }), 401);
      const { access_keys: keys } = inventory.parse((await fly('GET', '/inventory')).json);
      expect(keys.filter(({ name }) => name.startsWith('hgr-'))).toMatchObject([{ status: 'Inactive' }]);
      for (const { process } of hangars.servers) await process.kill();
      await fly('POST', '/clock', { advance_seconds: 3_000 });
      await survivor().restart();
      expect(await left()).toEqual([1, 1, 1, 1]);
      await fly('POST', '/clock', { advance_seconds: 700 });
      await until(
        'the data is gone',
        async () => ((await left()).every((count) => count === 0) ? true : undefined),
        60_000,
      );
    },
  );
});
