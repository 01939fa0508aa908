import { Hono } from 'hono';
import { cursorOf, linesAfter, linesOf } from '../machines/logs/lines.ts';
import type { Simulation } from '../simulation.ts';
import { appFor, callerOf } from './access.ts';

/** What a client that has no token yet gets of the past, and the most that any answer holds. */
const LINES_PER_PAGE = 100;

/** `GET /api/v1/apps/{app}/logs?next_token=…`, polled by `fly logs`. The token of one answer leads to what came after it. */
export function logRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  routes.get('/api/v1/apps/:app/logs', (c) => {
    const app = appFor(simulation, callerOf(simulation, c), c.req.param('app'));
    const { next_token: token = '', instance = '', region = '' } = c.req.query();
    const lines = linesOf(simulation, app, { instance, region });
    const page =
      token === '' ? lines.slice(-LINES_PER_PAGE) : linesAfter(lines, token).slice(0, LINES_PER_PAGE);
    const last = page.at(-1);
    return c.json({
      data: page.map((one) => ({
        id: one.id,
        attributes: {
          timestamp: new Date(one.timeMs).toISOString(),
          message: one.message,
          level: one.level,
          instance: one.instance,
          region: one.region,
          meta: { instance: one.instance, region: one.region, event: { provider: 'runner' } },
        },
      })),
      meta: { next_token: last ? cursorOf(last) : token },
    });
  });
  return routes;
}
