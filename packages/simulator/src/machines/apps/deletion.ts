import type { Simulation } from '../../simulation.ts';
import type { App } from '../../world/platform.ts';
import { machinesOf } from '../machine/wire.ts';

/**
 * Deletes an app with its machines, volumes, secrets and addresses. The name is free again after the configured lag,
 * during which the app still answers.
 */
export function deleteApp(simulation: Simulation, app: App): void {
  const { world, clock, lifecycle, settings } = simulation;
  for (const machine of machinesOf(world, app.name)) {
    if (machine.state === 'destroyed') continue;
    lifecycle.follow(machine, []);
    lifecycle.enter(machine, {
      state: 'destroyed',
      event: { type: 'destroy', status: 'destroyed', source: 'user' },
    });
  }
  for (const [id, volume] of world.volumes) if (volume.app === app.name) world.volumes.delete(id);
  for (const [ip, address] of world.addresses) if (address.app === app.name) world.addresses.delete(ip);
  for (const table of [world.releases, world.certificates, world.secretKeys])
    for (const [key, one] of table) if (one.app === app.name) table.delete(key);
  app.secrets.clear();
  app.goneAtMs = clock.nowMs() + settings.delays.appDeletionLag;
  world.apps.changed(app.name);
  if (settings.delays.appDeletionLag <= 0) return forgetApp(simulation, app);
  clock.after(settings.delays.appDeletionLag, () => forgetApp(simulation, app));
}

/** Goes on with deletions that a restart interrupted. */
export function resumeDeletions(simulation: Simulation): void {
  for (const app of simulation.world.apps.values()) {
    if (app.goneAtMs === undefined) continue;
    simulation.clock.after(app.goneAtMs - simulation.clock.nowMs(), () => forgetApp(simulation, app));
  }
}

function forgetApp(simulation: Simulation, app: App): void {
  const { world } = simulation;
  if (world.apps.get(app.name) !== app) return;
  world.apps.delete(app.name);
  for (const machine of machinesOf(world, app.name)) world.machines.delete(machine.id);
  simulation.commit();
}
