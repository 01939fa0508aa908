import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClientStage, OPERATOR_TOKEN, type ClientStage } from './stage.ts';

/** The npm client of the Machines API and of some GraphQL: each of its calls, in an order in which each has something to do. */
const ROOMS = ['App', 'Machine', 'Network', 'Organization', 'Regions', 'Secret', 'Volume'] as const;
type Room = (typeof ROOMS)[number];
type Client = Readonly<Record<Room, Readonly<Record<string, (...given: unknown[]) => Promise<unknown>>>>>;

// The package is CommonJS, and its types would be read as those of a module.
const { default: FlyAdmin } = createRequire(import.meta.url)('fly-admin/dist/client.js') as {
  default: new (key: string, urls: { graphqlUrl: string; apiUrl: string }) => Client;
};

let stage: ClientStage;
let client: Client;
beforeAll(async () => {
  stage = await openClientStage();
  client = new FlyAdmin(OPERATOR_TOKEN, { graphqlUrl: stage.urls.api, apiUrl: stage.urls.machines });
});
afterAll(() => stage.close());

const app_name = 'js';
const config = { image: 'nginx', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 } };
const called = new Set<string>();
let machine_id = '';
let volume_id = '';

/** What a call gave, and its members by paths such as `ipAddresses.0.address`. */
class Given {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
  at(path: string): unknown {
    return path
      .split('.')
      .reduce<unknown>((one, name) => (one as Record<string, unknown> | undefined)?.[name], this.value);
  }
}

/** One call by its name. */
async function call(room: Room, method: string, ...args: unknown[]): Promise<Given> {
  called.add(`${room}.${method}`);
  const owner = client[room];
  const found = owner[method];
  if (found === undefined) throw new Error(`there is no ${room}.${method}`);
  return new Given(await found.apply(owner, args));
}

test('organizations, regions, apps', async () => {
  expect((await call('Organization', 'getOrganization', 'operator')).at('organization')).toMatchObject({
    slug: 'operator',
    type: 'SHARED',
    viewerRole: 'admin',
  });
  expect(JSON.stringify(await call('Regions', 'getRegions'))).toContain('ams');
  await call('App', 'createApp', { app_name, org_slug: 'operator', network: 'net' });
  expect((await call('App', 'getApp', app_name)).at('name')).toBe(app_name);
  expect((await call('App', 'listApps', 'operator')).at('total_apps')).toBe(1);
  await call('Network', 'allocateIpAddress', { appId: app_name, type: 'v6' });
  const detailed = await call('App', 'getAppDetailed', app_name);
  expect(detailed.at('ipAddresses')).toMatchObject([{ type: 'v6', region: 'global' }]);
  await call('Network', 'releaseIpAddress', { appId: app_name, ip: detailed.at('ipAddresses.0.address') });
});

test('secrets and volumes', async () => {
  const set = { appId: app_name, secrets: [{ key: 'A', value: '1' }] };
  expect((await call('Secret', 'setSecrets', set)).value).toEqual({ setSecrets: { release: null } });
  expect((await call('Secret', 'unsetSecrets', { appId: app_name, keys: ['A'] })).value).toEqual({
    unsetSecrets: { release: null },
  });
  const made = await call('Volume', 'createVolume', { app_name, name: 'data', region: 'ams', size_gb: 1 });
  volume_id = String(made.at('id'));
  expect((await call('Volume', 'listVolumes', app_name)).value).toHaveLength(1);
  expect((await call('Volume', 'getVolume', { app_name, volume_id })).at('region')).toBe('ams');
  const extended = await call('Volume', 'extendVolume', { app_name, volume_id, size_gb: 2 });
  expect(extended.at('volume.size_gb')).toBe(2);
  expect((await call('Volume', 'listSnapshots', { app_name, volume_id })).value).toEqual([]);
  await call('Volume', 'deleteVolume', { app_name, volume_id });
});

test('the life of a machine', async () => {
  const of = () => ({ app_name, machine_id });
  const wait = (state: string) => call('Machine', 'waitMachine', { ...of(), state, timeout: '10s' });
  const made = await call('Machine', 'createMachine', { app_name, name: 'm', region: 'ams', config });
  machine_id = String(made.at('id'));
  await wait('started');
  expect((await call('Machine', 'listMachines', app_name)).value).toHaveLength(1);
  expect((await call('Machine', 'getMachine', of())).at('state')).toBe('started');
  expect((await call('Machine', 'listProcesses', { ...of() })).value).toHaveLength(1);
  for (const method of ['cordonMachine', 'uncordonMachine']) await call('Machine', method, of());
  await call('Machine', 'stopMachine', of());
  await wait('stopped');
  await call('Machine', 'startMachine', of());
  await wait('started');
  await call('Machine', 'restartMachine', { ...of(), timeout: '5s' });
  await stage.settled();
  await call('Machine', 'updateMachine', { ...of(), config });
  await stage.settled();
  await call('Machine', 'signalMachine', { ...of(), signal: 'SIGUSR1' });
  expect((await call('Machine', 'listEvents', of())).at('length')).toBeGreaterThan(1);
  expect((await call('Machine', 'listVersions', of())).value).toHaveLength(2);
  // It takes a lease and has no way to say so afterwards: a leased machine cannot be deleted with it.
  await expect(call('Machine', 'getLease', of())).rejects.toThrow('404');
  await call('Machine', 'acquireLease', { ...of(), ttl: 1 });
  expect((await call('Machine', 'getLease', of())).at('data.owner')).toMatch(/@tokens\.fly\.io$/);
  await expect(call('Machine', 'deleteMachine', { ...of(), force: true })).rejects.toThrow('409');
  await stage.ask('api', 'POST', '/_fly/clock', { advance_seconds: 2 });
  await call('Machine', 'deleteMachine', { ...of(), force: true });
  await call('App', 'deleteApp', app_name);
});

test('that was every call of the client', () => {
  const all = ROOMS.flatMap((room) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(client[room]))
      .filter((name) => name !== 'constructor')
      .map((name) => `${room}.${name}`),
  );
  expect(all).toHaveLength(34);
  expect([...called].toSorted()).toEqual(all.toSorted());
});
