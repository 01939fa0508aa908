import { Hono } from 'hono';
import type { Machine } from '../world/platform.ts';
import { bodyOf, textOf } from './body.ts';
import { organizationOf } from './caller.ts';
import { pathApp, type MachinesContext, type MachinesEnv } from './context.ts';
import { filtered } from './machine-routes.ts';
import { invalidArgument } from './refusal.ts';
import { nearestRegion, placeIn, regions } from './regions.ts';
import { currentTokens } from '../tokens/current.ts';
import { organizationMachineWire, volumeWire } from './wire.ts';

const mostPerPage = 1000;

/** Organizations, regions and the caller's own tokens (spec 2.7, 3.8). */
export function platformRoutes(): Hono<MachinesEnv> {
  const routes = new Hono<MachinesEnv>({ strict: false });

  routes.get('/orgs/:org/machines', (c) => {
    const query = new URL(c.req.url).searchParams;
    const names = appNames(c, c.req.param('org'));
    const machines = [...c.var.simulation.world.machines.values()].filter((one) => names.has(one.app));
    const page = pageOf(filtered(machines, query), query);
    const last = page.items.at(-1);
    return c.json({
      machines: page.items.map(organizationMachineWire),
      next_cursor: page.next,
      last_machine_id: last?.id ?? '',
      last_updated_at: last ? new Date(last.updatedAtMs).toISOString() : '',
      error_regions: [],
    });
  });
  routes.get('/orgs/:org/volumes', (c) => {
    const names = appNames(c, c.req.param('org'));
    const volumes = [...c.var.simulation.world.volumes.values()].filter((one) => names.has(one.app));
    const updated = (ms: number): string => new Date(ms).toISOString();
    return c.json({
      volumes: volumes.map((one) => ({
        app_name: one.app,
        ...volumeWire(one),
        updated_at: updated(one.createdAtMs),
      })),
      next_cursor: '',
      last_volume_id: volumes.at(-1)?.id ?? '',
      last_updated_at: '',
    });
  });
  routes.get('/platform/regions', (c) =>
    c.json({
      nearest: nearestRegion,
      regions: regions.map(({ area, ...region }) => ({
        ...region,
        gateway_available: true,
        requires_paid_plan: false,
        deprecated: false,
        geo_region: area,
      })),
    }),
  );
  routes.post('/platform/placements', async (c) => {
    const body = await bodyOf(c.req.raw);
    const slug = textOf(body, 'org_slug');
    if (slug === undefined) throw invalidArgument('org_slug: is required');
    organizationOf(c.var.simulation, c.var.caller, slug);
    const count = typeof body['count'] === 'number' && body['count'] > 0 ? body['count'] : 1;
    return c.json({ regions: [{ region: placeIn(textOf(body, 'region')), count, concurrency: count }] });
  });
  routes.get('/tokens/current', (c) => c.json({ tokens: currentTokens(c.var.simulation, c.var.caller) }));
  // A deployed app's certificates are read by flyctl even when there are none.
  routes.get('/apps/:app/certificates', (c) => {
    pathApp(c);
    return c.json({ certificates: [], next_cursor: '', total_count: 0 });
  });
  return routes;
}

function appNames(c: MachinesContext, slug: string): Set<string> {
  organizationOf(c.var.simulation, c.var.caller, slug);
  const apps = [...c.var.simulation.world.apps.values()].filter((app) => app.organization === slug);
  return new Set(apps.map((app) => app.name));
}

/** `updated_after`, `cursor` and `limit`, oldest change first. The cursor is the last machine of the page before. */
function pageOf(machines: readonly Machine[], query: URLSearchParams): { items: Machine[]; next: string } {
  const after = Date.parse(query.get('updated_after') ?? '');
  const limit = Math.min(mostPerPage, Number(query.get('limit') ?? mostPerPage) || mostPerPage);
  const sorted = machines
    .filter((one) => Number.isNaN(after) || one.updatedAtMs > after)
    .toSorted((a, b) => a.updatedAtMs - b.updatedAtMs || a.id.localeCompare(b.id));
  const cursor = query.get('cursor');
  const from = cursor ? sorted.findIndex((one) => one.id === cursor) + 1 : 0;
  const items = sorted.slice(from, from + limit);
  return { items, next: from + limit < sorted.length ? (items.at(-1)?.id ?? '') : '' };
}
