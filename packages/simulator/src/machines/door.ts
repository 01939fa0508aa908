import { Hono } from 'hono';
import { guardDoor, type DoorFetch } from '../doors.ts';
import { ulid } from '../ids.ts';
import { securedRoutes } from './secured/routes.ts';
import type { Simulation } from '../simulation.ts';
import { introspectionRoutes } from '../tokens/routes.ts';
import { appRoutes } from './apps/app-routes.ts';
import { identifyCaller } from './request/caller.ts';
import { bodyAs } from './request/body.ts';
import type { MachinesEnv } from './request/context.ts';
import { wordsOf } from './machine/exec.ts';
import { machineRoutes } from './machine/machine-routes.ts';
import { needOf } from './request/need.ts';
import { platformHeaders } from './platform-headers.ts';
import { platformRoutes } from './platform-routes.ts';
import { createRateLimits } from './request/rate-limits.ts';
import { Refusal } from './request/refusal.ts';

/**
 * The simulated Machines API (docs/specs/platform.md#machines-api), at the root of its own address as on
 * api.machines.dev.
 */
export function createMachinesDoor(simulation: Simulation): DoorFetch {
  const limits = createRateLimits(simulation);
  const routes = new Hono<MachinesEnv>({ strict: false });

  routes.use('*', async (c, next) => {
    c.set('simulation', simulation);
    await next();
    for (const [header, value] of Object.entries(platformHeaders(c.env.door.requestId)))
      c.header(header, value);
  });
  routes.route('/', introspectionRoutes(simulation));
  routes.use('/v1/*', async (c, next) => {
    const need = needOf(c.req.method, c.req.path, await commandOf(c.req.raw, c.req.path));
    c.set('caller', identifyCaller(simulation, c.req.header('authorization'), need));
    if (limits.exceeded(c.req.method, c.req.path)) throw new Refusal(429, 'rate limit exceeded');
    await next();
  });
  routes.route('/v1', appRoutes());
  routes.route('/v1', machineRoutes());
  routes.route('/v1', platformRoutes());
  routes.route('/v1', securedRoutes());

  routes.notFound((c) => c.json({ error: '404 page not found', status: 'unknown' }, 404));
  routes.onError((error, c) => {
    if (error instanceof Refusal) return c.json(error.body(), error.status as 400);
    simulation.settings.onError(error);
    return c.json({ error: 'internal: unknown error', status: 'unknown' }, 500);
  });

  return guardDoor(
    simulation,
    'machines',
    {
      fault: (status) =>
        Response.json(
          { error: `simulated fault ${status}`, status: 'unknown' },
          { status, headers: { 'fly-request-id': `${ulid(simulation.clock.nowMs())}-iad` } },
        ),
    },
    async (request, door) => await routes.fetch(request, { door }),
  );
}

/** The words of an exec: a macaroon may be limited to certain commands. */
async function commandOf(request: Request, path: string): Promise<string[] | undefined> {
  if (request.method !== 'POST' || !path.endsWith('/exec')) return undefined;
  return wordsOf(await bodyAs(request.clone(), 'MachineExecRequest'));
}
