import { Action } from '@hangar/macaroon';
import { fixed, ranged, single } from './query-parameter.ts';
import type { Route } from './route.ts';
import { handle } from './rows.ts';

const { read, write, none } = Action;
const APP = '/api/v1/apps/{app}';
const OWN_APP = '/hangar/v1/apps/{app}';

/** flyctl asks whatever it is told to do of this row first: it needs no right, and gives none. */
const ASKS = { asksOthers: true, costs: 'never' } as const;

/**
 * What flyctl asks of api.fly.io beside the Machines API (docs/specs/gateway.md#clients-of-apiflyio). A row with an app in its path is
 * about that app, as at `/v1`; the others ask for such rows.
 */
export const CLIENT_ROUTES: readonly Route[] = [
  handle(['graphql', 'POST', '/graphql', none, 'list'], 'graphql', ASKS),
  handle(['organizations.list', 'GET', '/api/v1/organizations', read, 'list'], 'list-organizations', {
    query: [
      fixed('admin', ['false'], 'nobody is an administrator of Fly.io here; leave it out or send false'),
    ],
  }),
  handle(['organizations.get', 'GET', '/api/v1/organizations/{org}', read, 'list'], 'get-organization'),
  handle(['builds.start', 'POST', '/api/v1/builds', none, 'list'], 'note-build', ASKS),
  handle(['builds.finish', 'POST', '/api/v1/builds/finish', none, 'list'], 'note-build', ASKS),
  handle(['releases.order', 'POST', '/api/v1/releases', none, 'list'], 'order-release', ASKS),
  handle(
    ['releases.report', 'PATCH', '/api/v1/releases/{release-id}', none, 'list'],
    'report-release-by-id',
    ASKS,
  ),
  handle(['releases.times', 'GET', '/api/v1/releases/all_current', read, 'list'], 'current-release-times'),
  handle(['releases.current', 'GET', '/hangar/v1/releases', read, 'list'], 'current-releases'),
  handle(['releases.list', 'GET', `${APP}/releases`, read, 'app'], 'list-releases', {
    query: [ranged('limit', 1, 100)],
  }),
  handle(['releases.create', 'POST', `${APP}/releases`, write, 'app'], 'create-release', { costs: 'never' }),
  handle(['releases.get', 'GET', `${APP}/releases/{release}`, read, 'app'], 'get-release'),
  handle(['releases.update', 'PATCH', `${APP}/releases/{release}`, write, 'app'], 'report-release', {
    costs: 'never',
    repeatable: true,
  }),
  handle(['logs.read', 'GET', `${APP}/logs`, read, 'app'], 'read-logs', {
    query: ['next_token', 'instance', 'region'].map(single),
  }),
  handle(['images.find', 'GET', `${OWN_APP}/image`, read, 'app'], 'find-image', { query: [single('ref')] }),
  handle(['hosts.issues', 'GET', `${OWN_APP}/host-issues`, read, 'app'], 'host-issues'),
];
