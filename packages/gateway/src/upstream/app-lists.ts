import { ipWire, volumeWire, type MachineWire, type VolumeWire } from '@hangar/flyio';
import { formatTarget, type Target } from '../request/target.ts';
import { readMachine, marksOf, METADATA_MARKS } from '../rules/machine-marks.ts';
import type { AppExchange } from './exchange.ts';
import { isAddress } from '../rules/name-forms.ts';
import { isObject } from '../rules/json.ts';
import { jsonOf } from './send.ts';
import { HangarError } from '@hangar/http';

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
    const mark = machine && marksOf(machine)[METADATA_MARKS.environment];
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

export async function list(
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
