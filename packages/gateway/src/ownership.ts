import { HangarError } from '@hangar/security';
import type { Environment, Machine } from './environment.ts';
import { noteMachine } from './observe.ts';
import type { Parts } from './parts.ts';
import { upstreamError } from './upstream.ts';

/**
 * Makes sure that a machine belongs to the app in whose path it stands: the operator's token could reach any machine
 * of the organization. One that the gateway has not seen yet is looked for upstream.
 * @throws HangarError `not_found`
 */
export async function ownedMachine(id: string, environment: Environment, parts: Parts): Promise<Machine> {
  const known = await parts.store.machine(id);
  if (known) {
    if (known.environment === environment.id) return known;
    throw machineNotFound();
  }
  const listed = await parts.machines.listMachines(environment.name);
  if (!listed.ok) throw upstreamError(listed.reason, true);
  const found = listed.value.find((machine) => machine.id === id);
  if (!found) throw machineNotFound();
  await noteMachine(found, environment.id, parts);
  const noted = await parts.store.machine(id);
  if (noted?.environment !== environment.id) throw machineNotFound();
  return noted;
}

/**
 * Makes sure that a volume belongs to the app.
 * @throws HangarError `not_found`
 */
export async function ownedVolume(id: string, environment: Environment, parts: Parts): Promise<void> {
  const owner = await parts.store.volumeOwner(id);
  if (owner === environment.id) return;
  if (owner !== undefined) throw volumeNotFound();
  const listed = await parts.machines.listVolumes(environment.name);
  if (!listed.ok) throw upstreamError(listed.reason, true);
  if (!listed.value.some((volume) => volume.id === id)) throw volumeNotFound();
  await parts.store.saveVolume({ id, environment: environment.id, at: parts.now() });
}

// flyctl looks for these words (fly-platform.md 3).
function machineNotFound(): HangarError {
  return new HangarError('not_found', { public: 'machine not found' });
}

function volumeNotFound(): HangarError {
  return new HangarError('not_found', { public: 'volume not found' });
}
