import { HangarError } from '@hangar/http';
import type { Machine } from '../nouns.ts';
import type { AppExchange, HandlerDeps } from '../upstream/exchange.ts';
import { noteMachine } from '../metering/observe.ts';
import { listedMachines, listedVolumes } from '../upstream/app-lists.ts';

/**
 * Makes sure that a machine belongs to the app in whose path it stands: the operator's token could reach any machine
 * of the organization. One that the gateway has not seen yet is looked for upstream.
 * @throws HangarError `not_found`
 */
export async function ownedMachine(id: string, exchange: AppExchange, deps: HandlerDeps): Promise<Machine> {
  const { environment } = exchange;
  const era = deps.memory.begin();
  const known = await deps.store.machine(id);
  if (known) {
    deps.memory.remember(era, { machine: known });
    if (known.environment === environment.id) return known;
    throw machineNotFound(id);
  }
  const found = (await listedMachines(exchange)).find((machine) => machine.id === id);
  if (!found) throw machineNotFound(id);
  await noteMachine(found, environment.id, deps);
  const noted = await deps.store.machine(id);
  if (noted?.environment !== environment.id) throw machineNotFound(id);
  return noted;
}

/**
 * Makes sure that a volume belongs to the app.
 * @throws HangarError `not_found`
 */
export async function ownedVolume(id: string, exchange: AppExchange, deps: HandlerDeps): Promise<void> {
  const { environment } = exchange;
  const owner = await deps.store.volumeOwner(id);
  if (owner === environment.id) return;
  if (owner !== undefined) throw volumeNotFound(id);
  if (!(await listedVolumes(exchange)).some((volume) => volume.id === id)) throw volumeNotFound(id);
  await deps.store.saveVolume({ id, environment: environment.id, at: deps.now() });
}

// flyctl looks for these words (docs/specs/platform.md#words-that-clients-look-for).
function machineNotFound(id: string): HangarError {
  return new HangarError('not_found', { public: 'machine not found', extra: { machine: id } });
}

function volumeNotFound(id: string): HangarError {
  return new HangarError('not_found', { public: `volume not found: ${id}`, extra: { volume: id } });
}
