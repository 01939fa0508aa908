import { ipWire, volumeWire, type MachineWire } from '@hangar/flyio';
import { isGone, type Environment, type Interval, type Machine } from '../nouns.ts';
import { guestOf, hasEvents, machineRow, marksOf, metadataMarks } from './machine-view.ts';
import type { Parts } from '../deps.ts';
import { runningTime } from './running-time.ts';

/**
 * Takes note of a machine as upstream just described it: its state, and the running times that its events tell of.
 * Descriptions without events (lists leave them out) only change the state.
 */
export async function noteMachine(
  seen: MachineWire,
  environment: string,
  { store, now }: Pick<Parts, 'store' | 'now'>,
): Promise<void> {
  const known = await store.machine(seen.id);
  if (known !== undefined && known.environment !== environment) return;
  const at = now();
  const row = machineRow(seen, environment, at, known);
  if (!hasEvents(seen)) {
    if (known?.state !== row.state) await store.saveMachine(row, []);
    return;
  }
  const latest = await store.latestInterval(seen.id);
  const open = latest?.stoppedAt === undefined ? latest : undefined;
  const { intervals } = runningTime(seen, { environment, guest: guestOf(seen), open, now: at });
  const news = intervals.filter((interval) => isNews(interval, latest));
  if (news.length > 0 || !known || !sameRow(known, row)) await store.saveMachine(row, news);
}

/** Events tell a machine's whole life again at every look; only what goes beyond the latest row is written. */
function isNews(interval: Interval, latest: Interval | undefined): boolean {
  if (!latest || interval.startedAt > latest.startedAt) return true;
  if (interval.startedAt < latest.startedAt) return false;
  return interval.stoppedAt?.getTime() !== latest.stoppedAt?.getTime();
}

function sameRow(known: Machine, seen: Machine): boolean {
  return (
    known.state === seen.state &&
    known.guest.cpus === seen.guest.cpus &&
    known.guest.memoryMb === seen.guest.memoryMb &&
    known.failure?.reason === seen.failure?.reason &&
    known.failure?.at.getTime() === seen.failure?.at.getTime()
  );
}

type Notes = Pick<Parts, 'store' | 'now'>;

/** Takes note of the volumes that a machine mounts and lets grow. Some of them may have been made with it. */
export async function noteMounts(
  seen: MachineWire,
  environment: string,
  { store, now }: Notes,
): Promise<void> {
  if (isGone(seen.state)) return;
  for (const { volume, size_gb: size, size_gb_limit: limit } of seen.config?.mounts ?? []) {
    const growsToGb = Math.max(size ?? 0, limit ?? 0);
    if (volume) await store.saveVolume({ id: volume, environment, at: now(), growsToGb });
  }
}

/** Takes note of a volume as upstream just described it. */
export async function noteVolume(seen: unknown, environment: string, { store, now }: Notes): Promise<void> {
  const read = volumeWire.safeParse(seen);
  if (!read.success) return;
  const { id, size_gb: size, state } = read.data;
  await store.saveVolume({ id, environment, at: now(), sizeGb: size ?? undefined });
  if (isVolumeGone(state ?? '')) await store.volumeGone(id, now());
}

/** Takes note that a volume is being deleted. */
export async function noteVolumeGone(seen: unknown, { store, now }: Notes): Promise<void> {
  const read = volumeWire.safeParse(seen);
  if (read.success) await store.volumeGone(read.data.id, now());
}

/** Takes note of an address as upstream just assigned it. */
export async function noteAddress(seen: unknown, environment: string, { store, now }: Notes): Promise<void> {
  const read = ipWire.safeParse(seen);
  if (read.success) await store.saveAddress({ address: read.data.ip, environment, at: now() });
}

/** States in which a volume's place is free again. */
const GONE_VOLUME_STATES: readonly string[] = [
  'scheduling_destroy',
  'fork_cleanup',
  'waiting_for_detach',
  'pending_destroy',
  'destroying',
  'destroyed',
];

/** True for a volume that is on its way out. */
export function isVolumeGone(state: string): boolean {
  return GONE_VOLUME_STATES.includes(state);
}

/** Takes note that a machine is gone. */
export async function noteGone(
  machine: Machine,
  { store, now }: Pick<Parts, 'store' | 'now'>,
): Promise<void> {
  const at = now();
  const latest = await store.latestInterval(machine.id);
  const open = latest?.stoppedAt === undefined ? latest : undefined;
  const gone = { ...machine, state: 'destroyed', observedAt: at, destroyedAt: machine.destroyedAt ?? at };
  await store.saveMachine(gone, open ? [{ ...open, stoppedAt: at, exact: false }] : []);
}

/** Looks at a machine upstream and takes note of what is there. */
export async function lookAtMachine(environment: Environment, machine: Machine, parts: Parts): Promise<void> {
  const seen = await parts.machines.getMachine(environment.name, machine.id);
  if (seen.ok) await noteMachine(seen.value, environment.id, parts);
  else if (seen.reason.tag === 'refused' && seen.reason.status === 404) await noteGone(machine, parts);
  else parts.log.info({ machine: machine.id, reason: seen.reason.tag }, 'a machine could not be looked at');
}

/**
 * Looks at all machines of an environment, and takes in those that the gateway did not make itself. Upstream lists by
 * name: once the environment has given it away, or where a machine carries another one's mark, nothing is taken in.
 */
export async function lookAtMachines(environment: Environment, parts: Parts): Promise<void> {
  const listed = await parts.machines.listMachines(environment.name);
  if (!listed.ok) return;
  const now = await parts.store.environment(environment.id);
  if (now?.generation !== environment.generation || now.deletedAt !== undefined) return;
  const known = new Map(
    (await parts.store.machinesOf(environment.id)).map((machine) => [machine.id, machine]),
  );
  for (const { id } of listed.value) {
    const full = await parts.machines.getMachine(environment.name, id);
    if (full.ok && isOf(environment, full.value)) await noteMachine(full.value, environment.id, parts);
    known.delete(id);
  }
  for (const machine of known.values())
    if (machine.destroyedAt === undefined) await lookAtMachine(environment, machine, parts);
}

/** A machine without a mark was made behind the gateway's back, in the app that it lies in. */
function isOf({ id }: Environment, machine: MachineWire): boolean {
  const mark = marksOf(machine)[metadataMarks.environment];
  return mark === undefined || mark === id;
}
