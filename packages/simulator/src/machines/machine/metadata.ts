import type { Simulation } from '../../simulation.ts';
import type { Machine } from '../../world/platform.ts';
import { textOf } from '../request/body.ts';
import { failedPrecondition, invalidArgument, Refusal } from '../request/refusal.ts';
import { isObject, type JsonObject } from '../../world/json.ts';

/** The metadata of a machine: part of its config, changed without a new version. */
export function metadataOf(machine: Machine): Record<string, string> {
  const metadata = machine.config['metadata'];
  return isObject(metadata) ? (metadata as Record<string, string>) : {};
}

/** The value of one key; 404 when it is not set. */
export function metadataValue(machine: Machine, key: string): JsonObject {
  const value = metadataOf(machine)[key];
  if (value === undefined) throw new Refusal(404, `metadata key ${key} not found`);
  return { value };
}

/** `PUT` replaces all of it, `PATCH` only what is named; null and empty values remove. */
export function changeMetadata(
  simulation: Simulation,
  machine: Machine,
  body: JsonObject,
  mode: 'replace' | 'merge',
): void {
  const changes = body['metadata'];
  if (!isObject(changes)) throw invalidArgument('metadata: is required');
  const version = textOf(body, 'machine_version');
  if (version !== undefined && version !== machine.instanceId) {
    throw failedPrecondition(`machine version mismatch, current version is ${machine.instanceId}`);
  }
  const result: Record<string, string> = mode === 'replace' ? {} : { ...metadataOf(machine) };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') delete result[key];
    else if (typeof value === 'string') result[key] = value;
    else throw invalidArgument(`metadata.${key}: must be a string`);
  }
  // A new object: the version that this config was made with keeps its own.
  machine.config = { ...machine.config, metadata: result };
  machine.updatedAtMs = simulation.clock.nowMs();
  simulation.world.machines.changed(machine.id);
}
