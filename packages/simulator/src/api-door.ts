import { splitTarget } from '@hangar/http';
import { Hono } from 'hono';
import type { ExtensionCaller } from './caller/extensions.ts';
import { controlRoutes } from './control/routes.ts';
import { dischargeRoutes, isDischargePath } from './discharge/routes.ts';
import { guardDoor, type DoorFetch } from './doors.ts';
import { graphqlRoutes } from './graphql/routes.ts';
import { hookRoutes } from './hooks.ts';
import type { Simulation } from './simulation.ts';

/**
 * The simulated api.fly.io: OAuth, GraphQL, the webhook receiver, Fly.io's own third party, and the control surface, which no
 * fault can reach.
 */
export function createApiDoor(
  simulation: Simulation,
  caller: ExtensionCaller,
  options: { reset: () => void; oauth: Hono },
): DoorFetch {
  const control = controlRoutes(simulation, caller, options.reset);
  const routes = new Hono({ strict: false });
  routes.route('/', options.oauth);
  routes.route('/', hookRoutes(simulation));
  routes.route('/', graphqlRoutes(simulation));
  routes.route('/', dischargeRoutes(simulation));
  routes.notFound((c) => c.json({ error: 'Not found' }, 404));
  routes.onError((error, c) => {
    simulation.settings.onError(error);
    return c.json({ error: 'Internal server error' }, 500);
  });
  const dialect = {
    fault: (status: number) => Response.json({ error: `simulated fault ${status}` }, { status }),
  };
  const discharges = guardDoor(
    simulation,
    'discharges',
    dialect,
    async (request) => await routes.fetch(request),
  );
  const guarded = guardDoor(simulation, 'api', dialect, async (request, door) =>
    isDischargePath(splitTarget(door.rawTarget).path)
      ? await discharges(request, door)
      : await routes.fetch(request),
  );
  return async (request, door) => {
    if (!splitTarget(door.rawTarget).path.startsWith('/_fly')) return await guarded(request, door);
    const answer = await control.fetch(request);
    simulation.commit();
    return answer;
  };
}
