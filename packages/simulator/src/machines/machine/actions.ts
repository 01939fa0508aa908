import { ulid } from '../../ids.ts';
import type { Simulation } from '../../simulation.ts';
import type { App, Machine, MachineState } from '../../world/platform.ts';
import { flagOf, textOf } from '../request/body.ts';
import { machineConfig } from './config.ts';
import { attachVolume, checkSecretsVersion, launch, mountedVolume } from './create.ts';
import { detachVolumes } from './lifecycle.ts';
import { exitEvent, reachDestroyed, reachStarted, reachStopped, reachSuspended } from './plans.ts';
import type { Refusal } from '../request/refusal.ts';
import { failedPrecondition, invalidArgument } from '../request/refusal.ts';
import { isObject, type JsonObject } from '../../world/json.ts';

/** Suspend needs the memory image to fit (docs/specs/platform.md#machine-states). */
const SUSPEND_MEMORY_MB = 2048;

const SIGNALS: ReadonlySet<string> = new Set(
  'ABRT ALRM FPE HUP INT KILL PIPE QUIT SEGV TERM TRAP USR1 USR2'.split(' ').map((name) => `SIG${name}`),
);

const wrongState = (verb: string, machine: Machine): Refusal =>
  failedPrecondition(`unable to ${verb} machine from current state: '${machine.state}'`);

/** Starts a machine that rests. Starting one that runs already is no error, one that is going down is. */
export function startMachine(simulation: Simulation, machine: Machine): JsonObject {
  const previous = machine.state;
  const answer = { previous_state: previous, migrated: false, new_host: false };
  if (previous === 'started' || previous === 'starting') return answer;
  if (previous === 'replacing') throw failedPrecondition('machine getting replaced, refusing to start');
  if (previous === 'created' && machine.plan.length > 0) throw wrongState('start', machine);
  if (previous === 'stopping' || previous === 'suspending' || previous === 'restarting') {
    throw failedPrecondition('machine still active, refusing to start');
  }
  if (previous === 'destroying' || previous === 'destroyed') throw wrongState('start', machine);
  simulation.lifecycle.follow(machine, [reachStarted(simulation.settings.delays)]);
  simulation.lifecycle.enter(machine, {
    state: 'starting',
    event: { type: 'start', status: 'starting', source: 'user' },
  });
  return answer;
}

/** Stops a machine that runs. Stopping one that rests is no error. */
export function stopMachine(simulation: Simulation, machine: Machine): void {
  const resting: readonly MachineState[] = ['stopped', 'suspended', 'stopping', 'failed'];
  if (resting.includes(machine.state)) return;
  if (machine.state === 'suspending') throw failedPrecondition('machine is suspending, refusing to stop');
  if (machine.state === 'created' || machine.state === 'destroying' || machine.state === 'destroyed') {
    throw wrongState('stop', machine);
  }
  simulation.lifecycle.follow(machine, [reachStopped(simulation.settings.delays, simulation.clock.nowMs())]);
  simulation.lifecycle.enter(machine, {
    state: 'stopping',
    event: { type: 'stop', status: 'stopping', source: 'user' },
  });
}

/** Suspends a machine that runs; 412 when Fly.io's conditions for it are not met. */
export function suspendMachine(simulation: Simulation, machine: Machine): void {
  if (machine.state === 'suspended' || machine.state === 'suspending') return;
  if (machine.state !== 'started') throw wrongState('suspend', machine);
  const guest = isObject(machine.config['guest']) ? machine.config['guest'] : {};
  if (typeof guest['memory_mb'] === 'number' && guest['memory_mb'] > SUSPEND_MEMORY_MB) {
    throw failedPrecondition(`machines with more than ${SUSPEND_MEMORY_MB} MB of memory cannot be suspended`);
  }
  if (machine.config['schedule'] !== undefined)
    throw failedPrecondition('scheduled machines cannot be suspended');
  simulation.lifecycle.follow(machine, [reachSuspended(simulation.settings.delays)]);
  simulation.lifecycle.enter(machine, {
    state: 'suspending',
    event: { type: 'suspend', status: 'suspending', source: 'user' },
  });
}

/** Stops and starts. A machine that rests is started. */
export function restartMachine(simulation: Simulation, machine: Machine): void {
  const { delays } = simulation.settings;
  if (machine.state === 'stopped' || machine.state === 'suspended' || machine.state === 'failed') {
    startMachine(simulation, machine);
    return;
  }
  if (machine.state !== 'started' && machine.state !== 'starting') throw wrongState('restart', machine);
  const nowMs = simulation.clock.nowMs();
  simulation.lifecycle.follow(machine, [
    {
      afterMs: delays.stop,
      state: 'starting',
      event: {
        type: 'exit',
        status: 'stopped',
        source: 'flyd',
        request: exitEvent({ nowMs, requested: true, restarting: true }),
      },
    },
    reachStarted(delays),
  ]);
  simulation.lifecycle.enter(machine, {
    state: 'restarting',
    event: { type: 'restart', status: 'restarting', source: 'user' },
  });
}

/** Gives the machine a new version with a new config; nothing is merged. Name and region cannot change. */
export function updateMachine(simulation: Simulation, app: App, machine: Machine, body: JsonObject): void {
  const { settings, clock, lifecycle } = simulation;
  if (machine.state === 'destroying' || machine.state === 'destroyed') throw wrongState('update', machine);
  const region = textOf(body, 'region');
  if (region !== undefined && region !== machine.region) throw invalidArgument('region cannot be changed');
  const expected = textOf(body, 'current_version');
  if (expected !== undefined && expected !== machine.instanceId) {
    throw failedPrecondition(`machine version mismatch, current version is ${machine.instanceId}`);
  }
  const config = machineConfig(body['config']);
  const volume = mountedVolume(simulation, app, config, machine);
  checkSecretsVersion(app, body);
  detachVolumes(simulation.world, machine);
  if (volume) attachVolume(simulation.world, volume, machine);
  const rested = machine.state;
  machine.config = config;
  machine.skipsSecrets = flagOf(body, 'skip_secrets') ?? false;
  machine.instanceId = ulid(clock.nowMs());
  machine.versions.set(machine.instanceId, { version: machine.instanceId, user_config: config });
  lifecycle.follow(machine, []);
  lifecycle.enter(machine, {
    state: 'replacing',
    event: { type: 'update', status: 'replacing', source: 'user' },
  });
  if (flagOf(body, 'skip_launch') === true) {
    const state = rested === 'created' ? 'created' : 'stopped';
    lifecycle.follow(machine, [{ afterMs: settings.delays.replace, state }]);
    return;
  }
  launch(simulation, machine);
  lifecycle.follow(machine, [
    {
      afterMs: settings.delays.replace,
      state: 'created',
      event: { type: 'launch', status: 'created', source: 'user' },
    },
    ...machine.plan,
  ]);
}

/** Destroys a machine. One that runs is refused without `force`. */
export function destroyMachine(simulation: Simulation, machine: Machine, force: boolean): void {
  if (machine.state === 'destroyed' || machine.state === 'destroying') return;
  const resting: readonly MachineState[] = ['created', 'stopped', 'suspended', 'failed'];
  if (!force && !resting.includes(machine.state)) throw wrongState('destroy', machine);
  simulation.lifecycle.follow(machine, [reachDestroyed(simulation.settings.delays)]);
  simulation.lifecycle.enter(machine, {
    state: 'destroying',
    event: { type: 'destroy', status: 'destroying', source: 'user' },
  });
}

/** Sends a signal. SIGKILL, SIGTERM and SIGINT end the process, which is an exit that nobody asked the platform for. */
export function signalMachine(simulation: Simulation, machine: Machine, body: JsonObject): void {
  const asked = body['signal'];
  const name = asked === 9 ? 'SIGKILL' : asked;
  if (typeof name !== 'string' || !SIGNALS.has(name))
    throw invalidArgument(`signal ${String(asked)} is not valid`);
  if (machine.state !== 'started') throw wrongState('signal', machine);
  if (['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT'].includes(name))
    crashMachine(simulation, machine, { restart: true });
}

/** How a process ends on its own. */
export interface Crash {
  readonly reason?: string;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** Follow the machine's restart policy instead of giving up. */
  readonly restart?: boolean;
}

/**
 * The process ends on its own. Without `restart` the machine has used up its tries and rests in `failed`; with it the restart
 * policy of the config decides (`on-failure` when none is given, as on Fly.io).
 */
export function crashMachine(simulation: Simulation, machine: Machine, crash: Crash): void {
  const { settings, clock, lifecycle } = simulation;
  if (machine.state !== 'started') throw wrongState('crash', machine);
  const exitCode = crash.exitCode ?? 1;
  const restarting = crash.restart === true && mayRestart(machine, exitCode);
  const request = exitEvent({
    nowMs: clock.nowMs(),
    exitCode,
    oomKilled: crash.oomKilled ?? false,
    restarting,
  });
  const data = { Error: crash.reason ?? 'process exited', Transition: 'exit', ...request };
  const destroys = machine.config['auto_destroy'] === true && !restarting;
  const ends: MachineState = crash.restart === true || destroys ? 'stopped' : 'failed';
  lifecycle.follow(machine, []);
  lifecycle.enter(machine, {
    state: ends,
    event: { type: 'exit', status: ends, source: 'flyd', request },
    data,
  });
  if (destroys) {
    lifecycle.follow(machine, [{ afterMs: 0, state: 'destroying' }, reachDestroyed(settings.delays)]);
  } else if (restarting) {
    lifecycle.follow(machine, [
      { afterMs: settings.delays.start, state: 'starting' },
      reachStarted(settings.delays),
    ]);
  }
}

function mayRestart(machine: Machine, exitCode: number): boolean {
  const restart = machine.config['restart'];
  const policy = isObject(restart) ? (restart['policy'] ?? 'on-failure') : 'on-failure';
  return policy === 'always' || (policy === 'on-failure' && exitCode !== 0);
}
