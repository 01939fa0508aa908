import { Hono } from 'hono';
import { Refusal } from '../machines/request/refusal.ts';
import type { Simulation } from '../simulation.ts';
import type { Organization } from '../world/people.ts';
import type { JsonObject } from '../world/json.ts';
import { callerOf } from './access.ts';

/** `GET /api/v1/organizations` and one by its slug. */
export function organizationRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  const { world } = simulation;
  routes.get('/api/v1/organizations', (c) => {
    const viewer = callerOf(simulation, c);
    const seen = [...world.organizations.values()].filter((one) => viewer.sees(one));
    return c.json({ organizations: seen.map(organizationWire) });
  });
  routes.get('/api/v1/organizations/:slug', (c) => {
    const viewer = callerOf(simulation, c);
    const slug = c.req.param('slug');
    const all = [...world.organizations.values()].filter((one) => viewer.sees(one));
    // `personal` is what everybody calls their own.
    const organization = slug === 'personal' ? all[0] : all.find((one) => one.slug === slug);
    if (!organization) throw new Refusal(404, 'Organization not found');
    return c.json({ organization: organizationWire(organization) });
  });
  return routes;
}

/** The number is a number here; in GraphQL it is text. */
function organizationWire(one: Organization): JsonObject {
  return {
    id: one.id,
    internal_numeric_id: one.number,
    slug: one.slug,
    raw_slug: one.slug,
    name: one.name,
    paid_plan: true,
    personal: false,
    billable: true,
    billing_status: 'CURRENT',
    provisions_beta_extensions: false,
    remote_builder_image: '',
  };
}
