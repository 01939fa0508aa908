import { isJsonObject, type Fault, type Json } from '@hangar/flyio';
import { isVolumeId } from '@hangar/security';
import type { HangarError } from '@hangar/http';
import { checkBody, type NamedVolume } from './body-rules.ts';
import type { Guest } from '../nouns.ts';
import { checkCpuKind, checkCpus, checkMemory } from '../policy/policy-checks.ts';
import type { EnvironmentPolicy } from '../policy/policy.ts';
import type { VolumeGrowth } from '../ports.ts';

/** A body that passed, with the volumes it wants to mount (their owner is still to be checked). */
export interface CheckedMachineBody {
  readonly body: Json;
  readonly config: Json;
  readonly volumes: readonly NamedVolume[];
  /** The size of the machine that it describes. */
  readonly guest: Guest;
  /** Sizes in GB of volumes that it asks for without naming one that is there. */
  readonly newVolumes: readonly number[];
  /** Volumes that it lets grow. */
  readonly grows: readonly VolumeGrowth[];
}

/**
 * Checks the body of a machine's create or update (docs/specs/gateway.md#machine-configs); both go through the same gate, since an update replaces the whole
 * config. Unknown members are refused at every depth: upstream may give them a meaning that reaches other tenants.
 * @throws HangarError `invalid` naming the fields, or `policy_denied` naming the rule
 */
export function checkMachineBody(body: unknown, policy: EnvironmentPolicy): CheckedMachineBody {
  const { value, volumes } = checkBody('UpdateMachineRequest', body, policy, (read) => [
    ...missingIn(read),
    ...boundlessIn(read, policy),
  ]);
  const config = objectOf(value['config']) ?? {};
  const guest = guestIn(config);
  const denial = checkGuest(guest, policy);
  if (denial) throw denial;
  return { body: value, config, volumes, guest, ...disksOf(config) };
}

function missingIn(body: Json): readonly Fault[] {
  const config = objectOf(body['config']);
  if (!config) return [{ path: 'config', fault: 'an object is needed' }];
  const containers = config['containers'];
  if (isText(config['image']) || (Array.isArray(containers) && containers.length > 0)) return [];
  return [{ path: 'config.image', fault: 'is needed' }];
}

/** A mount that grows by itself without a limit grows past every quota: upstream asks nobody again. */
function boundlessIn(body: Json, { maxVolumeGb }: EnvironmentPolicy): readonly Fault[] {
  return mountsIn(objectOf(body['config']) ?? {}).flatMap((mount, at) => {
    if (!isJsonObject(mount) || sizeOf(mount['size_gb_limit']) > 0) return [];
    if (sizeOf(mount['add_size_gb']) === 0 && sizeOf(mount['extend_threshold_percent']) === 0) return [];
    const fault = `is needed where a volume grows by itself: from 1 to ${maxVolumeGb}`;
    return [{ path: `config.mounts[${at}].size_gb_limit`, fault }];
  });
}

/** What a body leaves out or says with a preset is held to the same maxima as what it says by number. */
function checkGuest({ cpuKind, cpus, memoryMb }: Guest, policy: EnvironmentPolicy): HangarError | undefined {
  return (
    checkCpuKind(cpuKind, 'config.guest.cpu_kind', policy) ??
    checkCpus(cpus, 'config.guest.cpus', policy) ??
    checkMemory(memoryMb, 'config.guest.memory_mb', policy)
  );
}

/** The size that upstream will give the machine: a guest's own members win over a preset, and the smallest is the default. */
function guestIn(config: Json): Guest {
  const [, prefix, count = '1'] =
    /^(shared-cpu|performance)-([0-9]{1,2})x$/.exec(String(config['size'])) ?? [];
  const preset = prefix === 'performance' ? 'performance' : 'shared';
  const guest = objectOf(config['guest']) ?? {};
  const cpuKind = isText(guest['cpu_kind']) ? guest['cpu_kind'] : preset;
  const cpus = sizeOf(guest['cpus']) || Number(count);
  const memoryMb = sizeOf(guest['memory_mb']) || cpus * (cpuKind === 'shared' ? 256 : 2048);
  return { cpuKind, cpus, memoryMb };
}

/** A mount that gives a size wants a new volume of it, or lets the one that it names by id grow to it. */
function disksOf(config: Json): Pick<CheckedMachineBody, 'newVolumes' | 'grows'> {
  const newVolumes: number[] = [];
  const grows: VolumeGrowth[] = [];
  for (const mount of mountsIn(config).filter(isJsonObject)) {
    const toGb = Math.max(sizeOf(mount['size_gb']), sizeOf(mount['size_gb_limit']));
    const id = [mount['volume'], mount['name']].find((name) => isText(name) && isVolumeId(name));
    if (toGb === 0) continue;
    if (isText(id)) grows.push({ volume: id, toGb });
    else newVolumes.push(toGb);
  }
  return { newVolumes, grows };
}

function mountsIn(config: Json): readonly unknown[] {
  return Array.isArray(config['mounts']) ? config['mounts'] : [];
}

function sizeOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function objectOf(value: unknown): Json | undefined {
  return isJsonObject(value) ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
