import { randomBytes } from 'node:crypto';
import { hangarCaveats, narrowTokens, type Authority } from '@hangar/authority';
import type { Gateway } from '@hangar/gateway';
import { caveatsFromJson, LOCATIONS } from '@hangar/macaroon';
import { silentLog } from '@hangar/http';
import { createSealer, Secret } from '@hangar/security';
import { createGatewayStore, type Store } from '@hangar/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAuthority, tokenRows } from '../../../test/harness/authority.ts';
import { openWorld, plainMachine, type World } from '../../../packages/gateway/test/world.ts';
import { createGatewayDoor } from '../src/http/gateway-door.ts';
import { createMetrics } from '../src/http/metrics.ts';
import { type Listening, serve } from '../src/http/server.ts';
import { environmentsPrices } from '../src/house/usage.ts';

/** A Hangar that listens: its own authority and its own connection to the rows, like one of several processes. */
interface House {
  readonly port: number;
  readonly authority: Authority;
  readonly gateway: Gateway;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  // Whatever a route answers; the tests say which members there are.
  readonly json: Record<string, unknown> & { readonly id: string; readonly name: string };
}

let world: World;
let house: House;
/** Everything of the workspace. */
let root: string;
/** Everything that was asked of Fly.io and Tigris, as text. */
const sent: string[] = [];
const sealer = createSealer([Secret.of(`m1:${randomBytes(32).toString('base64')}`)]);

beforeAll(async () => {
  world = await openWorld();
  house = await openHouse(world.database);
});
afterAll(async () => {
  await house.close();
  await world.close();
});
beforeEach(async () => {
  await world.gateway.environments.deleteAll(world.workspace.number);
  await world.database.execute('update gateway_workspaces set closed_at = null');
  const { token } = await house.authority.tokens.mint({
    workspace: world.workspace.number,
    preset: 'org',
    name: 'root',
    creator: 'test',
    expiresInSeconds: 90 * 86_400,
  });
  root = token;
});

async function openHouse(store: Pick<Store, 'db'>): Promise<House> {
  const now = () => world.simulator.clock.now();
  const authority = openAuthority(tokenRows(store), now, { sealer, monotonicMs: () => now().getTime() });
  const gateway = world.another({
    verifier: authority.verifier,
    store: createGatewayStore(store.db),
    machines: overheard(world.machines),
    tigris: overheard(world.tigris),
    prices: environmentsPrices,
  });
  const listening: Listening = await serve(createGatewayDoor({ gateway, authority }), {
    name: 'gateway',
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    metrics: createMetrics('open'),
  });
  return {
    port: listening.port,
    authority,
    gateway,
    close: async () => await listening.close(100),
  };
}

/** The same client, with everything written down that is asked through it. */
function overheard<T extends object>(client: T): T {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...all: unknown[]): unknown => {
        sent.push(`${String(name)} ${JSON.stringify(all)}`);
        return Reflect.apply(member, target, all) as unknown;
      };
    },
  });
}

/** The root token, narrowed offline by caveats in JSON, as a customer does it. */
function narrowed(text: string, ...caveats: readonly { type: string; body: unknown }[]): string {
  const parsed = caveatsFromJson(JSON.stringify(caveats), hangarCaveats());
  if (!parsed.ok) throw new Error(parsed.reason.detail);
  const result = narrowTokens(text, parsed.value, LOCATIONS.permission);
  if (!result.ok) throw new Error(result.reason.tag);
  return result.value;
}

async function ask(
  token: string,
  method: string,
  path: string,
  more: { body?: unknown; headers?: Record<string, string>; through?: House } = {},
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${(more.through ?? house).port}${path}`, {
    method,
    headers: { authorization: `FlyV1 ${token}`, 'content-type': 'application/json', ...more.headers },
    body: JSON.stringify(more.body),
  });
  const text = await response.text();
  return { status: response.status, json: JSON.parse(text === '' ? '{}' : text) as Answer['json'] };
}

const make = async (token: string, body: Record<string, unknown>, through: House = house) =>
  await ask(token, 'POST', '/hangar/v1/environments', { body, through });

/** Refused by a caveat, which is named in words; and nobody outside heard of it. */
async function expectRefused(
  asking: () => Promise<Answer>,
  caveat: RegExp,
  sentence?: RegExp,
): Promise<void> {
  const before = await everything();
  sent.length = 0;
  const answer = await asking();
  expect(answer).toMatchObject({
    status: 403,
    json: { code: 'caveat_denied', caveat: expect.stringMatching(caveat) as string },
  });
  if (sentence) expect(answer.json['error']).toMatch(sentence);
  expect(sent).toEqual([]);
  expect(await everything()).toEqual(before);
}

async function everything(): Promise<unknown> {
  return [await world.inventory(), await world.store.environmentsOf(world.workspace.number)];
}

/** An app of the root token's with one machine that runs. */
async function running(name: string): Promise<string> {
  expect((await ask(root, 'POST', '/v1/apps', { body: { name } })).status).toBe(201);
  const machine = await ask(root, 'POST', `/v1/apps/${name}/machines`, { body: plainMachine });
  await ask(root, 'GET', `/v1/apps/${name}/machines/${machine.json.id}/wait?state=started&timeout=10`);
  return `/v1/apps/${name}/machines/${machine.json.id}`;
}

const later = (seconds: number) => world.simulator.clock.advance(seconds * 1000);

describe('EnvCreate', () => {
  const ofReviews = (more: object = {}) => ({
    type: 'EnvCreate',
    body: { key_prefix: 'gh:acme/shop#', name_prefix: 'pr-', max_live: 2, max_ttl_s: 3600, ...more },
  });
  const review = (number: number, more: object = {}) => ({
    key: `gh:acme/shop#${number}`,
    name: `pr-${number}-shop`,
    ...more,
  });

  it('makes environments of its own kind, works in them, deletes them, and touches no others', async () => {
    const token = narrowed(root, ofReviews());
    const other = await running('production');
    const made = await make(token, review(412, { ttl: '30m', labels: { pr: '412' } }));
    expect(made).toMatchObject({
      status: 201,
      json: { name: 'pr-412-shop', key: 'gh:acme/shop#412', phase: 'ready', labels: { pr: '412' } },
    });
    const machine = await ask(token, 'POST', '/v1/apps/pr-412-shop/machines', { body: plainMachine });
    expect(machine.status).toBe(200);
    expect((await ask(token, 'GET', '/v1/apps')).json['apps']).toMatchObject([{ name: 'pr-412-shop' }]);
    const about = /^May make environments whose key begins with gh:acme\/shop#, 2 alive at once/;
    await expectRefused(async () => await ask(token, 'POST', `${other}/stop`), about);
    await expectRefused(async () => await ask(token, 'DELETE', '/v1/apps/production'), about);
    expect((await ask(token, 'DELETE', '/v1/apps/pr-412-shop')).status).toBe(202);
  });

  it('makes none with another key, name, class, label or a longer life', async () => {
    const token = narrowed(root, ofReviews({ classes: ['review'], labels: { repo: 'shop' } }));
    const good = review(1, { class: 'review', labels: { repo: 'shop' } });
    for (const [change, sentence] of [
      [{ key: 'gh:acme/other#1' }, /key begins with gh:acme\/shop#/],
      [{ key: null }, /key begins with gh:acme\/shop#/],
      [{ name: 'shop' }, /name begins with pr-/],
      [{ class: 'huge' }, /class review/],
      [{ class: null }, /class review/],
      [{ labels: {} }, /label repo=shop/],
      [{ ttl: '61m' }, /live 3600 seconds at most/],
    ] as const) {
      await expectRefused(async () => await make(token, { ...good, ...change }), /^May make/, sentence);
    }
    // Stock clients know neither keys nor classes.
    await expectRefused(
      async () => await ask(token, 'POST', '/v1/apps', { body: { name: 'pr-1-shop' } }),
      /^May make/,
    );
    expect((await make(token, good)).status).toBe(201);
  });

  it('lets a stock client make an app whose name begins as the key must, and ends it in time', async () => {
    const token = narrowed(root, {
      type: 'EnvCreate',
      body: { key_prefix: 'pr-', max_live: 2, max_ttl_s: 3600 },
    });
    await expectRefused(
      async () => await ask(token, 'POST', '/v1/apps', { body: { name: 'shop' } }),
      /^May make/,
    );
    expect((await ask(token, 'POST', '/v1/apps', { body: { name: 'pr-9' } })).status).toBe(201);
    expect((await make(root, { name: 'endless' })).json['ttl_at']).toBeNull();
    const expiry = house.gateway.tasks.find(({ name }) => name === 'gateway-expiry');
    later(3590);
    await expiry?.run(new AbortController().signal);
    expect((await ask(root, 'GET', '/v1/apps/pr-9')).status).toBe(200);
    later(11);
    await expiry?.run(new AbortController().signal);
    expect((await ask(root, 'GET', '/v1/apps/pr-9')).status).toBe(404);
    expect((await world.inventory()).apps.map(({ name }) => name)).toEqual(['endless']);
  });

  it('counts who is alive: a brother apart, a child for its parent too, the dead not at all', async () => {
    const parent = narrowed(root, ofReviews());
    const child = narrowed(parent, ofReviews({ max_live: 1 }));
    const brother = narrowed(root, { type: 'Action', body: 'rwcdC' }, ofReviews());
    expect((await make(child, review(1))).status).toBe(201);
    await expectRefused(async () => await make(child, review(2)), /, 1 alive at once/, /may have 1 alive/);
    expect((await make(parent, review(2))).status).toBe(201);
    await expectRefused(async () => await make(parent, review(3)), /, 2 alive at once/, /may have 2 alive/);
    expect((await make(brother, review(3))).status).toBe(201);
    expect((await ask(parent, 'DELETE', '/v1/apps/pr-1-shop')).status).toBe(202);
    expect((await make(parent, review(4))).status).toBe(201);
    await expectRefused(async () => await make(child, review(5)), /, 2 alive at once/, /may have 2 alive/);
  });

  it('gives one environment to two requests at once under max_live 1, through two processes', async () => {
    const database = await world.database.another();
    const second = await openHouse(database);
    for (let round = 0; round < 5; round += 1) {
      const token = narrowed(root, ofReviews({ max_live: 1, max_ttl_s: 3600 + round }));
      const numbers = [1, 2, 3, 4].map((number) => round * 10 + number);
      const answers = await Promise.all(
        numbers.map(async (number) => await make(token, review(number), number % 2 === 0 ? house : second)),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 403, 403, 403]);
    }
    expect((await world.inventory()).apps).toHaveLength(5);
    await second.close();
    await database.close();
  }, 60_000);

  it('holds one key once', async () => {
    expect((await make(root, review(1))).status).toBe(201);
    expect(await make(root, { ...review(1), name: 'pr-1-again' })).toMatchObject({
      status: 409,
      json: { code: 'conflict' },
    });
    await ask(root, 'DELETE', '/v1/apps/pr-1-shop');
    expect((await make(root, { ...review(1), name: 'pr-1-again' })).status).toBe(201);
  });
});

describe('EnvLabels', () => {
  it('opens environments with the labels and no others, and lists only those', async () => {
    const token = narrowed(root, { type: 'EnvLabels', body: { user: '8123' } });
    await make(root, { name: 'mine', labels: { user: '8123', plan: 'trial' } });
    await make(root, { name: 'theirs', labels: { user: '8124' } });
    expect((await ask(token, 'GET', '/v1/apps/mine')).status).toBe(200);
    const machine = await ask(token, 'POST', '/v1/apps/mine/machines', { body: plainMachine });
    const waiting = `/v1/apps/mine/machines/${machine.json.id}/wait?state=started&timeout=10`;
    expect((await ask(token, 'GET', waiting)).status).toBe(200);
    const about = /^Only environments with user=8123\.$/;
    await expectRefused(async () => await ask(token, 'GET', '/v1/apps/theirs'), about, /user=8123/);
    await expectRefused(
      async () => await ask(token, 'POST', '/v1/apps/theirs/machines', { body: plainMachine }),
      about,
    );
    expect((await ask(token, 'GET', '/v1/apps')).json['apps']).toMatchObject([{ name: 'mine' }]);
    expect((await ask(token, 'GET', '/hangar/v1/environments')).json['environments']).toMatchObject([
      { name: 'mine' },
    ]);
    await expectRefused(async () => await make(token, { name: 'more', labels: { user: '8124' } }), about);
    await expectRefused(async () => await ask(token, 'POST', '/v1/apps', { body: { name: 'more' } }), about);
    expect((await make(token, { name: 'more', labels: { user: '8123' } })).status).toBe(201);
  });
});

describe('ExecLimit', () => {
  it('bounds how long a command runs, how much it prints and how often one is run', async () => {
    const machine = await running('own');
    const token = narrowed(root, {
      type: 'ExecLimit',
      body: { timeout_s: 5, max_output_bytes: 8, per_minute: 2 },
    });
    const run = async (more: object = {}) =>
      await ask(token, 'POST', `${machine}/exec`, { body: { cmd: 'echo 0123456789', ...more } });
    const about = /^Commands run 5 seconds and print 8 bytes at most, 2 a minute\.$/;
    await expectRefused(async () => await run({ timeout: 6 }), about, /run 5 seconds at most/);
    await expectRefused(async () => await run({ max_output_bytes: 9 }), about, /print 8 bytes at most/);
    sent.length = 0;
    expect(await run()).toMatchObject({ status: 200, json: { stdout: '01234567', truncated: true } });
    expect(sent.filter((call) => call.includes('/exec'))).toEqual([
      expect.stringContaining('\\"timeout\\":5'),
    ]);
    expect((await run({ timeout: 1, max_output_bytes: 20_000_000 })).status).toBe(403);
    expect((await run({ timeout: 1, max_output_bytes: 4 })).json).toMatchObject({ stdout: '0123' });
    await expectRefused(run, about, /2 commands a minute, and they are used up/);
    expect((await ask(token, 'GET', `${machine}/events`)).status).toBe(200);
    later(60);
    expect((await run()).status).toBe(200);
  });
});

describe('Source', () => {
  it('takes the address of the connection, whatever headers say', async () => {
    await ask(root, 'POST', '/v1/apps', { body: { name: 'own' } });
    const here = narrowed(root, { type: 'Source', body: { cidrs: ['127.0.0.0/8'] } });
    const office = narrowed(root, { type: 'Source', body: { cidrs: ['203.0.113.0/24'] } });
    expect((await ask(here, 'GET', '/v1/apps/own')).status).toBe(200);
    const claims = {
      'fly-client-ip': '203.0.113.9',
      'x-forwarded-for': '203.0.113.9',
      'x-real-ip': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
    };
    await expectRefused(
      async () => await ask(office, 'DELETE', '/v1/apps/own', { headers: claims }),
      /^Works only from 203\.0\.113\.0\/24\.$/,
      /not from (::ffff:)?127\.0\.0\.1/,
    );
    expect((await ask(here, 'GET', '/v1/apps/own', { headers: claims })).status).toBe(200);
    const onlyOwn = narrowed(office, { type: 'Apps', body: { apps: { 1: 'r' } } });
    await expectRefused(async () => await ask(onlyOwn, 'GET', '/v1/apps'), /./);
  });
});

describe('Rate', () => {
  it('counts requests a minute, those of children for their parent', async () => {
    await ask(root, 'POST', '/v1/apps', { body: { name: 'own' } });
    const parent = narrowed(root, { type: 'Rate', body: { per_minute: 3 } });
    const child = narrowed(parent, { type: 'Action', body: 'r' });
    const brother = narrowed(root, { type: 'Action', body: 'r' }, { type: 'Rate', body: { per_minute: 3 } });
    for (const token of [parent, child, child])
      expect((await ask(token, 'GET', '/v1/apps/own')).status).toBe(200);
    const about = /^At most 3 requests a minute\.$/;
    await expectRefused(async () => await ask(parent, 'DELETE', '/v1/apps/own'), about, /used up/);
    await expectRefused(async () => await ask(child, 'GET', '/v1/apps/own'), about);
    expect((await ask(brother, 'GET', '/v1/apps/own')).status).toBe(200);
    later(20);
    expect((await ask(parent, 'GET', '/v1/apps/own')).status).toBe(200);
    await expectRefused(async () => await ask(parent, 'GET', '/v1/apps/own'), about);
  });
});

describe('Spend', () => {
  // A budget of a day counts from midnight, so each test has a day of its own.
  beforeEach(() => {
    const now = world.simulator.clock.now().getTime();
    world.simulator.clock.advance(86_400_000 - (now % 86_400_000) + 1000);
  });
  const budget = (amount: number, period = 'day', currency = 'USD') => ({
    type: 'Spend',
    body: { amount, currency, period },
  });
  /** Eight dedicated processors with 16 GiB: 35 cents an hour. */
  const large = {
    region: 'fra',
    config: { image: 'acme/x:1', guest: { cpu_kind: 'performance', cpus: 8, memory_mb: 16_384 } },
  };

  it('lets a branch make and start until what it caused has cost its budget, and look and stop after that', async () => {
    const token = narrowed(root, budget(50));
    expect((await ask(token, 'POST', '/v1/apps', { body: { name: 'own' } })).status).toBe(201);
    const machine = await ask(token, 'POST', '/v1/apps/own/machines', { body: large });
    const path = `/v1/apps/own/machines/${machine.json.id}`;
    await ask(token, 'GET', `${path}/wait?state=started&timeout=10`);
    await ask(token, 'GET', path);
    later(3600);
    expect((await ask(token, 'POST', '/v1/apps', { body: { name: 'two' } })).status).toBe(201);
    later(3600);
    const about = /^Creates and starts until it has cost 0\.50 USD a day\.$/;
    const over = /budget of 0\.50 USD a day is used up/;
    await expectRefused(
      async () => await ask(token, 'POST', '/v1/apps', { body: { name: 'three' } }),
      about,
      over,
    );
    await expectRefused(
      async () => await ask(token, 'POST', '/v1/apps/two/machines', { body: large }),
      about,
      over,
    );
    await expectRefused(async () => await ask(token, 'POST', path, { body: large }), about, over);
    expect((await ask(token, 'POST', `${path}/stop`)).status).toBe(200);
    expect((await ask(token, 'GET', `${path}/wait?state=stopped&timeout=10`)).status).toBe(200);
    await expectRefused(async () => await ask(token, 'POST', `${path}/start`), about, over);
    // A token without a budget, and one whose branch caused nothing, are not concerned; the next day begins anew.
    expect((await ask(root, 'POST', `${path}/start`)).status).toBe(200);
    const brother = narrowed(root, { type: 'Action', body: 'rwcC' }, budget(50));
    expect((await ask(brother, 'POST', '/v1/apps', { body: { name: 'three' } })).status).toBe(201);
    await ask(root, 'POST', `${path}/stop`);
    await ask(root, 'GET', `${path}/wait?state=stopped&timeout=10`);
    await ask(root, 'GET', path);
    later(86_400);
    expect((await ask(token, 'POST', `${path}/start`)).status).toBe(200);
  });

  it('is not passed by many starts at once: each takes its first minute out of the budget', async () => {
    expect((await ask(root, 'POST', '/v1/apps', { body: { name: 'burst' } })).status).toBe(201);
    const token = narrowed(root, budget(2));
    const replies = await Promise.all(
      Array.from(
        { length: 12 },
        async () => await ask(token, 'POST', '/v1/apps/burst/machines', { body: large }),
      ),
    );
    const codes = replies.map(({ status, json }) => (status === 200 ? 200 : json.code));
    // A minute of such a machine costs 0.58 cents, so three minutes fit into two cents.
    expect(codes.filter((code) => code === 200)).toHaveLength(3);
    expect(codes.filter((code) => code === 'caveat_denied')).toHaveLength(9);
    expect((await ask(root, 'POST', '/v1/apps/burst/machines', { body: large })).status).toBe(200);
  });

  it('counts what a child has running in its parent’s app from its first start on, for itself and its parent', async () => {
    const parent = narrowed(root, budget(50));
    const child = narrowed(parent, { type: 'Action', body: 'rC' }, budget(30));
    expect((await ask(root, 'POST', '/v1/apps', { body: { name: 'own' } })).status).toBe(201);
    const machine = await ask(root, 'POST', '/v1/apps/own/machines', { body: large });
    const path = `/v1/apps/own/machines/${machine.json.id}`;
    await ask(root, 'GET', `${path}/wait?state=started&timeout=10`);
    await ask(root, 'GET', path);
    later(7200);
    // Two hours that neither of them caused.
    expect((await ask(child, 'POST', `${path}/restart`)).status).toBe(200);
    await ask(root, 'GET', `${path}/wait?state=started&timeout=10`);
    await ask(root, 'GET', path);
    later(3600);
    await expectRefused(async () => await ask(child, 'POST', `${path}/restart`), /0\.30 USD a day/);
    expect((await ask(parent, 'POST', `${path}/restart`)).status).toBe(200);
    later(1800);
    await expectRefused(async () => await ask(parent, 'POST', `${path}/restart`), /0\.50 USD a day/);
  });

  it('starts nothing when it has no budget, or one in a currency that nobody counts in', async () => {
    await expectRefused(
      async () => await ask(narrowed(root, budget(0)), 'POST', '/v1/apps', { body: { name: 'own' } }),
      /0\.00 USD a day/,
    );
    await expectRefused(
      async () =>
        await ask(narrowed(root, budget(500, 'month', 'EUR')), 'POST', '/v1/apps', { body: { name: 'own' } }),
      /5\.00 EUR a month/,
      /budget in EUR, and costs are counted in USD/,
    );
  });
});
