import { Action } from '@hangar/macaroon';
import { Hono } from 'hono';
import { jsonOf, numberOf, textOf } from '../machines/request/body.ts';
import { invalidArgument, Refusal } from '../machines/request/refusal.ts';
import type { Build } from '../releases/release.ts';
import type { Simulation } from '../simulation.ts';
import type { JsonObject } from '../world/json.ts';
import { nextNumber } from '../world/world.ts';
import { appFor, callerOf } from './access.ts';

/** How many builds are remembered. */
const REMEMBERED_BUILDS = 1_000;

const ENDS: ReadonlySet<string> = new Set(['completed', 'failed']);

/** `POST /api/v1/builds` and `…/finish`: flyctl's own account of finding or building an image. Both answer 200; flyctl warns at anything else. */
export function buildRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  const { world, clock } = simulation;
  const wire = (build: Build): JsonObject => ({
    id: build.id,
    status: build.status,
    wallclock_time_ms: Math.max(0, clock.nowMs() - build.startedAtMs),
  });
  routes.post('/api/v1/builds', async (c) => {
    const viewer = callerOf(simulation, c);
    const body = await jsonOf(c.req.raw);
    const app = appFor(simulation, viewer, textOf(body, 'app_name') ?? '', Action.write);
    const id = nextNumber(world);
    const build: Build = { id, app: app.name, startedAtMs: clock.nowMs(), status: 'started' };
    world.builds.set(String(id), build);
    const oldest = world.builds.keys().next();
    if (world.builds.size > REMEMBERED_BUILDS && !oldest.done) world.builds.delete(oldest.value);
    return c.json(wire(build));
  });
  routes.post('/api/v1/builds/finish', async (c) => {
    const viewer = callerOf(simulation, c);
    const body = await jsonOf(c.req.raw);
    const app = appFor(simulation, viewer, textOf(body, 'app_name') ?? '', Action.write);
    const build = world.builds.get(String(numberOf(body, 'build_id') ?? ''));
    if (build?.app !== app.name) throw new Refusal(404, 'Build not found');
    const status = textOf(body, 'status') ?? '';
    if (!ENDS.has(status)) throw invalidArgument(`status must be one of ${[...ENDS].join(', ')}`);
    build.status = status;
    world.builds.changed(String(build.id));
    return c.json(wire(build));
  });
  return routes;
}
