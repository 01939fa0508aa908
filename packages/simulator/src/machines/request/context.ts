import type { RequestContext } from '@hangar/http';
import type { Context } from 'hono';
import type { Simulation } from '../../simulation.ts';
import type { App, Machine } from '../../world/platform.ts';
import { appOf, type Caller } from './caller.ts';
import { Refusal } from './refusal.ts';

/** What a route of the Machines API gets from its door. */
export interface MachinesEnv {
  Bindings: { door: RequestContext };
  Variables: { simulation: Simulation; caller: Caller };
}

export type MachinesContext = Context<MachinesEnv>;

/** The query as it was written. */
export function queryOf(c: MachinesContext): URLSearchParams {
  return new URL(c.req.url).searchParams;
}

/** The app of the path; see `appOf` for 403 and 404. */
export function pathApp(c: MachinesContext): App {
  return appOf(c.var.simulation, c.var.caller, c.req.param('app') ?? '');
}

/** The machine of the path; 404 with the words that flyctl looks for. */
export function pathMachine(c: MachinesContext): Machine {
  const app = pathApp(c);
  const id = c.req.param('machine') ?? '';
  if (!/^[0-9a-f]{14}$/.test(id)) throw new Refusal(400, `invalid_argument: invalid machine ID, '${id}'`);
  const machine = c.var.simulation.world.machines.get(id);
  if (machine?.app !== app.name) throw new Refusal(404, 'not_found: machine not found');
  return machine;
}
