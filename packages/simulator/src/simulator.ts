import { createApiDoor } from './api-door.ts';
import { createEventSender } from './caller/events.ts';
import { createExtensionCaller } from './caller/extensions.ts';
import { openLine } from './caller/line.ts';
import { createClock, type SimulatedClock } from './clock.ts';
import type { DoorFetch } from './doors.ts';
import { createFaults, type Faults } from './faults.ts';
import { createIamDoor } from './iam/door.ts';
import { resumeDeletions } from './machines/apps.ts';
import { createMachinesDoor } from './machines/door.ts';
import { createLifecycle } from './machines/lifecycle.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { createS3Door } from './s3/door.ts';
import { settle, type SimulatorOptions } from './options.ts';
import type { Simulation } from './simulation.ts';
import { followWorld, loadWorld } from './world/persist.ts';
import { resetWorld, type World } from './world/world.ts';

/** Fly.io and Tigris, offline. */
export interface Simulator {
  /** One handler per address: api.fly.io, the Machines API, S3, IAM. */
  readonly doors: {
    readonly api: { fetch: DoorFetch };
    readonly machines: { fetch: DoorFetch };
    readonly s3: { fetch: DoorFetch };
    readonly iam: { fetch: DoorFetch };
  };
  readonly world: World;
  readonly clock: SimulatedClock;
  readonly faults: Faults;
  /** Writes the state file, ends every timer and connection. */
  close(): Promise<void>;
}

/**
 * Creates a simulation. It opens no port: see `listen`. With `state` the world is loaded from that file and follows it.
 * Throws SyntaxError when the file holds something else.
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const settings = settle(options);
  const world = loadWorld(settings.state, settings.organization);
  const file =
    settings.state === undefined ? undefined : followWorld(settings.state, world, settings.onError);
  const touch = (): void => file?.touch();
  const clock = createClock({ base: settings.now, offsetMs: world.clockOffsetMs, onError: settings.onError });
  const faults = createFaults(clock);
  const line = openLine({ world, clock, faults, settings, touch });
  const events = createEventSender({ world, clock, faults, settings, line, touch });
  const lifecycle = createLifecycle({ world, clock, events, touch });
  const simulation: Simulation = { settings, world, clock, faults, lifecycle, events, touch };
  const caller = createExtensionCaller({ world, clock, settings, line });

  const reset = (): void => {
    faults.clear();
    lifecycle.close();
    resetWorld(world, settings.organization);
    touch();
  };

  lifecycle.resume();
  events.resume();
  resumeDeletions(simulation);

  return {
    doors: {
      api: { fetch: createApiDoor(simulation, caller, { reset, oauth: oauthRoutes(simulation) }) },
      machines: { fetch: createMachinesDoor(simulation) },
      s3: { fetch: createS3Door(simulation) },
      iam: { fetch: createIamDoor(simulation) },
    },
    world,
    clock,
    faults,
    async close() {
      faults.clear();
      lifecycle.close();
      events.close();
      await line.close();
      clock.close();
      file?.close();
    },
  };
}
