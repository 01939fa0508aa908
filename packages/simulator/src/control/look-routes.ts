import { Hono } from 'hono';
import { logStream } from '../machines/logs/stream.ts';
import { crashMachine } from '../machines/machine/actions.ts';
import { checksWire, judgeChecks } from '../machines/machine/checks.ts';
import { quiet, visit } from '../machines/machine/traffic.ts';
import { appWire, machineWire } from '../machines/machine/wire.ts';
import type { Simulation } from '../simulation.ts';
import type { App, Machine } from '../world/platform.ts';
import { bodyAs, ControlRefusal } from './body.ts';
import { checkRequest, crashRequest, trafficRequest } from './requests.ts';

/** Apps and machines from above: a look inside, their lines as they come, and what happens to them from outside. */
export function lookRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  const { world } = simulation;

  const machineOf = (id: string): Machine => {
    const machine = world.machines.get(id);
    if (!machine) throw new ControlRefusal(404, 'there is no such machine');
    return machine;
  };
  const appOf = (name: string): App => {
    const app = world.apps.get(name);
    if (!app) throw new ControlRefusal(404, 'there is no such app');
    return app;
  };

  routes.get('/machines/:id', (c) => {
    const machine = machineOf(c.req.param('id'));
    return c.json(machineWire(machine));
  });
  routes.get('/apps/:name', (c) => {
    const app = appOf(c.req.param('name'));
    return c.json(appWire(world, app));
  });
  // What a machine of the app finds in its environment: a simulated machine has no inside from which to look.
  routes.get('/apps/:name/environment', (c) => {
    const app = appOf(c.req.param('name'));
    const secrets = [...app.secrets.values()].map((secret) => [secret.name, secret.value]);
    return c.json({ environment: { FLY_APP_NAME: app.name, ...Object.fromEntries(secrets) } });
  });
  routes.post('/machines/:id/crash', async (c) => {
    const machine = machineOf(c.req.param('id'));
    crashMachine(simulation, machine, await bodyAs(crashRequest, c.req.raw));
    return c.json({ id: machine.id, state: machine.state });
  });
  routes.post('/machines/:id/checks', async (c) => {
    const machine = machineOf(c.req.param('id'));
    judgeChecks(simulation, machine, await bodyAs(checkRequest, c.req.raw));
    return c.json({ id: machine.id, checks: checksWire(machine) });
  });
  routes.post('/apps/:name/traffic', async (c) => {
    const app = appOf(c.req.param('name'));
    const { kind } = await bodyAs(trafficRequest, c.req.raw);
    const machines = kind === 'visit' ? [visit(simulation, app)] : quiet(simulation, app);
    return c.json({ machines: machines.map(({ id, state }) => ({ id, state })) });
  });
  routes.get('/apps/:name/logs', (c) => {
    const { instance = '', region = '' } = c.req.query();
    const stream = logStream(simulation, appOf(c.req.param('name')), { instance, region });
    return c.body(stream, 200, { 'content-type': 'application/x-ndjson' });
  });
  return routes;
}
