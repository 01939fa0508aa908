import type { Machine } from '../../world/platform.ts';
import { numberOf, textOf } from '../request/body.ts';
import { imageReference } from './wire.ts';
import { isObject, type JsonObject } from '../../world/json.ts';

/**
 * The variables of a process (docs/specs/platform.md#machine-config): those of the config, the app's secrets as the
 * machine has them, and what Fly.io adds. A container gets only the secrets that it lists.
 */
export function environmentOf(machine: Machine, container?: string): Record<string, string> {
  const containers = objectsIn(machine.config['containers']);
  const [first] = objectsIn(machine.config['processes']);
  const process = containers.find((one) => container === undefined || one['name'] === container) ?? first;
  const whole = containers.length === 0 && process?.['ignore_app_secrets'] !== true;
  return {
    ...variablesIn(machine.config['env']),
    ...variablesIn(process?.['env']),
    ...(whole ? machine.secrets : {}),
    ...listedSecrets(machine, objectsIn(process?.['secrets'])),
    ...added(machine),
  };
}

function added(machine: Machine): Record<string, string> {
  const { registry, repository, tag } = imageReference(machine.config);
  const guest = isObject(machine.config['guest']) ? machine.config['guest'] : {};
  const metadata = variablesIn(machine.config['metadata']);
  const group = metadata['fly_process_group'];
  return {
    FLY_ALLOC_ID: machine.id,
    FLY_APP_NAME: machine.app,
    FLY_IMAGE_REF: `${String(registry)}/${String(repository)}:${String(tag)}`,
    FLY_MACHINE_ID: machine.id,
    FLY_MACHINE_VERSION: machine.instanceId,
    FLY_PRIVATE_IP: machine.privateIp,
    ...(group === undefined ? {} : { FLY_PROCESS_GROUP: group }),
    FLY_REGION: machine.region,
    FLY_VM_MEMORY_MB: String(numberOf(guest, 'memory_mb')),
  };
}

function listedSecrets(machine: Machine, listed: readonly JsonObject[]): Record<string, string> {
  const found = listed.flatMap((one) => {
    const variable = textOf(one, 'env_var') ?? '';
    const value = machine.secrets[textOf(one, 'name') ?? variable];
    return value === undefined ? [] : [[variable, value] as const];
  });
  return Object.fromEntries(found);
}

function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function variablesIn(value: unknown): Record<string, string> {
  return isObject(value) ? (value as Record<string, string>) : {};
}
