import type { Simulation } from '../../simulation.ts';
import type { App, Machine } from '../../world/platform.ts';
import { isObject, type JsonObject } from '../../world/json.ts';
import { failedPrecondition } from '../request/refusal.ts';
import { startMachine, stopMachine, suspendMachine } from './actions.ts';
import { machinesShown } from './wire.ts';

/** A request of a visitor comes in. Where no machine of the app runs, one that may be started by it is. Says which machine serves it. */
export function visit(simulation: Simulation, app: App): Machine {
  const machines = servingMachines(simulation, app);
  const awake = machines.find(({ state }) => ['started', 'starting'].includes(state));
  if (awake) return awake;
  const asleep = machines.find(
    (one) =>
      ['stopped', 'suspended'].includes(one.state) &&
      servicesOf(one).some(({ autostart }) => autostart === true),
  );
  if (!asleep) throw failedPrecondition(`no machine of ${app.name} runs, and none has autostart`);
  startMachine(simulation, asleep);
  return asleep;
}

/**
 * Nobody has come for a while: machines with autostop go down, as they say (`stop` or `suspend`), while more of them run than
 * `min_machines_running` asks for. Says which ones.
 */
export function quiet(simulation: Simulation, app: App): Machine[] {
  const running = servingMachines(simulation, app).filter(({ state }) => state === 'started');
  let left = running.length;
  return running.filter((machine) => {
    const services = servicesOf(machine);
    const autostop = services.map((one) => one['autostop']).find((one) => one === true || one === 'suspend');
    const least = Math.max(0, ...services.map((one) => Number(one['min_machines_running'] ?? 0)));
    if (autostop === undefined || left <= least) return false;
    left -= 1;
    if (autostop === 'suspend') suspendMachine(simulation, machine);
    else stopMachine(simulation, machine);
    return true;
  });
}

/** Machines that a visitor can be sent to. */
function servingMachines({ world }: Simulation, app: App): Machine[] {
  return machinesShown(world, app.name).filter((one) => !one.cordoned && servicesOf(one).length > 0);
}

function servicesOf(machine: Machine): JsonObject[] {
  const { services } = machine.config;
  return Array.isArray(services) ? services.filter(isObject) : [];
}
