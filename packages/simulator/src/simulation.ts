import type { EventSender } from './caller/events.ts';
import type { SimulatedClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { MachineLogs } from './machines/logs/ring.ts';
import type { Lifecycle } from './machines/machine/lifecycle.ts';
import type { Settings } from './options.ts';
import type { Runner } from './runner/runner.ts';
import type { SeenRequests } from './seen.ts';
import type { Bodies } from './world/bodies.ts';
import type { World } from './world/world.ts';

/** What every door of one simulation shares. */
export interface Simulation {
  readonly settings: Settings;
  readonly world: World;
  readonly bodies: Bodies;
  readonly clock: SimulatedClock;
  readonly faults: Faults;
  /** The last requests that came. */
  readonly seen: SeenRequests;
  /** What machines have printed. */
  readonly logs: MachineLogs;
  /** Makes machines run, when that was asked for. */
  readonly runner: Runner | undefined;
  /** Moves machines through their states. */
  readonly lifecycle: Lifecycle;
  /** Tells the provider about machines. */
  readonly events: EventSender;
  /** Writes down what has changed in the world: after it, the change outlives the process. */
  readonly commit: () => void;
}

/** One HTTP surface of the simulation; `discharges` is a part of the first that can fail alone. */
export type DoorName = 'api' | 'machines' | 's3' | 'iam' | 'discharges';
