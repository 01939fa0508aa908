import { ipWire, volumeWire, type MachineWire } from '@hangar/flyio';
import { isGone, type Interval, type Machine } from '../nouns.ts';
import { guestOf, hasEvents, machineRow } from './machine-view.ts';
import type { Deps } from '../deps.ts';
import { runningTime } from './running-time.ts';

/**
 * Takes note of a machine as upstream just described it: its state, and the running times that its events tell of.
 * Descriptions without events (lists leave them out) only change the state.
 */
export async function noteMachine(
  seen: MachineWire,
  environment: string,
  { store, now }: Pick<Deps, 'store' | 'now'>,
): Promise<void> {
  const known = await store.machine(seen.id);
  if (known !== undefined && known.environment !== environment) return;
  const at = now();
  // A note may be late, and somebody may have seen more of the machine since; its running times are told all the same.
  const row = known && known.observedAt > at ? known : machineRow(seen, environment, at, known);
  if (!hasEvents(seen)) {
    if (known?.state !== row.state) await store.saveMachine(row, []);
    return;
  }
  const latest = await store.latestInterval(seen.id);
  const open = latest?.stoppedAt === undefined ? latest : undefined;
  const { intervals } = runningTime(seen, { environment, guest: guestOf(seen), open, now: at });
  const news = intervals.map((one) => endedWith(row, one)).filter((one) => isNews(one, latest));
  if (news.length > 0 || !known || !sameRow(known, row)) await store.saveMachine(row, news);
}

/** What is told late of a machine that has been destroyed since did not go on for longer: nobody looks at it again. */
function endedWith({ destroyedAt }: Machine, interval: Interval): Interval {
  if (destroyedAt === undefined || interval.stoppedAt !== undefined) return interval;
  const { startedAt } = interval;
  return { ...interval, stoppedAt: destroyedAt < startedAt ? startedAt : destroyedAt, exact: false };
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

type Notes = Pick<Deps, 'store' | 'now'>;

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
export async function noteGone(machine: Machine, { store, now }: Pick<Deps, 'store' | 'now'>): Promise<void> {
  const at = now();
  const latest = await store.latestInterval(machine.id);
  const open = latest?.stoppedAt === undefined ? latest : undefined;
  const gone = { ...machine, state: 'destroyed', observedAt: at, destroyedAt: machine.destroyedAt ?? at };
  await store.saveMachine(gone, open ? [{ ...open, stoppedAt: at, exact: false }] : []);
}
