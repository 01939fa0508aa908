import { Action } from '@hangar/macaroon';
import { Hono } from 'hono';
import { jsonOf, textOf } from '../machines/request/body.ts';
import { limitIn } from '../machines/request/query.ts';
import { invalidArgument, Refusal } from '../machines/request/refusal.ts';
import type { Release } from '../releases/release.ts';
import {
  createRelease,
  currentRelease,
  inProgress,
  releasesOf,
  updateRelease,
} from '../releases/releases.ts';
import type { Simulation } from '../simulation.ts';
import { isObject, type JsonObject } from '../world/json.ts';
import { appFor, callerOf } from './access.ts';

const USUAL_RELEASES = 20;
const MOST_RELEASES = 100;

const STRATEGIES = ['ROLLING', 'CANARY', 'BLUEGREEN', 'IMMEDIATE', 'ROLLING_ONE', 'SIMPLE'];
const STATUSES = ['pending', 'running', 'complete', 'failed', 'interrupted'];

/** Releases as flyctl makes and reports them; GraphQL shows the same ones. */
export function releaseRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  const { world } = simulation;

  routes.post('/api/v1/releases', async (c) => {
    const viewer = callerOf(simulation, c);
    const body = await jsonOf(c.req.raw);
    const app = appFor(simulation, viewer, textOf(body, 'app_name') ?? '', Action.write);
    const image = textOf(body, 'image');
    if (image === undefined) throw invalidArgument('image: is required');
    const strategy = textOf(body, 'strategy') ?? 'ROLLING';
    if (!STRATEGIES.includes(strategy))
      throw invalidArgument(`strategy must be one of ${STRATEGIES.join(', ')}`);
    const definition = body['definition'] ?? {};
    if (!isObject(definition)) throw invalidArgument('definition must be an object');
    const order = { imageRef: image, strategy, definition, user: viewer.email };
    return c.json({ release: releaseWire(createRelease(simulation, app, order)) }, 201);
  });
  routes.patch('/api/v1/releases/:id', async (c) => {
    const viewer = callerOf(simulation, c);
    const body = await jsonOf(c.req.raw);
    const release = world.releases.get(c.req.param('id'));
    if (!release) throw new Refusal(404, 'Release not found');
    appFor(simulation, viewer, release.app, Action.write);
    const status = textOf(body, 'status') ?? '';
    if (!STATUSES.includes(status)) throw invalidArgument(`status must be one of ${STATUSES.join(', ')}`);
    updateRelease(simulation, release, status, body['metadata']);
    return c.json(releaseWire(release));
  });
  routes.get('/api/v1/releases/all_current', (c) => {
    const viewer = callerOf(simulation, c);
    const times = [...world.apps.values()].flatMap((app) => {
      const organization = world.organizations.get(app.organization);
      const release = currentRelease(world, app.name);
      return organization && release && viewer.sees(organization, app)
        ? [[app.name, releaseWire(release)['created_at']] as const]
        : [];
    });
    return c.json(Object.fromEntries(times));
  });
  routes.get('/api/v1/apps/:app/releases', (c) => {
    const app = appFor(simulation, callerOf(simulation, c), c.req.param('app'));
    const limit = limitIn(new URL(c.req.url).searchParams, USUAL_RELEASES, MOST_RELEASES);
    return c.json({ releases: releasesOf(world, app.name).slice(0, limit).map(releaseWire) });
  });
  routes.get('/api/v1/apps/:app/releases/current', (c) => {
    const app = appFor(simulation, callerOf(simulation, c), c.req.param('app'));
    const release = currentRelease(world, app.name);
    if (!release) throw new Refusal(404, 'Release not found');
    return c.json(releaseWire(release));
  });
  return routes;
}

function releaseWire(one: Release): JsonObject {
  return {
    id: one.id,
    version: one.version,
    stable: one.status === 'complete',
    in_progress: inProgress(one),
    status: one.status,
    strategy: one.strategy,
    user: one.user,
    created_at: new Date(one.createdAtMs).toISOString(),
    image_ref: one.imageRef,
  };
}
