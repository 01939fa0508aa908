import { randomText } from '../ids.ts';
import type { Simulation } from '../simulation.ts';
import type { AccessKey } from '../world/storage.ts';
import { IamRefusal } from './refusal.ts';

/**
 * `CreateAccessKey`: `UserName` becomes the name of the key, and only that (docs/specs/platform.md#iam). The secret
 * is shown here and never again.
 */
export function createAccessKey(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const key: AccessKey = {
    id: `tid_${randomText(18)}`,
    secret: `tsec_${randomText(32)}`,
    name: form.get('UserName') ?? '',
    createdAtMs: simulation.clock.nowMs(),
    active: true,
    policies: new Set(),
  };
  simulation.world.accessKeys.set(key.id, key);
  return { AccessKey: { ...keyWire(key), SecretAccessKey: key.secret } };
}

/** `ListAccessKeys`. With `UserName` only the keys of that name, or the key of that id. */
export function listAccessKeys(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const name = form.get('UserName');
  const keys = [...simulation.world.accessKeys.values()].filter(
    (key) => name === null || name === '' || key.name === name || key.id === name,
  );
  return { AccessKeyMetadata: { member: keys.map(keyWire) }, IsTruncated: false };
}

/** `UpdateAccessKey`: Active or Inactive. */
export function updateAccessKey(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const key = keyOf(simulation, form.get('AccessKeyId'));
  const status = form.get('Status');
  if (status !== 'Active' && status !== 'Inactive')
    throw new IamRefusal('ValidationError', 'Status must be Active or Inactive');
  key.active = status === 'Active';
  simulation.world.accessKeys.changed(key.id);
  return {};
}

/** `DeleteAccessKey`: its attachments go with it. */
export function deleteAccessKey(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const key = keyOf(simulation, form.get('AccessKeyId'));
  simulation.world.accessKeys.delete(key.id);
  return {};
}

/** The key with that id. */
export function keyOf(simulation: Simulation, id: string | null): AccessKey {
  const key = simulation.world.accessKeys.get(id ?? '');
  if (!key) throw new IamRefusal('NoSuchEntity', `The Access Key with id ${id ?? ''} cannot be found`);
  return key;
}

function keyWire(key: AccessKey): Record<string, unknown> {
  return {
    UserName: key.name,
    AccessKeyId: key.id,
    Status: key.active ? 'Active' : 'Inactive',
    CreateDate: new Date(key.createdAtMs).toISOString(),
  };
}
