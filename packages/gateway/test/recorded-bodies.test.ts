import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

let world: World;
let machine: string;
let volume: string;

beforeAll(async () => {
  world = await openWorld();
  const make = async (path: string, body: unknown) =>
    (await world.ask('POST', path, { token: world.token, body })).json.id;
  await make('/v1/apps', { name: 'stock' });
  machine = await make('/v1/apps/stock/machines', plainMachine);
  volume = await make('/v1/apps/stock/volumes', { name: 'data', region: 'fra', size_gb: 1 });
  await waitFor(world, 'stock', machine, 'started');
});
afterAll(async () => await world.close());

const image = 'registry.fly.io/stock:deployment-01';
const guest = { cpu_kind: 'shared', cpus: 1, memory_mb: 256 };
const volumeBody = {
  name: 'data',
  region: 'fra',
  size_gb: 1,
  encrypted: null,
  require_unique_zone: null,
  unique_zone_app_wide: null,
  machines_only: null,
  snapshot_retention: null,
  auto_backup_enabled: null,
  fstype: null,
  snapshot_id: null,
  source_volume_id: null,
  compute: null,
};

/** What the command `fly` puts into the config of a machine that it deploys. */
const deployed = {
  env: { FLY_PROCESS_GROUP: 'app', PRIMARY_REGION: 'fra' },
  init: {},
  guest,
  metadata: {
    fly_flyctl_version: '2026.11.27',
    fly_platform_version: 'v2',
    fly_process_group: 'app',
    fly_release_id: 'r1',
    fly_release_version: '1',
  },
  services: [
    {
      protocol: 'tcp',
      internal_port: 8080,
      autostop: true,
      autostart: true,
      min_machines_running: 0,
      ports: [
        { port: 80, handlers: ['http'], force_https: true },
        { port: 443, handlers: ['http', 'tls'] },
      ],
      checks: [
        { type: 'http', interval: '15s', timeout: '2s', grace_period: '5s', method: 'get', path: '/' },
      ],
      concurrency: { type: 'requests', soft_limit: 200, hard_limit: 250 },
      force_instance_key: null,
    },
  ],
  metrics: { port: 9091, path: '/metrics' },
  checks: { alive: { type: 'tcp', port: 8080, interval: '15s', timeout: '10s' } },
  statics: [{ guest_path: '/app/public', url_prefix: '/static', tigris_bucket: '', index_document: '' }],
  image,
  restart: { policy: 'on-failure', max_retries: 10 },
};

type Recorded = readonly [client: string, method: string, path: () => string, body: unknown];

const at = (path: string) => () => `/v1/apps/stock/${path}`;
const on = (path: string) => () => `/v1/apps/stock/machines/${machine}${path}`;

const RECORDED: readonly Recorded[] = [
  ['fly machine stop', 'POST', on('/stop'), { id: 'as in the path', timeout: '0s' }],
  ['fly-admin stopMachine', 'POST', on('/stop'), { signal: 'SIGTERM' }],
  [
    'fly machine run',
    'POST',
    at('machines'),
    { config: { init: {}, guest, image, dns: {} }, region: 'fra', name: 'r1', skip_secrets: false },
  ],
  [
    'fly deploy, first',
    'POST',
    at('machines'),
    { config: deployed, region: 'fra', lease_ttl: 300, skip_secrets: false },
  ],
  [
    'fly deploy, canary',
    'POST',
    at('machines'),
    {
      config: {
        ...deployed,
        metadata: { ...deployed.metadata, fly_canary: 'true' },
        dns: { skip_registration: true },
      },
      region: 'fra',
      min_secrets_version: 1,
      skip_secrets: false,
    },
  ],
  ['fly deploy, later', 'POST', on(''), { config: deployed, region: 'fra', name: '', skip_secrets: false }],
  ['fly volumes create', 'POST', at('volumes'), volumeBody],
  [
    'fly volumes fork',
    'POST',
    at('volumes'),
    () => ({
      ...volumeBody,
      region: '',
      size_gb: null,
      source_volume_id: volume,
      require_unique_zone: true,
      unique_zone_app_wide: false,
      compute: guest,
    }),
  ],
  ['fly volumes extend', 'PUT', () => `/v1/apps/stock/volumes/${volume}/extend`, { size_gb: 2 }],
  [
    'fly volumes update',
    'PUT',
    () => `/v1/apps/stock/volumes/${volume}`,
    { snapshot_retention: 7, auto_backup_enabled: null },
  ],
  ['fly secrets set', 'POST', at('secrets'), { values: { A: '1', B: null } }],
  [
    'fly ips allocate-v6 --private',
    'POST',
    at('ip_assignments'),
    { type: 'private_v6', region: '', org_slug: '', network: '', service_name: '' },
  ],
  ['fly-admin acquireLease', 'POST', on('/lease'), { ttl: 1, description: 'mine' }],
];

describe('bodies that stock clients send, unset members and all', () => {
  it.each(RECORDED)('%s is taken', async (_client, method, path, body) => {
    const sent = typeof body === 'function' ? (body as () => unknown)() : body;
    const reply = await world.ask(method, path(), { token: world.token, body: sent });
    expect(reply.status, JSON.stringify(reply.json)).toBeLessThan(300);
  });
});
