import { splitTarget } from '@hangar/http';
import type { ExtensionCaller } from '../caller/extensions.ts';
import type { ProviderLine } from '../caller/line.ts';
import { isDischargePath } from '../discharge/paths.ts';
import { guardDoor, type DoorFetch } from '../doors.ts';
import { lazyDoor } from '../lazy.ts';
import { HEALTH, HEALTH_PATH } from './health.ts';
import type { SimulatorOptions } from '../options.ts';
import type { Simulation } from '../simulation.ts';

/**
 * The simulated api.fly.io: OAuth, GraphQL, the webhook receiver, Fly.io's own third party, and the control surface and the page of the
 * world, which no fault can reach.
 */
export function createApiDoor(
  simulation: Simulation,
  line: ProviderLine,
  options: SimulatorOptions,
): DoorFetch {
  let caller: Promise<ExtensionCaller> | undefined;
  const callerOpened = async (): Promise<ExtensionCaller> => {
    caller ??= import('../caller/extensions.ts').then(({ createExtensionCaller }) =>
      createExtensionCaller({ ...simulation, line }),
    );
    return await caller;
  };
  const control = lazyDoor(async () => {
    const { controlRoutes } = await import('../control/routes.ts');
    const { createTurns } = await import('../control/turns.ts');
    const routes = controlRoutes(simulation, await callerOpened(), createTurns(simulation, options));
    return async (request) => await routes.fetch(request);
  });
  const world = lazyDoor(async () => {
    const { worldPage } = await import('../control/world-page.ts');
    return async () => worldPage(simulation);
  });
  const routes = lazyDoor(async () => {
    const { apiRoutes } = await import('./routes.ts');
    const platform = apiRoutes(simulation, await callerOpened());
    return async (request) => await platform.fetch(request);
  });
  const dialect = {
    fault: (status: number) => Response.json({ error: `simulated fault ${status}` }, { status }),
  };
  const discharges = guardDoor(simulation, 'discharges', dialect, routes);
  const guarded = guardDoor(simulation, 'api', dialect, async (request, door) =>
    isDischargePath(splitTarget(door.rawTarget).path)
      ? await discharges(request, door)
      : await routes(request, door),
  );
  return async (request, door) => {
    const { path } = splitTarget(door.rawTarget);
    if (path === HEALTH_PATH) return Response.json(HEALTH);
    if (path === '/' && request.method === 'GET') return await world(request, door);
    if (!path.startsWith('/_fly')) return await guarded(request, door);
    const answer = await control(request, door);
    simulation.commit();
    return answer;
  };
}
