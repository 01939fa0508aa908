import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorld, type Reply, type World } from './world.ts';

let world: World;
const order = {
  app_name: 'own',
  image: 'nginx:1',
  strategy: 'CANARY',
  build_id: 0,
  definition: { env: { KEY: 'planted' } },
};

const ask = async (method: string, target: string, body?: unknown): Promise<Reply> =>
  await world.ask(method, target, { token: world.token, body });
const current = async (): Promise<unknown> => (await ask('GET', '/api/v1/apps/own/releases/current')).json;

const rowsOf = async (text: string): Promise<readonly Record<string, unknown>[]> =>
  (await world.database.execute(text)).rows as Record<string, unknown>[];

beforeAll(async () => {
  world = await openWorld();
  await ask('POST', '/v1/apps', { name: 'own' });
});
afterAll(async () => await world.close());

it('a release is numbered within its app, and told of by its id', async () => {
  expect(await ask('GET', '/api/v1/apps/own/releases/current')).toMatchObject({
    status: 404,
    json: { error: 'release not found' },
  });
  const made = await ask('POST', '/api/v1/releases', order);
  expect(made).toMatchObject({
    status: 201,
    json: {
      release: {
        id: 'own.1',
        version: 1,
        status: 'pending',
        in_progress: true,
        stable: false,
        strategy: 'CANARY',
      },
    },
  });
  const told = await ask('PATCH', '/api/v1/releases/own.1', { status: 'complete', metadata: null });
  expect(told).toMatchObject({ status: 200, json: { id: 'own.1', status: 'complete', stable: true } });
  expect(await ask('PATCH', '/api/v1/releases/own.2', { status: 'complete' })).toMatchObject({ status: 404 });
});

it('the current one is the newest that did not end in vain', async () => {
  await ask('POST', '/api/v1/releases', { ...order, image: 'nginx:2' });
  expect(await current()).toMatchObject({ version: 2, image_ref: 'nginx:2', definition: order.definition });
  for (const status of ['failed', 'interrupted']) {
    await ask('PATCH', '/api/v1/releases/own.2', { status });
    expect(await current()).toMatchObject({ version: 1, image_ref: 'nginx:1' });
  }
});

it.each([
  ['no image', { image: undefined }, 'image'],
  ['an image that is no reference', { image: 'a b' }, 'image'],
  ['a strategy that there is not', { strategy: 'HOPE' }, 'strategy'],
  ['a definition that is no object', { definition: [] }, 'definition'],
  ['no app', { app_name: undefined }, 'app_name'],
])('%s is named', async (_, wrong, field) => {
  const answer = await ask('POST', '/api/v1/releases', { ...order, ...wrong });
  expect(answer.status).toBe(422);
  expect((answer.json as unknown as { error: string }).error).toMatch(new RegExp(`^${field}: `));
});

it('a status that there is not is named', async () => {
  expect(await ask('PATCH', '/api/v1/releases/own.1', { status: 'fine' })).toMatchObject({ status: 422 });
});

it('two at once have two numbers, and the last fifty are kept', async () => {
  const before =
    (
      (await ask('GET', '/api/v1/apps/own/releases?limit=1')).json as unknown as {
        releases: { version: number }[];
      }
    ).releases[0]?.version ?? 0;
  const made = await Promise.all(
    Array.from({ length: 60 }, async () => await ask('POST', '/api/v1/releases', order)),
  );
  const versions = made.map(
    ({ json }) => (json as unknown as { release: { version: number } }).release.version,
  );
  expect(new Set(versions).size).toBe(60);
  const { releases } = (await ask('GET', '/api/v1/apps/own/releases?limit=100')).json as unknown as {
    releases: { version: number }[];
  };
  expect(releases.map(({ version }) => version)).toEqual(
    Array.from({ length: 50 }, (_, index) => before + 60 - index),
  );
});

it('none is made, and none told of, without its row in the trail', async () => {
  await world.database.execute(
    `create function refused() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
     create trigger refused before insert on gateway_audit for each row execute function refused()`,
  );
  const before = await rowsOf('select version, status from gateway_releases order by version');
  try {
    expect((await ask('POST', '/api/v1/releases', order)).status).toBeGreaterThanOrEqual(500);
    const told = await ask('PATCH', `/api/v1/releases/own.${String(before.at(-1)?.['version'])}`, {
      status: 'failed',
    });
    expect(told.status).toBeGreaterThanOrEqual(500);
  } finally {
    await world.database.execute('drop trigger refused on gateway_audit; drop function refused()');
  }
  expect(await rowsOf('select version, status from gateway_releases order by version')).toEqual(before);
});

it('what it was made with is sealed, noted as a change, and gone with the environment', async () => {
  const sealed = await rowsOf(`select encode(sealed_definition, 'escape') as text from gateway_releases`);
  expect(sealed).toHaveLength(50);
  expect(JSON.stringify(sealed)).not.toContain('planted');
  await world.gateway.idle();
  const noted = await rowsOf(`select action, count(*)::int as count from gateway_audit
    where action like 'releases.%' and outcome = 'ok' group by action`);
  const counts = Object.fromEntries(noted.map(({ action, count }) => [String(action), count]));
  expect(counts).toMatchObject({ 'releases.create': 62 });
  expect(counts).not.toHaveProperty('releases.order');
  await ask('DELETE', '/v1/apps/own');
  expect(await rowsOf('select version from gateway_releases')).toEqual([]);
});
