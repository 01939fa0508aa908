import { createApiDoor } from './api/door.ts';
import { healthDirect } from './api/health.ts';
import { createEventSender } from './caller/events.ts';
import { openLine } from './caller/line.ts';
import { createClock, type SimulatedClock } from './clock.ts';
import type { DirectDoor, DoorFetch } from './doors.ts';
import { createFaults, type Faults } from './faults.ts';
import { lazyDoor } from './lazy.ts';
import { resumeDeletions } from './machines/apps/deletion.ts';
import { ascendingUlids } from './ids.ts';
import { createMachineLogs } from './machines/logs/ring.ts';
import { createDirectReads } from './machines/direct.ts';
import { createLifecycle } from './machines/machine/lifecycle.ts';
import type { Settings, SimulatorOptions } from './options.ts';
import type { Runner } from './runner/runner.ts';
import { createSeen, seenDoor } from './seen.ts';
import type { Seed } from './seed/file.ts';
import type { Simulation } from './simulation.ts';
import type { State } from './world/state.ts';
import { clockOffsetMs, type World } from './world/world.ts';

/** A handler, and for some doors a shorter way beside it. */
export interface ServedDoor {
  readonly fetch: DoorFetch;
  readonly direct?: DirectDoor | undefined;
}

/** Fly.io and Tigris, offline. */
export interface Simulator {
  /** One handler per address: api.fly.io, the Machines API, S3, IAM. */
  readonly doors: Readonly<Record<'api' | 'machines' | 's3' | 'iam', ServedDoor>>;
  /** The seed is planted. Rejects with RangeError when it does not fit. */
  readonly begun: Promise<void>;
  readonly world: World;
  readonly clock: SimulatedClock;
  readonly faults: Faults;
  /** Writes the state file, ends every timer and connection. */
  close(): Promise<void>;
}

/** The simulation of that state. It opens no port: see `listen`. */
export function simulatorOf(state: State, options: SimulatorOptions, settings: Settings): Simulator {
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
  const nextId = ascendingUlids(() => clock.nowMs());
  const logs = createMachineLogs(clock, nextId);
  const runner = (): Runner | undefined => simulation.runner;
  const lifecycle = createLifecycle({ world, clock, events, logs, nextId, runner, commit });
  const seen = createSeen(clock);
  const simulation: Simulation & { runner: Runner | undefined } = {
    settings,
    world,
    bodies,
    clock,
    faults,
    seen,
    logs,
    runner: undefined,
    lifecycle,
    events,
    commit,
  };
  simulation.runner = options.createRunner?.(simulation);

  lifecycle.resume();
  events.resume();
  resumeDeletions(simulation);
  const begun = options.seed && state.fresh ? planted(simulation, options.seed) : Promise.resolve();
  // Whoever does not wait for it is not told.
  begun.catch(() => undefined);

  return {
    doors: {
      api: {
        fetch: seenDoor(simulation, 'api', createApiDoor(simulation, line, options)),
        direct: healthDirect,
      },
      machines: {
        fetch: seenDoor(
          simulation,
          'machines',
          lazyDoor(async () => (await import('./machines/door.ts')).createMachinesDoor(simulation)),
        ),
        direct: createDirectReads(simulation),
      },
      s3: {
        fetch: seenDoor(
          simulation,
          's3',
          lazyDoor(async () => (await import('./s3/door.ts')).createS3Door(simulation)),
        ),
      },
      iam: {
        fetch: seenDoor(
          simulation,
          'iam',
          lazyDoor(async () => (await import('./iam/door.ts')).createIamDoor(simulation)),
        ),
      },
    },
    begun,
    world,
    clock,
    faults,
    async close() {
      faults.clear();
      lifecycle.close();
      await simulation.runner?.close();
      logs.close();
      events.close();
      await line.close();
      clock.close();
      await state.close();
    },
  };
}

async function planted(simulation: Simulation, seed: Seed): Promise<void> {
  (await import('./seed/plant.ts')).plant(simulation, seed);
}
