import { hangarCaveats, narrowTokens } from '@hangar/authority';
import { caveatsFromJson, LOCATIONS } from '@hangar/macaroon';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { call } from '../src/demo/calls.ts';
import { type DemoHouse, openHouse } from '../src/demo/house.ts';
import { provision } from '../src/demo/steps/provision.ts';
import { Story } from '../src/demo/story.ts';
import { until } from '../src/processes/waiting.ts';

let house: DemoHouse;
let story: Story;

/** Two processes where the database allows it; both are asked directly, without a balancer in between. */
beforeAll(async () => {
  const server = inject('postgresUrl');
  house = await openHouse({
    processes: server === '' ? 1 : 2,
    databaseUrl: server === '' ? undefined : server,
    onLine: () => {},
    built: true,
  });
  story = new Story(house, false);
  await provision.play(story);
}, 120_000);
afterAll(async () => await house.close());

function narrowed(...caveats: readonly { type: string; body: unknown }[]): string {
  const parsed = caveatsFromJson(JSON.stringify(caveats), hangarCaveats());
  if (!parsed.ok) throw new Error(parsed.reason.detail);
  const result = narrowTokens(story.token, parsed.value, LOCATIONS.permission);
  if (!result.ok) throw new Error(result.reason.tag);
  return result.value;
}

interface Told {
  readonly id: string;
  readonly token: string;
  readonly code: string;
}

async function ask(token: string, method: string, path: string, body?: unknown, at?: number) {
  const { hostname, port } = new URL(at === undefined ? house.publicUrl : (house.servers[at]?.url ?? ''));
  const url =
    at === undefined ? `${house.gatewayUrl}${path}` : `http://${hostname}:${Number(port) + 1}${path}`;
  const answer = await call({ method, url, token, body });
  return { status: answer.status, json: (answer.json ?? {}) as Told };
}

const advance = async (seconds: number) =>
  await call({ method: 'POST', url: story.fly('/clock'), body: { advance_seconds: seconds } });

describe('a running Hangar', { timeout: 120_000 }, () => {
  test('gives the last place under max_live to one of many requests, whichever process they reach', async () => {
    const token = narrowed({
      type: 'EnvCreate',
      body: { key_prefix: 'last-', max_live: 1, max_ttl_s: 86_400 },
    });
    const answers = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(
        async (number) =>
          await ask(
            token,
            'POST',
            '/hangar/v1/environments',
            { name: `last-${number}` },
            number % house.servers.length,
          ),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 403, 403, 403, 403, 403]);
  });

  test('ends the token of an app with the app', async () => {
    await ask(story.token, 'POST', '/v1/apps', { name: 'short-lived' });
    const minted = await ask(story.token, 'POST', '/hangar/v1/tokens', {
      name: 'robot',
      preset: 'app-control',
      app: 'short-lived',
      expires_in: '1h',
    });
    const robot = minted.json.token;
    expect((await ask(robot, 'GET', '/v1/apps/short-lived')).status).toBe(200);
    expect((await ask(story.token, 'DELETE', '/v1/apps/short-lived')).status).toBe(202);
    await until('the token ends on every process', async () => {
      const each = await Promise.all(
        house.servers.map(async (_, at) => await ask(robot, 'GET', '/v1/apps/short-lived', undefined, at)),
      );
      return each.every(({ status, json }) => status === 401 && json.code === 'token_revoked')
        ? true
        : undefined;
    });
  });

  test('knows what a budget has cost, by the price list, and ends an environment in time', async () => {
    const budget = narrowed({ type: 'Spend', body: { amount: 50, currency: 'USD', period: 'total' } });
    const guest = { cpu_kind: 'performance', cpus: 8, memory_mb: 16_384 };
    await ask(budget, 'POST', '/hangar/v1/environments', { name: 'costly', ttl: '3h' });
    const machine = await ask(budget, 'POST', '/v1/apps/costly/machines', {
      region: 'fra',
      config: { image: 'acme/x:1', guest },
    });
    const path = `/v1/apps/costly/machines/${machine.json.id}`;
    await ask(budget, 'GET', `${path}/wait?state=started&timeout=30`);
    await ask(budget, 'GET', path);
    await advance(7200);
    await until('the budget is used up', async () => {
      const refused = await ask(budget, 'POST', `${path}/restart`);
      return refused.status === 403 && refused.json.code === 'caveat_denied' ? true : undefined;
    });
    expect((await ask(story.token, 'GET', '/v1/apps/costly')).status).toBe(200);
    await advance(3700);
    await until('the environment is gone', async () =>
      (await ask(story.token, 'GET', '/v1/apps/costly')).status === 404 ? true : undefined,
    );
  });
});
