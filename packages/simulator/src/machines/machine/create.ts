import { randomHex, ulid } from '../../ids.ts';
import type { Simulation } from '../../simulation.ts';
import type { App, Machine, Volume } from '../../world/platform.ts';
import { Table } from '../../world/table.ts';
import { nextNumber, type World } from '../../world/world.ts';
import { flagOf, numberOf, textOf } from '../request/body.ts';
import type { Caller } from '../request/caller.ts';
import { machineConfig } from './config.ts';
import { takeLease } from './leases.ts';
import { failedLaunchPlan, launchPlan } from './plans.ts';
import { failedPrecondition, invalidArgument, Refusal } from '../request/refusal.ts';
import { placeIn } from '../request/regions.ts';
import { machinesOf } from './wire.ts';
import { isObject, type JsonObject } from '../../world/json.ts';

const ADJECTIVES = ['autumn', 'bold', 'cold', 'dawn', 'hidden', 'late', 'quiet', 'silent', 'snowy', 'wispy'];
const NOUNS = ['breeze', 'cloud', 'dew', 'field', 'fire', 'moon', 'river', 'sea', 'sun', 'wood'];

/** Creates a machine and lets it launch, unless `skip_launch`. Throws refusals for what cannot run. */
export function createMachine(simulation: Simulation, caller: Caller, app: App, body: JsonObject): Machine {
  const { world, clock } = simulation;
  const number = nextNumber(world);
  const name =
    textOf(body, 'name') ?? `${ADJECTIVES[number % 10]}-${NOUNS[Math.floor(number / 10) % 10]}-${number}`;
  const twin = machinesOf(world, app.name).find((one) => one.name === name && one.state !== 'destroyed');
  if (twin) {
    throw new Refusal(
      409,
      `already_exists: unique machine name violation, machine ID ${twin.id} already exists with name "${name}"`,
    );
  }
  const config = machineConfig(body['config']);
  if (app.goneAtMs !== undefined) throw new Refusal(404, `Could not find App "${app.name}"`);
  const volume = mountedVolume(simulation, app, config, undefined);
  const region =
    textOf(body, 'region') === undefined
      ? (volume?.region ?? placeIn(undefined))
      : placeIn(textOf(body, 'region'));
  if (volume && volume.region !== region) {
    throw failedPrecondition(`volume ${volume.id} is in region ${volume.region}, not in ${region}`);
  }
  checkSecretsVersion(app, body);
  const leaseSeconds = numberOf(body, 'lease_ttl');
  const skipLaunch = flagOf(body, 'skip_launch') === true;

  const machine: Machine = {
    id: randomHex(7),
    app: app.name,
    name,
    region,
    privateIp: `fdaa:0:${app.number.toString(16)}:a7b:${(number & 0xffff).toString(16)}:0:1:2`,
    createdAtMs: clock.nowMs(),
    updatedAtMs: clock.nowMs(),
    state: 'created',
    instanceId: ulid(clock.nowMs()),
    config,
    cordoned: flagOf(body, 'skip_service_registration') ?? false,
    skipsSecrets: flagOf(body, 'skip_secrets') ?? false,
    secrets: {},
    events: new Table(),
    versions: new Table(),
    plan: [],
  };
  machine.versions.set(machine.instanceId, { version: machine.instanceId, user_config: config });
  world.machines.set(machine.id, machine);
  if (volume) attachVolume(world, volume, machine);
  if (leaseSeconds !== undefined && leaseSeconds > 0)
    takeLease(simulation, caller, machine, { ttlSeconds: leaseSeconds });

  simulation.lifecycle.enter(machine, {
    state: 'created',
    event: { type: 'launch', status: 'created', source: 'user' },
  });
  if (!skipLaunch) launch(simulation, machine);
  return machine;
}

/** Sends a machine that was just created, or got a new version, on its way to started. */
export function launch(simulation: Simulation, machine: Machine): void {
  const { delays } = simulation.settings;
  const struck = simulation.faults.strike({
    door: 'machines',
    kinds: ['launch_failed'],
    method: 'POST',
    route: `/v1/apps/${machine.app}/machines/${machine.id}`,
  });
  simulation.lifecycle.follow(machine, struck.length > 0 ? failedLaunchPlan(delays) : launchPlan(delays));
}

/** Binds a volume to a machine. */
export function attachVolume(world: World, volume: Volume, machine: Machine): void {
  volume.machine = machine.id;
  world.volumes.changed(volume.id);
}

/** The volume that a config mounts, free for this machine. Throws a 412 refusal when it is bound elsewhere. */
export function mountedVolume(
  simulation: Simulation,
  app: App,
  config: JsonObject,
  machine: Machine | undefined,
): Volume | undefined {
  const mounts = config['mounts'];
  const mount: unknown = Array.isArray(mounts) ? mounts[0] : undefined;
  if (!isObject(mount)) return undefined;
  const volumes = [...simulation.world.volumes.values()].filter((one) => one.app === app.name);
  const wanted = textOf(mount, 'volume');
  const free = (one: Volume): boolean => one.machine === undefined || one.machine === machine?.id;
  if (wanted === undefined) {
    const named = volumes.find((one) => one.name === textOf(mount, 'name') && free(one));
    if (!named) throw failedPrecondition('volume_placement_capacity: no unattached volume fits the mount');
    mount['volume'] = named.id;
    return named;
  }
  const volume = volumes.find((one) => one.id === wanted);
  if (!volume) throw invalidArgument(`volume ${wanted} not found`);
  if (!free(volume)) throw failedPrecondition(`volume is currently bound to machine ${volume.machine}`);
  return volume;
}

/** A machine may be made to wait for secrets of at least some version; a version from the future is refused. */
export function checkSecretsVersion(app: App, body: JsonObject): void {
  const wanted = numberOf(body, 'min_secrets_version');
  if (wanted !== undefined && wanted > app.secretsVersion) {
    throw failedPrecondition(
      `secrets version ${wanted} is not available, current version is ${app.secretsVersion}`,
    );
  }
}
