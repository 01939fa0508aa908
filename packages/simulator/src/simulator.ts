import { createApiDoor } from './api/door.ts';
import { createEventSender } from './caller/events.ts';
import { createExtensionCaller } from './caller/extensions.ts';
import { openLine } from './caller/line.ts';
import { createClock, type SimulatedClock } from './clock.ts';
import type { DirectDoor, DoorFetch } from './doors.ts';
import { createFaults, type Faults } from './faults.ts';
import { lazyDoor } from './lazy.ts';
import { resumeDeletions } from './machines/apps/deletion.ts';
import { createDirectReads } from './machines/direct.ts';
import { createLifecycle } from './machines/machine/lifecycle.ts';
import { settle, type SimulatorOptions } from './options.ts';
import type { Simulation } from './simulation.ts';
import { bodiesOf } from './world/bodies.ts';
import { openState, stateInMemory } from './world/state.ts';
import { clockOffsetMs, resetWorld, type World } from './world/world.ts';

/** Fly.io and Tigris, offline. */
export interface Simulator {
  /** One handler per address: api.fly.io, the Machines API, S3, IAM. */
  readonly doors: {
    readonly api: { fetch: DoorFetch };
    readonly machines: { fetch: DoorFetch; direct: DirectDoor };
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
 * Creates a simulation. It opens no port: see `listen`. With `state` the world is loaded from that file and what stands
 * beside it, and kept there. Throws StateDamaged when they cannot be read.
 *
 * @example
 * const simulator = createSimulator({ state: '/tmp/fly.json' });
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const settings = settle(options);
  const state =
    settings.state === undefined
      ? stateInMemory(settings.organization)
      : openState(settings.state, settings.organization, settings.onError);
  const { world, bodies } = state;
  const commit = (): void => state.commit();
  const clock = createClock({
    base: settings.now,
    offsetMs: clockOffsetMs(world),
    onError: settings.onError,
  });
  const faults = createFaults(clock);
  const line = openLine({ world, clock, faults, settings, commit });
  const events = createEventSender({ world, clock, faults, settings, line, commit });
  const lifecycle = createLifecycle({ world, clock, events, commit });
  const simulation: Simulation = { settings, world, bodies, clock, faults, lifecycle, events, commit };
  const caller = createExtensionCaller({ world, clock, settings, line });

  const reset = (): void => {
    faults.clear();
    lifecycle.close();
    for (const { body } of bodiesOf(world)) bodies.drop(body);
    resetWorld(world, settings.organization);
    commit();
  };

  lifecycle.resume();
  events.resume();
  resumeDeletions(simulation);

  return {
    doors: {
      api: { fetch: createApiDoor(simulation, caller, { reset }) },
      machines: {
        fetch: lazyDoor(async () => (await import('./machines/door.ts')).createMachinesDoor(simulation)),
        direct: createDirectReads(simulation),
      },
      s3: { fetch: lazyDoor(async () => (await import('./s3/door.ts')).createS3Door(simulation)) },
      iam: { fetch: lazyDoor(async () => (await import('./iam/door.ts')).createIamDoor(simulation)) },
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
      await state.close();
    },
  };
}
