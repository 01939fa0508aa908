import { Hono, type Context } from 'hono';
import { Refusal } from '../machines/request/refusal.ts';
import type { Simulation } from '../simulation.ts';
import { buildRoutes } from './builds.ts';
import { cliSessionRoutes } from './cli-sessions.ts';
import { logRoutes } from './logs.ts';
import { organizationRoutes } from './organizations.ts';
import { registryRoutes } from './registry.ts';
import { releaseRoutes } from './releases.ts';

/**
 * The REST surface of api.fly.io below `/api/v1` (docs/specs/platform.md#rest): what flyctl keeps there of deployments, and the login
 * of a terminal. The words of a refusal are `{error}`, and flyctl prints them with the status.
 */
export function restRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  for (const part of [
    organizationRoutes,
    buildRoutes,
    releaseRoutes,
    logRoutes,
    cliSessionRoutes,
    registryRoutes,
  ])
    routes.route('/', part(simulation));
  routes.onError((error, c: Context) => {
    if (error instanceof Refusal) return c.json({ error: error.message }, error.status as 400);
    throw error;
  });
  return routes;
}
