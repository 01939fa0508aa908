import { Hono } from 'hono';
import type { ExtensionCaller } from '../caller/extensions.ts';
import { dischargeRoutes } from '../discharge/routes.ts';
import { graphqlRoutes } from '../graphql/routes.ts';
import { hookRoutes } from './hooks.ts';
import { oauthRoutes } from '../oauth/routes.ts';
import { restRoutes } from '../rest/routes.ts';
import type { Simulation } from '../simulation.ts';

/** What api.fly.io answers, in one place: each surface brings its own routes. */
export function apiRoutes(simulation: Simulation, caller: ExtensionCaller): Hono {
  const routes = new Hono({ strict: false });
  routes.route('/', oauthRoutes(simulation));
  routes.route('/', hookRoutes(simulation));
  routes.route('/', graphqlRoutes(simulation, caller));
  routes.route('/', restRoutes(simulation));
  routes.route('/', dischargeRoutes(simulation));
  routes.notFound((c) => c.json({ error: 'Not found' }, 404));
  routes.onError((error, c) => {
    simulation.settings.onError(error);
    return c.json({ error: 'Internal server error' }, 500);
  });
  return routes;
}
