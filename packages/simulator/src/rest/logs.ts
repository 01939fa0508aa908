import { Hono } from 'hono';
import { machinesOf } from '../machines/machine/wire.ts';
import { invalidArgument } from '../machines/request/refusal.ts';
import type { Simulation } from '../simulation.ts';
import type { App } from '../world/platform.ts';
import type { World } from '../world/world.ts';
import { appFor, callerOf } from './access.ts';

/** What a client that has no token yet gets of the past, and the most that any answer holds. */
const LINES_PER_PAGE = 100;

/** A place among the lines: time, and id among those of one moment. */
const TOKEN = /^(\d{1,15})-(\w{1,64})$/;

interface Line {
  readonly id: string;
  readonly timeMs: number;
  readonly message: string;
  readonly instance: string;
  readonly region: string;
}

/** `GET /api/v1/apps/{app}/logs?next_token=…`, polled by `fly logs`. The token of one answer leads to what came after it. */
export function logRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  routes.get('/api/v1/apps/:app/logs', (c) => {
    const app = appFor(simulation, callerOf(simulation, c), c.req.param('app'));
    const { next_token: token = '', instance = '', region = '' } = c.req.query();
    const lines = linesOf(simulation.world, app)
      .filter(
        (one) => (instance === '' || one.instance === instance) && (region === '' || one.region === region),
      )
      .toSorted(compare);
    const page = token === '' ? lines.slice(-LINES_PER_PAGE) : after(lines, token).slice(0, LINES_PER_PAGE);
    const last = page.at(-1);
    return c.json({
      data: page.map((one) => ({
        id: one.id,
        attributes: {
          timestamp: new Date(one.timeMs).toISOString(),
          message: one.message,
          level: 'info',
          instance: one.instance,
          region: one.region,
          meta: { instance: one.instance, region: one.region, event: { provider: 'runner' } },
        },
      })),
      meta: { next_token: last ? `${last.timeMs}-${last.id}` : token },
    });
  });
  return routes;
}

/** The life of an app and of its machines. Nothing runs in them that could print more. */
function linesOf(world: World, app: App): Line[] {
  const created = {
    id: app.id,
    timeMs: app.createdAtMs,
    message: `App ${app.name} was created`,
    instance: '',
    region: '',
  };
  const lives = machinesOf(world, app.name).flatMap((machine) =>
    [...machine.events.values()].map((event) => ({
      id: event.id,
      timeMs: event.timestamp,
      message: `Machine ${machine.name}: ${event.type}, now ${event.status}`,
      instance: machine.id,
      region: machine.region,
    })),
  );
  return [created, ...lives];
}

function after(lines: readonly Line[], token: string): Line[] {
  const [, time = '', id = ''] = TOKEN.exec(token) ?? [];
  if (time === '') throw invalidArgument('next_token is not one that an answer before has given');
  return lines.filter((one) => compare(one, { timeMs: Number(time), id }) > 0);
}

function compare(a: Pick<Line, 'timeMs' | 'id'>, b: Pick<Line, 'timeMs' | 'id'>): number {
  return a.timeMs - b.timeMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
