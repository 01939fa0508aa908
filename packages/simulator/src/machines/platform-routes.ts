import { Hono } from 'hono';
import { bodyAs, numberOf, textOf } from './request/body.ts';
import { organizationOf } from './request/caller.ts';
import { queryOf, type MachinesContext, type MachinesEnv } from './request/context.ts';
import { filtered } from './machine/machine-routes.ts';
import { pageOf } from './request/paging.ts';
import { flagIn, listIn } from './request/query.ts';
import { invalidArgument } from './request/refusal.ts';
import { NEAREST_REGION, placeIn, REGIONS } from './request/regions.ts';
import { currentTokens } from '../tokens/current.ts';
import { organizationMachineWire, volumeSummaryWire, volumeWire } from './machine/wire.ts';

/** Organizations, regions and the caller's own tokens (docs/specs/platform.md#organizations). */
export function platformRoutes(): Hono<MachinesEnv> {
  const routes = new Hono<MachinesEnv>({ strict: false });

  routes.get('/orgs/:org/machines', (c) => {
    const query = queryOf(c);
    const names = appNames(c, c.req.param('org'));
    const machines = [...c.var.simulation.world.machines.values()].filter((one) => names.has(one.app));
    const page = pageOf(filtered(machines, query), query);
    const summary = flagIn(query, 'summary');
    const last = page.items.at(-1);
    return c.json({
      machines: page.items.map((one) => organizationMachineWire(one, summary)),
      next_cursor: page.next,
      last_machine_id: last?.id ?? '',
      last_updated_at: last ? new Date(last.updatedAtMs).toISOString() : '',
      error_regions: [],
    });
  });
  routes.get('/orgs/:org/volumes', (c) => {
    const query = queryOf(c);
    const names = appNames(c, c.req.param('org'));
    const regions = listIn(query, 'region');
    const states = listIn(query, 'state');
    // A deleted volume is gone at once here, so there is none to include.
    flagIn(query, 'include_deleted');
    const wire = flagIn(query, 'summary') ? volumeSummaryWire : volumeWire;
    const volumes = [...c.var.simulation.world.volumes.values()]
      .filter((one) => names.has(one.app))
      .filter((one) => !regions || regions.includes(one.region))
      .filter((one) => !states || states.includes(String(volumeWire(one)['state'])))
      .map((one) => ({ ...one, updatedAtMs: one.createdAtMs }));
    const page = pageOf(volumes, query);
    const last = page.items.at(-1);
    const time = (ms: number): string => new Date(ms).toISOString();
    return c.json({
      volumes: page.items.map((one) => ({
        app_name: one.app,
        ...wire(one),
        updated_at: time(one.updatedAtMs),
      })),
      next_cursor: page.next,
      last_volume_id: last?.id ?? '',
      last_updated_at: last ? time(last.updatedAtMs) : '',
    });
  });
  routes.get('/platform/regions', (c) =>
    c.json({
      nearest: NEAREST_REGION,
      regions: REGIONS.map(({ area, ...region }) => ({
        ...region,
        gateway_available: true,
        requires_paid_plan: false,
        deprecated: false,
        geo_region: area,
      })),
    }),
  );
  routes.post('/platform/placements', async (c) => {
    const body = await bodyAs(c.req.raw, 'main.getPlacementsRequest');
    const slug = textOf(body, 'org_slug');
    if (slug === undefined) throw invalidArgument('org_slug: is required');
    organizationOf(c.var.simulation, c.var.caller, slug);
    const count = numberOf(body, 'count') || 1;
    return c.json({ regions: [{ region: placeIn(textOf(body, 'region')), count, concurrency: count }] });
  });
  routes.get('/tokens/current', (c) => c.json({ tokens: currentTokens(c.var.simulation, c.var.caller) }));
  return routes;
}

function appNames(c: MachinesContext, slug: string): Set<string> {
  organizationOf(c.var.simulation, c.var.caller, slug);
  const apps = [...c.var.simulation.world.apps.values()].filter((app) => app.organization === slug);
  return new Set(apps.map((app) => app.name));
}
