import type { SchemaName } from '@hangar/flyio';
import { Action, type ActionMask } from '@hangar/macaroon';
import { chosen, fixed, named, prefixed, ranged, single, type QueryParameter } from './query-parameter.ts';
import { livePhases, powers } from '../nouns.ts';
import type { Handler, Method, Reply, Resource, Route } from './route.ts';

/** Largest body of a request that carries a machine config: 1 MiB. */
const configBytes = 1_048_576;
/** Largest body of any other request: 64 KiB. */
const smallBytes = 65_536;

interface Told {
  readonly query?: readonly QueryParameter[];
  readonly body?: SchemaName;
  readonly reply?: Reply;
  readonly repeatable?: boolean;
  readonly feature?: string;
}

/** Control that never makes anything run: a token whose budget is used up may still do these. */
const free: readonly string[] = [
  'machines.stop',
  'machines.suspend',
  'machines.signal',
  'machines.cordon',
  'machines.memory.reclaim',
  'leases.take',
  'leases.release',
];

/** Writing that costs: upstream starts a machine that gets another config, and a larger disk is paid for. */
const dear: readonly string[] = ['machines.update', 'volumes.extend'];

function mayCost(id: string, action: ActionMask): boolean {
  if (dear.includes(id)) return true;
  return (action & (Action.create | Action.control)) !== 0 && !free.includes(id);
}

type Line = readonly [id: string, method: Method, path: string, action: ActionMask, resource: Resource];

function forward([id, method, pattern, action, resource]: Line, told: Told = {}): Route {
  return {
    id,
    method,
    pattern,
    action,
    resource,
    treatment: {
      kind: 'forward',
      body: told.body,
      reply: told.reply ?? 'stream',
      maxBodyBytes: smallBytes,
    },
    query: told.query ?? [],
    repeatable: told.repeatable ?? method === 'GET',
    costs: mayCost(id, action),
    ...(told.feature === undefined ? {} : { machineFeature: told.feature }),
  };
}

function handle(
  [id, method, pattern, action, resource]: Line,
  handler: Handler,
  told: Told & { bytes?: number } = {},
): Route {
  return {
    id,
    method,
    pattern,
    action,
    resource,
    treatment: { kind: 'handle', handler, maxBodyBytes: method === 'GET' ? 0 : (told.bytes ?? smallBytes) },
    query: told.query ?? [],
    repeatable: told.repeatable ?? method === 'GET',
    costs: mayCost(id, action),
    ...(told.feature === undefined ? {} : { machineFeature: told.feature }),
  };
}

function refused([id, method, pattern, action, resource]: Line, sentence: string): Route {
  return {
    id,
    method,
    pattern,
    action,
    resource,
    treatment: { kind: 'refuse', sentence },
    query: [],
    repeatable: false,
    costs: false,
  };
}

const { read, write, create, control } = Action;
const remove = Action.delete;
const app = '/v1/apps/{app}';
const machines = `${app}/machines`;
const machine = `${machines}/{machine}`;
const volumes = `${app}/volumes`;
const volume = `${volumes}/{volume}`;
const secretReads = ['min_version', 'version', 'show_secrets'].map(named);
/** All pages are read at once, so a page is as long as the list, whatever `limit` advises, and no cursor ever goes out. */
const orgLists = [
  ...['include_deleted', 'region', 'state', 'summary', 'updated_after'].map(named),
  ranged('limit', 1, 1000),
  fixed('cursor', [''], 'the list is never cut into pages here, so there is no cursor'),
];

/**
 * Everything the gateway answers (docs/specs/gateway.md#routes). What is not in this table does not exist: it is 404
 * and never forwarded, because the call upstream would carry the operator's token. Letters: a lease counts as
 * control, since flyctl takes one before it starts a machine; exec is control plus the command.
 */
export const routes: readonly Route[] = [
  handle(['apps.list', 'GET', '/v1/apps', read, 'list'], 'list-apps', {
    query: [named('org_slug'), single('app_role')],
  }),
  handle(['apps.create', 'POST', '/v1/apps', create, 'workspace'], 'create-app', {
    query: [fixed('wait', ['true', '1'], 'the answer always waits for the app; leave it out or send true')],
  }),
  handle(['apps.get', 'GET', app, read, 'app'], 'get-app'),
  handle(['apps.delete', 'DELETE', app, remove, 'app'], 'delete-app', {
    query: [
      fixed('force', ['true', '1'], 'an app is always deleted with all it has; leave it out or send true'),
    ],
    repeatable: true,
  }),
  refused(
    ['apps.deploy-token', 'POST', `${app}/deploy_token`, Action.all, 'app'],
    'deploy tokens come from /hangar/v1/tokens here: narrow your own token to this app',
  ),

  forward(['machines.list', 'GET', machines, read, 'app'], {
    query: [...['include_deleted', 'region', 'state', 'summary'].map(named), prefixed('metadata.', 'KEY')],
    reply: 'machines',
  }),
  handle(['machines.create', 'POST', machines, create, 'app'], 'create-machine', { bytes: configBytes }),
  forward(['machines.get', 'GET', machine, read, 'machine'], { reply: 'machine' }),
  handle(['machines.update', 'POST', machine, write, 'machine'], 'update-machine', { bytes: configBytes }),
  forward(['machines.delete', 'DELETE', machine, remove, 'machine'], {
    query: ['force', 'kill'].map(named),
    reply: 'deleted-machine',
    repeatable: true,
  }),
  forward(['machines.wait', 'GET', `${machine}/wait`, read, 'machine'], {
    query: ['state', 'version', 'instance_id', 'from_event_id', 'timeout'].map(named),
  }),
  forward(['machines.start', 'POST', `${machine}/start`, control, 'machine']),
  forward(['machines.stop', 'POST', `${machine}/stop`, control, 'machine'], {
    body: 'StopRequest',
    repeatable: true,
  }),
  forward(['machines.suspend', 'POST', `${machine}/suspend`, control, 'machine'], { repeatable: true }),
  forward(['machines.restart', 'POST', `${machine}/restart`, control, 'machine'], {
    query: ['timeout', 'signal', 'force_stop'].map(named),
    body: 'RestartRequest',
  }),
  forward(['machines.signal', 'POST', `${machine}/signal`, control, 'machine'], { body: 'SignalRequest' }),
  forward(['machines.cordon', 'POST', `${machine}/cordon`, control, 'machine'], { repeatable: true }),
  forward(['machines.uncordon', 'POST', `${machine}/uncordon`, control, 'machine'], { repeatable: true }),
  handle(['machines.exec', 'POST', `${machine}/exec`, control, 'machine'], 'exec'),
  forward(['machines.ps', 'GET', `${machine}/ps`, read, 'machine'], {
    query: ['sort_by', 'order'].map(named),
  }),
  forward(['machines.events', 'GET', `${machine}/events`, read, 'machine'], { query: ['limit'].map(named) }),
  forward(['machines.versions', 'GET', `${machine}/versions`, read, 'machine'], { reply: 'versions' }),
  forward(['machines.memory.get', 'GET', `${machine}/memory`, read, 'machine']),
  forward(['machines.memory.set', 'PUT', `${machine}/memory`, write, 'machine'], {
    body: 'main.setMemoryLimitRequest',
    repeatable: true,
  }),
  forward(['machines.memory.reclaim', 'POST', `${machine}/memory/reclaim`, control, 'machine'], {
    body: 'main.reclaimMemoryRequest',
  }),
  forward(['leases.get', 'GET', `${machine}/lease`, read, 'machine']),
  forward(['leases.take', 'POST', `${machine}/lease`, control, 'machine'], {
    query: ['ttl'].map(named),
    body: 'CreateLeaseRequest',
  }),
  forward(['leases.release', 'DELETE', `${machine}/lease`, control, 'machine'], { repeatable: true }),
  forward(['metadata.list', 'GET', `${machine}/metadata`, read, 'machine'], {
    reply: 'metadata',
    feature: 'metadata',
  }),
  ...(['PUT', 'PATCH'] as const).map((method) =>
    handle(
      [`metadata.${method.toLowerCase()}`, method, `${machine}/metadata`, write, 'machine'],
      'write-metadata',
      { repeatable: true, feature: 'metadata' },
    ),
  ),
  forward(['metadata.get', 'GET', `${machine}/metadata/{key}`, read, 'machine'], { feature: 'metadata' }),
  forward(['metadata.set', 'POST', `${machine}/metadata/{key}`, write, 'machine'], {
    body: 'upsertMetadataKeyRequest',
    repeatable: true,
    feature: 'metadata',
  }),
  forward(['metadata.delete', 'DELETE', `${machine}/metadata/{key}`, write, 'machine'], {
    repeatable: true,
    feature: 'metadata',
  }),

  forward(['volumes.list', 'GET', volumes, read, 'app'], { query: ['summary'].map(named), reply: 'volumes' }),
  handle(['volumes.create', 'POST', volumes, create, 'app'], 'create-volume'),
  forward(['volumes.get', 'GET', volume, read, 'volume'], { reply: 'volumes' }),
  forward(['volumes.update', 'PUT', volume, write, 'volume'], {
    body: 'UpdateVolumeRequest',
    repeatable: true,
  }),
  handle(['volumes.extend', 'PUT', `${volume}/extend`, write, 'volume'], 'extend-volume', {
    repeatable: true,
  }),
  forward(['volumes.delete', 'DELETE', volume, remove, 'volume'], {
    reply: 'deleted-volume',
    repeatable: true,
  }),
  forward(['snapshots.list', 'GET', `${volume}/snapshots`, read, 'volume']),
  forward(['snapshots.create', 'POST', `${volume}/snapshots`, create, 'volume']),

  forward(['secrets.list', 'GET', `${app}/secrets`, read, 'app'], { query: secretReads }),
  handle(['secrets.set-many', 'POST', `${app}/secrets`, write, 'app'], 'set-secrets', { repeatable: true }),
  forward(['secrets.get', 'GET', `${app}/secrets/{secret}`, read, 'app'], { query: secretReads }),
  handle(['secrets.set', 'POST', `${app}/secrets/{secret}`, write, 'app'], 'set-secrets', {
    repeatable: true,
  }),
  handle(['secrets.delete', 'DELETE', `${app}/secrets/{secret}`, write, 'app'], 'set-secrets', {
    repeatable: true,
  }),

  forward(['addresses.list', 'GET', `${app}/ip_assignments`, read, 'app']),
  handle(['addresses.assign', 'POST', `${app}/ip_assignments`, write, 'app'], 'assign-address'),
  handle(['addresses.release', 'DELETE', `${app}/ip_assignments/{ip}`, write, 'app'], 'release-address', {
    repeatable: true,
  }),

  handle(['orgs.machines', 'GET', '/v1/orgs/{org}/machines', read, 'list'], 'list-org-machines', {
    query: orgLists,
  }),
  handle(['orgs.volumes', 'GET', '/v1/orgs/{org}/volumes', read, 'list'], 'list-org-volumes', {
    query: orgLists,
  }),
  forward(['platform.regions', 'GET', '/v1/platform/regions', read, 'list']),
  handle(['platform.placements', 'POST', '/v1/platform/placements', read, 'list'], 'place', {
    repeatable: true,
  }),

  handle(
    ['environments.create', 'POST', '/hangar/v1/environments', create, 'workspace'],
    'create-environment',
  ),
  handle(['environments.list', 'GET', '/hangar/v1/environments', read, 'list'], 'list-environments', {
    query: [chosen('phase', livePhases), chosen('power', powers)],
  }),
  handle(
    ['environments.get', 'GET', '/hangar/v1/environments/{environment}', read, 'app'],
    'get-environment',
  ),
  handle(
    ['environments.undelete', 'POST', '/hangar/v1/environments/{environment}/undelete', remove, 'app'],
    'undelete-environment',
    { repeatable: true },
  ),
  handle(['usage', 'GET', '/hangar/v1/usage', read, 'list'], 'usage', {
    query: [single('from'), single('to'), { ...chosen('granularity', ['hour', 'day']), once: true }],
  }),
];
