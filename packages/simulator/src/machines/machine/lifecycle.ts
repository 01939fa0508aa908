import type { EventSender } from '../../caller/events.ts';
import type { SimulatedClock, Timer } from '../../clock.ts';
import type { MachineLogs } from '../logs/ring.ts';
import type { Machine, MachineState, Step } from '../../world/platform.ts';
import type { Runner } from '../../runner/runner.ts';
import type { World } from '../../world/world.ts';

/** The states in which a machine rests until somebody acts. */
const SETTLED_STATES: ReadonlySet<MachineState> = new Set([
  'created',
  'started',
  'stopped',
  'suspended',
  'failed',
  'destroyed',
]);

/** True when the machine is not on its way to another state. */
export function isSettled(machine: Machine): boolean {
  return SETTLED_STATES.has(machine.state) && machine.plan.length === 0;
}

/**
 * Moves machines through their states (docs/specs/platform.md#machine-states), one step at a time on the simulated
 * clock.
 */
export interface Lifecycle {
  /** Enters a state now: updates the machine, writes its event and tells the provider. */
  enter(machine: Machine, step: Omit<Step, 'afterMs'>): void;
  /** Replaces what the machine was going to do next. */
  follow(machine: Machine, plan: readonly Step[]): void;
  /** Goes on with every plan found in the world, after a restart. */
  resume(): void;
  /** Resolves at the next change of the machine's state. */
  changed(machineId: string): { promise: Promise<void>; forget(): void };
  /** Forgets all timers; the plans stay in the world. */
  close(): void;
}

/** Creates the one lifecycle of a simulation. */
export function createLifecycle(options: {
  world: World;
  clock: SimulatedClock;
  events: EventSender;
  logs: MachineLogs;
  /** For the events of machines. */
  nextId: () => string;
  runner: () => Runner | undefined;
  commit: () => void;
}): Lifecycle {
  const { world, clock } = options;
  const timers = new Map<string, Timer>();
  const watchers = new Map<string, Set<() => void>>();

  const enter: Lifecycle['enter'] = (machine, step) => {
    const previous = machine.state;
    machine.state = step.state;
    machine.updatedAtMs = clock.nowMs();
    if (step.event) {
      const id = options.nextId();
      machine.events.set(id, { id, timestamp: clock.nowMs(), ...step.event });
    }
    world.machines.changed(machine.id);
    if (step.state === 'starting') machine.secrets = secretsOf(world, machine);
    if (step.state === 'destroyed') released(world, machine);
    options.events.announce(machine, previous, step.data ?? step.event?.request ?? {});
    options.commit();
    options.logs.stir();
    if (step.state === 'started') options.runner()?.start(machine);
    else if (step.state !== 'starting' && step.state !== 'created') options.runner()?.stop(machine);
    const waiting = watchers.get(machine.id);
    watchers.delete(machine.id);
    for (const wake of waiting ?? []) wake();
  };

  const goOn = (machine: Machine, next: Step, exitCode?: number): void => {
    // While its process was waited for, the machine may have got another plan.
    if (!world.machines.has(machine.id) || machine.plan[0] !== next) return;
    machine.plan.shift();
    enter(machine, exitCode === undefined ? next : withExitCode(next, exitCode));
    // Whoever listens to the change may have given the machine another plan, and with it another timer.
    arm(machine);
  };

  const arm = (machine: Machine): void => {
    timers.get(machine.id)?.cancel();
    timers.delete(machine.id);
    const next = machine.plan[0];
    if (!next) return;
    timers.set(
      machine.id,
      clock.after(next.afterMs, () => {
        const ended = options.runner()?.ended(machine);
        if (ended === undefined) goOn(machine, next);
        else void ended.then((code) => clock.after(0, () => goOn(machine, next, code)));
      }),
    );
  };

  return {
    enter,
    follow(machine, plan) {
      machine.plan = [...plan];
      world.machines.changed(machine.id);
      arm(machine);
    },
    resume() {
      timers.clear();
      for (const machine of world.machines.values()) {
        if (machine.state === 'started') options.runner()?.start(machine);
        arm(machine);
      }
    },
    changed(machineId) {
      const waiting = watchers.get(machineId) ?? new Set();
      watchers.set(machineId, waiting);
      let wake: () => void = () => undefined;
      const promise = new Promise<void>((resolve) => {
        wake = resolve;
        waiting.add(wake);
      });
      return { promise, forget: () => waiting.delete(wake) };
    },
    close() {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
      for (const waiting of watchers.values()) for (const wake of waiting) wake();
      watchers.clear();
    },
  };
}

/** The exit of a stop with the code that the process really ended with. */
function withExitCode(step: Step, code: number): Step {
  const exit = step.event?.request?.['exit_event'];
  if (step.event === undefined || typeof exit !== 'object' || exit === null) return step;
  const request = { exit_event: { ...exit, exit_code: code, guest_exit_code: code } };
  return { ...step, event: { ...step.event, request } };
}

/** What a machine gets of its app's secrets when it starts; one that is set later waits for the next start. */
function secretsOf(world: World, machine: Machine): Record<string, string> {
  const secrets = machine.skipsSecrets ? [] : [...(world.apps.get(machine.app)?.secrets.values() ?? [])];
  return Object.fromEntries(secrets.map((one) => [one.name, one.value]));
}

/** Takes the volumes of a machine off it. */
export function detachVolumes(world: World, machine: Machine): void {
  for (const volume of world.volumes.values()) {
    if (volume.machine !== machine.id) continue;
    delete volume.machine;
    world.volumes.changed(volume.id);
  }
}

function released(world: World, machine: Machine): void {
  delete machine.lease;
  detachVolumes(world, machine);
}
