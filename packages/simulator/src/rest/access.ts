import { Action, type ActionMask } from '@hangar/macaroon';
import type { Context } from 'hono';
import { Refusal } from '../machines/request/refusal.ts';
import type { Simulation } from '../simulation.ts';
import { viewerOf, type Viewer } from '../tokens/viewer.ts';
import type { App } from '../world/platform.ts';

/** Whoever calls. 401 for nobody. */
export function callerOf(simulation: Simulation, c: Context): Viewer & { readonly email: string } {
  const viewer = viewerOf(simulation, c.req.header('authorization'));
  const { email } = viewer;
  if (email === undefined) throw new Refusal(401, 'Authenticate: token validation error');
  return { ...viewer, email };
}

/** The app of that name, for somebody who may do that to it. 404 for one that is not to be seen, 403 for one that may only be seen. */
export function appFor(
  { world }: Simulation,
  viewer: Viewer,
  name: string,
  action: ActionMask = Action.read,
): App {
  const app = world.apps.get(name);
  const organization = world.organizations.get(app?.organization ?? '');
  if (!app || !organization || !viewer.sees(organization, app)) throw new Refusal(404, 'Could not find App');
  if (!viewer.may(action, { organization, app })) throw new Refusal(403, 'unauthorized');
  return app;
}
