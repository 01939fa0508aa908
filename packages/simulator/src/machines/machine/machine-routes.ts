import { Hono } from 'hono';
import type { Machine } from '../../world/platform.ts';
import {
  destroyMachine,
  restartMachine,
  signalMachine,
  startMachine,
  stopMachine,
  suspendMachine,
  updateMachine,
} from './actions.ts';
import { bodyAs, checked, durationOf, numberOf, textOf } from '../request/body.ts';
import { createMachine } from './create.ts';
import { pathApp, pathMachine, queryOf, type MachinesContext, type MachinesEnv } from '../request/context.ts';
import { execute } from './exec.ts';
import { currentLease, endLease, requireLease, takeLease } from './leases.ts';
import { changeMetadata, metadataOf, metadataValue } from './metadata.ts';
import { flagIn, limitIn, listIn } from '../request/query.ts';
import { invalidArgument, Refusal } from '../request/refusal.ts';
import { waitForState, waitQuestion } from './wait.ts';
import { leaseWire, machinesOf, machineSummaryWire, machineWire } from './wire.ts';
import { isObject, type JsonObject } from '../../world/json.ts';

const NONCE_HEADER = 'fly-machine-lease-nonce';
const DEFAULT_EVENTS = 20;
const MOST_EVENTS = 50;

/** The machine of the path, provided that no one else leases it. */
function leasedMachine(c: MachinesContext): Machine {
  const machine = pathMachine(c);
  requireLease(c.var.simulation, machine, c.req.header(NONCE_HEADER));
  return machine;
}

/** Machines (docs/specs/platform.md#machines). */
export function machineRoutes(): Hono<MachinesEnv> {
  const routes = new Hono<MachinesEnv>({ strict: false });
  const base = '/apps/:app/machines';
  const one = `${base}/:machine`;

  routes.get(base, (c) => {
    const app = pathApp(c);
    const query = queryOf(c);
    const machines = filtered(machinesOf(c.var.simulation.world, app.name), query);
    return c.json(machines.map(flagIn(query, 'summary') ? machineSummaryWire : machineWire));
  });
  routes.post(base, async (c) => {
    const app = pathApp(c);
    const body = await bodyAs(c.req.raw, 'CreateMachineRequest');
    const machine = createMachine(c.var.simulation, c.var.caller, app, body);
    return c.json({ ...machineWire(machine), ...(machine.lease ? { nonce: machine.lease.nonce } : {}) });
  });
  routes.get(one, (c) => c.json(machineWire(pathMachine(c))));
  routes.post(one, async (c) => {
    const machine = leasedMachine(c);
    updateMachine(c.var.simulation, pathApp(c), machine, await bodyAs(c.req.raw, 'UpdateMachineRequest'));
    return c.json(machineWire(machine));
  });
  routes.delete(one, (c) => {
    const force = ['force', 'kill'].map((name) => flagIn(queryOf(c), name)).includes(true);
    destroyMachine(c.var.simulation, leasedMachine(c), force);
    return c.json({ ok: true });
  });

  routes.post(`${one}/start`, (c) => c.json(startMachine(c.var.simulation, leasedMachine(c))));
  routes.post(`${one}/stop`, async (c) => {
    const machine = leasedMachine(c);
    await bodyAs(c.req.raw, 'StopRequest');
    stopMachine(c.var.simulation, machine);
    return c.json({ ok: true });
  });
  routes.post(`${one}/restart`, async (c) => {
    const machine = leasedMachine(c);
    const query = queryOf(c);
    flagIn(query, 'force_stop');
    // fly-go writes these into the query, fly-admin into the body.
    const body = { timeout: query.get('timeout'), signal: query.get('signal') };
    checkRestart(await bodyAs(c.req.raw, 'RestartRequest'));
    checkRestart(checked('RestartRequest', body));
    restartMachine(c.var.simulation, machine);
    return c.json({ ok: true });
  });
  routes.post(`${one}/suspend`, (c) => {
    suspendMachine(c.var.simulation, leasedMachine(c));
    return c.json({ ok: true });
  });
  routes.post(`${one}/signal`, async (c) => {
    signalMachine(c.var.simulation, pathMachine(c), await bodyAs(c.req.raw, 'SignalRequest'));
    return c.json({ ok: true });
  });
  for (const verb of ['cordon', 'uncordon']) {
    routes.post(`${one}/${verb}`, (c) => {
      const machine = leasedMachine(c);
      machine.cordoned = verb === 'cordon';
      c.var.simulation.world.machines.changed(machine.id);
      return c.json({ ok: true });
    });
  }
  routes.post(`${one}/exec`, async (c) =>
    c.json(await execute(c.var.simulation, pathMachine(c), await bodyAs(c.req.raw, 'MachineExecRequest'))),
  );
  routes.get(`${one}/wait`, async (c) => {
    const question = waitQuestion(queryOf(c));
    return c.json(await waitForState(c.var.simulation, pathMachine(c), question, c.req.raw.signal));
  });
  routes.get(`${one}/events`, (c) => {
    const machine = pathMachine(c);
    return c.json(
      [...machine.events.values()].toReversed().slice(0, limitIn(queryOf(c), DEFAULT_EVENTS, MOST_EVENTS)),
    );
  });
  routes.get(`${one}/versions`, (c) => c.json([...pathMachine(c).versions.values()].toReversed()));
  routes.get(`${one}/ps`, (c) => {
    const machine = pathMachine(c);
    if (machine.state !== 'started') return c.json([]);
    const idle = { directory: '/', cpu: 0, rss: 4_194_304, rtime: 1, stime: 0 };
    return c.json([{ pid: 1, command: '/fly/init', ...idle, listen_sockets: socketsOf(machine.config) }]);
  });

  routes.get(`${one}/metadata`, (c) => c.json(metadataOf(pathMachine(c))));
  for (const method of ['put', 'patch'] as const) {
    routes[method](`${one}/metadata`, async (c) => {
      const mode = method === 'put' ? 'replace' : 'merge';
      changeMetadata(
        c.var.simulation,
        pathMachine(c),
        await bodyAs(c.req.raw, 'updateMetadataRequest'),
        mode,
      );
      return c.body(null, 204);
    });
  }
  routes.get(`${one}/metadata/:key`, (c) => c.json(metadataValue(pathMachine(c), c.req.param('key'))));
  routes.post(`${one}/metadata/:key`, async (c) => {
    const body = await bodyAs(c.req.raw, 'upsertMetadataKeyRequest');
    const change = { metadata: { [c.req.param('key')]: body['value'] ?? null } };
    changeMetadata(c.var.simulation, pathMachine(c), change, 'merge');
    return c.body(null, 204);
  });
  routes.delete(`${one}/metadata/:key`, (c) => {
    const machine = pathMachine(c);
    metadataValue(machine, c.req.param('key'));
    changeMetadata(c.var.simulation, machine, { metadata: { [c.req.param('key')]: null } }, 'merge');
    return c.body(null, 204);
  });

  routes.post(`${one}/lease`, async (c) => {
    const machine = pathMachine(c);
    const body = await bodyAs(c.req.raw, 'CreateLeaseRequest');
    const ttl = numberOf(body, 'ttl') ?? ttlOf(c.req.query('ttl'));
    const lease = takeLease(c.var.simulation, c.var.caller, machine, {
      nonce: c.req.header(NONCE_HEADER),
      ttlSeconds: ttl !== undefined && ttl > 0 ? ttl : undefined,
      description: textOf(body, 'description'),
    });
    return c.json(leaseWire(machine, lease), 201);
  });
  routes.get(`${one}/lease`, (c) => {
    const machine = pathMachine(c);
    const lease = currentLease(c.var.simulation, machine);
    if (!lease) throw new Refusal(404, 'machine lease not found');
    return c.json(leaseWire(machine, lease));
  });
  routes.delete(`${one}/lease`, (c) => {
    const machine = pathMachine(c);
    const lease = currentLease(c.var.simulation, machine);
    if (!lease) throw new Refusal(404, 'machine lease not found');
    if (c.req.header(NONCE_HEADER) === undefined) throw invalidArgument(`${NONCE_HEADER}: is required`);
    requireLease(c.var.simulation, machine, c.req.header(NONCE_HEADER));
    endLease(c.var.simulation, machine);
    return c.json({ status: 'success', data: { ok: true } });
  });
  return routes;
}

/** One socket for each TCP service: a deployment waits until its ports are listened to. */
function socketsOf(config: JsonObject): JsonObject[] {
  const services = Array.isArray(config['services']) ? config['services'].filter(isObject) : [];
  const ports = services.filter((one) => one['protocol'] !== 'udp').map((one) => one['internal_port']);
  return [...new Set(ports)].map((port) => ({ proto: 'tcp', address: `0.0.0.0:${String(port)}` }));
}

/** A restart waits for the old process this long at most (superfly/flyctl #3342). */
const LONGEST_RESTART_MS = 60_000;

function checkRestart(body: JsonObject): void {
  const timeoutMs = durationOf(body['timeout']);
  if (timeoutMs !== undefined && timeoutMs > LONGEST_RESTART_MS) {
    throw invalidArgument('timeout must not exceed 60 seconds');
  }
}

/** `?ttl=`, in whole seconds; fly-go writes it so. */
function ttlOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument('ttl must be a whole number of seconds');
  return Number(text);
}

/** The filters that lists of machines share: `include_deleted`, `region`, `state`, `metadata.{key}`. */
export function filtered(machines: readonly Machine[], query: URLSearchParams): Machine[] {
  const regions = listIn(query, 'region');
  const states = listIn(query, 'state');
  const deleted = flagIn(query, 'include_deleted');
  const wanted = [...query].filter(([name]) => name.startsWith('metadata.'));
  return machines.filter((machine) => {
    if (machine.state === 'destroyed' && !deleted && !states?.includes('destroyed')) return false;
    if (regions && !regions.includes(machine.region)) return false;
    if (states && !states.includes(machine.state)) return false;
    const metadata = isObject(machine.config['metadata']) ? machine.config['metadata'] : {};
    return wanted.every(([name, value]) => metadata[name.slice('metadata.'.length)] === value);
  });
}
