import { Action } from '@hangar/macaroon';
import { chosen, fixed, named, prefixed, ranged, single } from './query-parameter.ts';
import { LIVE_PHASES, POWERS } from '../nouns.ts';
import { CLIENT_ROUTES } from './client-routes.ts';
import { SECURED_ROUTES } from './secured-routes.ts';
import type { Route } from './route.ts';
import { CONFIG_BYTES, forward, handle, refused } from './rows.ts';

const { read, write, create, control } = Action;
const remove = Action.delete;
const APP = '/v1/apps/{app}';
const MACHINES = `${APP}/machines`;
const MACHINE = `${MACHINES}/{machine}`;
const VOLUMES = `${APP}/volumes`;
const VOLUME = `${VOLUMES}/{volume}`;
const SECRET_READS = ['min_version', 'version', 'show_secrets'].map(named);
/** All pages are read at once, so a page is as long as the list, whatever `limit` advises, and no cursor ever goes out. */
const ORG_LISTS = [
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
    reads: 'app-request',
    query: [fixed('wait', ['true', '1'], 'the answer always waits for the app; leave it out or send true')],
  }),
  handle(['apps.get', 'GET', APP, read, 'app'], 'get-app'),
  handle(['apps.delete', 'DELETE', APP, remove, 'app'], 'delete-app', {
    query: [
      fixed('force', ['true', '1'], 'an app is always deleted with all it has; leave it out or send true'),
    ],
    repeatable: true,
  }),
  refused(
    ['apps.deploy-token', 'POST', `${APP}/deploy_token`, Action.all, 'app'],
    'deploy tokens come from /hangar/v1/tokens here: narrow your own token to this app',
  ),

  forward(['machines.list', 'GET', MACHINES, read, 'app'], {
    query: [...['include_deleted', 'region', 'state', 'summary'].map(named), prefixed('metadata.', 'KEY')],
    reply: 'machines',
  }),
  handle(['machines.create', 'POST', MACHINES, create, 'app'], 'create-machine', {
    starts: 'body',
    bytes: CONFIG_BYTES,
  }),
  forward(['machines.get', 'GET', MACHINE, read, 'machine'], { reply: 'machine' }),
  // Upstream starts a machine that gets another config.
  handle(['machines.update', 'POST', MACHINE, write, 'machine'], 'update-machine', {
    costs: 'may',
    starts: 'body',
    bytes: CONFIG_BYTES,
  }),
  forward(['machines.delete', 'DELETE', MACHINE, remove, 'machine'], {
    query: ['force', 'kill'].map(named),
    reply: 'deleted-machine',
    repeatable: true,
  }),
  forward(['machines.wait', 'GET', `${MACHINE}/wait`, read, 'machine'], {
    query: ['state', 'version', 'instance_id', 'from_event_id', 'timeout'].map(named),
    slow: true,
  }),
  forward(['machines.start', 'POST', `${MACHINE}/start`, control, 'machine'], { starts: 'machine' }),
  forward(['machines.stop', 'POST', `${MACHINE}/stop`, control, 'machine'], {
    body: 'StopRequest',
    repeatable: true,
    costs: 'never',
    slow: true,
  }),
  forward(['machines.suspend', 'POST', `${MACHINE}/suspend`, control, 'machine'], {
    repeatable: true,
    costs: 'never',
  }),
  forward(['machines.restart', 'POST', `${MACHINE}/restart`, control, 'machine'], {
    query: ['timeout', 'signal', 'force_stop'].map(named),
    body: 'RestartRequest',
    // One that is stopped is started.
    starts: 'machine',
    slow: true,
  }),
  forward(['machines.signal', 'POST', `${MACHINE}/signal`, control, 'machine'], {
    body: 'SignalRequest',
    costs: 'never',
  }),
  forward(['machines.cordon', 'POST', `${MACHINE}/cordon`, control, 'machine'], {
    repeatable: true,
    costs: 'never',
  }),
  forward(['machines.uncordon', 'POST', `${MACHINE}/uncordon`, control, 'machine'], { repeatable: true }),
  handle(['machines.exec', 'POST', `${MACHINE}/exec`, control, 'machine'], 'exec', { reads: 'command' }),
  forward(['machines.ps', 'GET', `${MACHINE}/ps`, read, 'machine'], {
    query: ['sort_by', 'order'].map(named),
  }),
  forward(['machines.events', 'GET', `${MACHINE}/events`, read, 'machine'], { query: ['limit'].map(named) }),
  forward(['machines.versions', 'GET', `${MACHINE}/versions`, read, 'machine'], { reply: 'versions' }),
  forward(['machines.memory.get', 'GET', `${MACHINE}/memory`, read, 'machine']),
  forward(['machines.memory.set', 'PUT', `${MACHINE}/memory`, write, 'machine'], {
    body: 'main.setMemoryLimitRequest',
    repeatable: true,
  }),
  forward(['machines.memory.reclaim', 'POST', `${MACHINE}/memory/reclaim`, control, 'machine'], {
    body: 'main.reclaimMemoryRequest',
    costs: 'never',
  }),
  forward(['leases.get', 'GET', `${MACHINE}/lease`, read, 'machine']),
  forward(['leases.take', 'POST', `${MACHINE}/lease`, control, 'machine'], {
    query: ['ttl'].map(named),
    body: 'CreateLeaseRequest',
    costs: 'never',
  }),
  forward(['leases.release', 'DELETE', `${MACHINE}/lease`, control, 'machine'], {
    repeatable: true,
    costs: 'never',
  }),
  forward(['metadata.list', 'GET', `${MACHINE}/metadata`, read, 'machine'], {
    reply: 'metadata',
    feature: 'metadata',
  }),
  ...(['PUT', 'PATCH'] as const).map((method) =>
    handle(
      [`metadata.${method.toLowerCase()}`, method, `${MACHINE}/metadata`, write, 'machine'],
      'write-metadata',
      { repeatable: true, feature: 'metadata' },
    ),
  ),
  forward(['metadata.get', 'GET', `${MACHINE}/metadata/{key}`, read, 'machine'], { feature: 'metadata' }),
  forward(['metadata.set', 'POST', `${MACHINE}/metadata/{key}`, write, 'machine'], {
    body: 'upsertMetadataKeyRequest',
    repeatable: true,
    feature: 'metadata',
  }),
  forward(['metadata.delete', 'DELETE', `${MACHINE}/metadata/{key}`, write, 'machine'], {
    repeatable: true,
    feature: 'metadata',
  }),

  forward(['volumes.list', 'GET', VOLUMES, read, 'app'], { query: ['summary'].map(named), reply: 'volumes' }),
  handle(['volumes.create', 'POST', VOLUMES, create, 'app'], 'create-volume'),
  forward(['volumes.get', 'GET', VOLUME, read, 'volume'], { reply: 'volumes' }),
  forward(['volumes.update', 'PUT', VOLUME, write, 'volume'], {
    body: 'UpdateVolumeRequest',
    repeatable: true,
  }),
  handle(['volumes.extend', 'PUT', `${VOLUME}/extend`, write, 'volume'], 'extend-volume', {
    costs: 'may',
    repeatable: true,
  }),
  forward(['volumes.delete', 'DELETE', VOLUME, remove, 'volume'], {
    reply: 'deleted-volume',
    repeatable: true,
  }),
  forward(['snapshots.list', 'GET', `${VOLUME}/snapshots`, read, 'volume']),
  forward(['snapshots.create', 'POST', `${VOLUME}/snapshots`, create, 'volume']),

  forward(['secrets.list', 'GET', `${APP}/secrets`, read, 'app'], { query: SECRET_READS }),
  handle(['secrets.set-many', 'POST', `${APP}/secrets`, write, 'app'], 'set-secrets', { repeatable: true }),
  forward(['secrets.get', 'GET', `${APP}/secrets/{secret}`, read, 'app'], { query: SECRET_READS }),
  handle(['secrets.set', 'POST', `${APP}/secrets/{secret}`, write, 'app'], 'set-secrets', {
    repeatable: true,
  }),
  handle(['secrets.delete', 'DELETE', `${APP}/secrets/{secret}`, write, 'app'], 'set-secrets', {
    repeatable: true,
  }),

  forward(['addresses.list', 'GET', `${APP}/ip_assignments`, read, 'app']),
  handle(['addresses.assign', 'POST', `${APP}/ip_assignments`, write, 'app'], 'assign-address'),
  handle(['addresses.release', 'DELETE', `${APP}/ip_assignments/{ip}`, write, 'app'], 'release-address', {
    repeatable: true,
  }),

  ...SECURED_ROUTES,

  handle(['orgs.machines', 'GET', '/v1/orgs/{org}/machines', read, 'list'], 'list-org-machines', {
    query: ORG_LISTS,
  }),
  handle(['orgs.volumes', 'GET', '/v1/orgs/{org}/volumes', read, 'list'], 'list-org-volumes', {
    query: ORG_LISTS,
  }),
  forward(['platform.regions', 'GET', '/v1/platform/regions', read, 'list']),
  handle(['platform.placements', 'POST', '/v1/platform/placements', read, 'list'], 'place', {
    repeatable: true,
  }),

  handle(
    ['environments.create', 'POST', '/hangar/v1/environments', create, 'workspace'],
    'create-environment',
    { reads: 'environment-request' },
  ),
  handle(['environments.list', 'GET', '/hangar/v1/environments', read, 'list'], 'list-environments', {
    query: [chosen('phase', LIVE_PHASES), chosen('power', POWERS)],
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
  ...CLIENT_ROUTES,
];
