import { ipWire, volumeWire, type MachineWire, type VolumeWire } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import type { Machine } from '../nouns.ts';
import type { AppExchange, HandlerParts } from '../upstream/exchange.ts';
import { isObject } from '../rules/machine-config.ts';
import { marksOf, metadataMarks, readMachine } from '../metering/machine-view.ts';
import { noteMachine } from '../metering/observe.ts';
import { isAddress } from '../request/route.ts';
import { formatTarget, type Target } from '../request/target.ts';
import { jsonOf } from '../upstream/send.ts';

/**
 * Makes sure that a machine belongs to the app in whose path it stands: the operator's token could reach any machine
 * of the organization. One that the gateway has not seen yet is looked for upstream.
 * @throws HangarError `not_found`
 */
export async function ownedMachine(id: string, exchange: AppExchange, parts: HandlerParts): Promise<Machine> {
  const { environment } = exchange;
  const known = await parts.store.machine(id);
  if (known) {
    if (known.environment === environment.id) return known;
    throw machineNotFound(id);
  }
  const found = (await listedMachines(exchange)).find((machine) => machine.id === id);
  if (!found) throw machineNotFound(id);
  await noteMachine(found, environment.id, parts);
  const noted = await parts.store.machine(id);
  if (noted?.environment !== environment.id) throw machineNotFound(id);
  return noted;
}

/**
 * Makes sure that a volume belongs to the app.
 * @throws HangarError `not_found`
 */
export async function ownedVolume(id: string, exchange: AppExchange, parts: HandlerParts): Promise<void> {
  const { environment } = exchange;
  const owner = await parts.store.volumeOwner(id);
  if (owner === environment.id) return;
  if (owner !== undefined) throw volumeNotFound(id);
  if (!(await listedVolumes(exchange)).some((volume) => volume.id === id)) throw volumeNotFound(id);
  await parts.store.saveVolume({ id, environment: environment.id, at: parts.now() });
}

/**
 * The machines of the app. Upstream lists by name, and a name says who owns it only while it does not change hands: so
 * the environment is looked at before and after, and a machine with the mark of another one is left out.
 */
export async function listedMachines(
  exchange: AppExchange,
  query: Target['query'] = [],
): Promise<readonly MachineWire[]> {
  const { environment } = exchange;
  const items = await list(exchange, 'machines', query);
  return items.flatMap((item) => {
    const machine = readMachine(item);
    const mark = machine && marksOf(machine)[metadataMarks.environment];
    return machine && (mark === undefined || mark === environment.id) ? [machine] : [];
  });
}

/** The volumes of the app; they carry no marks. */
export async function listedVolumes(exchange: AppExchange): Promise<readonly VolumeWire[]> {
  const items = await list(exchange, 'volumes', []);
  return items.flatMap((item) => {
    const read = volumeWire.safeParse(item);
    return read.success ? [read.data] : [];
  });
}

/** The addresses of the app. */
export async function listedAddresses(exchange: AppExchange): Promise<readonly string[]> {
  const target = `/v1/apps/${exchange.environment.name}/ip_assignments`;
  const call = { method: 'GET', target, repeatable: true };
  const list = await jsonOf(await exchange.send(call), call);
  await exchange.check();
  const items: readonly unknown[] = isObject(list) && Array.isArray(list['ips']) ? list['ips'] : [];
  return items.flatMap((item) => {
    const read = ipWire.safeParse(item);
    return read.success && isAddress(read.data.ip) ? [read.data.ip] : [];
  });
}

async function list(
  exchange: AppExchange,
  what: 'machines' | 'volumes',
  query: Target['query'],
): Promise<readonly unknown[]> {
  const target = formatTarget({ segments: ['v1', 'apps', exchange.environment.name, what], query });
  const call = { method: 'GET', target, repeatable: true };
  const items = await jsonOf(await exchange.send(call), call);
  await exchange.check();
  if (Array.isArray(items)) return items;
  throw new HangarError('upstream_failed', { detail: `the list of ${what} is not a list` });
}

// flyctl looks for these words (docs/specs/platform.md#words-that-clients-look-for).
function machineNotFound(id: string): HangarError {
  return new HangarError('not_found', { public: 'machine not found', extra: { machine: id } });
}

function volumeNotFound(id: string): HangarError {
  return new HangarError('not_found', { public: `volume not found: ${id}`, extra: { volume: id } });
}
