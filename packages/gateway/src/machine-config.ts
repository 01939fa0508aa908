import { isJsonObject, type Fault, type Json } from '@hangar/flyio';
import { HangarError } from '@hangar/security';
import { checkBody, type NamedVolume } from './body-rules.ts';
import { checkCpuKind, type EnvironmentPolicy } from './policy.ts';

/** A volume that a machine's config asks for without naming one that is there. */
export interface NewVolume {
  readonly gigabytes: number;
}

/** A body that passed, with the volumes it wants to mount (their owner is still to be checked). */
export interface CheckedMachineBody {
  readonly body: Json;
  readonly config: Json;
  readonly volumes: readonly NamedVolume[];
  readonly newVolumes: readonly NewVolume[];
}

/**
 * Checks the body of a machine's create or update; both go through the same gate, since an update replaces the whole
 * config. Unknown members are refused at every depth: upstream may give them a meaning that reaches other tenants.
 * @throws HangarError `invalid` naming the fields, or `policy_denied` naming the rule
 */
export function checkMachineBody(body: unknown, policy: EnvironmentPolicy): CheckedMachineBody {
  const { value, volumes } = checkBody('UpdateMachineRequest', body, policy, missingIn);
  const config = objectOf(value['config']) ?? {};
  const denial = impliedKind(config, policy);
  if (denial) throw denial;
  return { body: value, config, volumes, newVolumes: newVolumesOf(config) };
}

function missingIn(body: Json): readonly Fault[] {
  const config = objectOf(body['config']);
  if (!config) return [{ path: 'config', fault: 'an object is needed' }];
  const containers = config['containers'];
  if (isText(config['image']) || (Array.isArray(containers) && containers.length > 0)) return [];
  return [{ path: 'config.image', fault: 'is needed' }];
}

/** A machine that says nothing about its processors gets shared ones. */
function impliedKind(config: Json, policy: EnvironmentPolicy): HangarError | undefined {
  if (isText(config['size']) || isText(objectOf(config['guest'])?.['cpu_kind'])) return undefined;
  return checkCpuKind('shared', 'config.guest.cpu_kind', policy);
}

/** A mount that names no volume by id, and gives a size, is a wish for a new one. */
function newVolumesOf(config: Json): readonly NewVolume[] {
  const mounts: readonly unknown[] = Array.isArray(config['mounts']) ? config['mounts'] : [];
  return mounts.filter(isJsonObject).flatMap(({ volume, size_gb: size }) => {
    if (isText(volume) || typeof size !== 'number' || size === 0) return [];
    return [{ gigabytes: size }];
  });
}

function objectOf(value: unknown): Json | undefined {
  return isJsonObject(value) ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** True for a plain JSON object. */
export { isJsonObject as isObject } from '@hangar/flyio';

/** A refusal that names one field. */
export function invalid(field: string, fault: string): HangarError {
  return new HangarError('invalid', { public: `${field}: ${fault}`, fields: { [field]: fault } });
}

/** The members that are there. */
export function withoutNulls(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}
