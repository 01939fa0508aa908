import { isJsonObject, type MachineWire } from '@hangar/flyio';
import type { MachineFailure } from '../nouns.ts';

/** Three ends within ten minutes are a loop; Fly.io itself gives up after ten tries, which can take hours. */
const LOOP_EXITS = 3;
const LOOP_MS = 600_000;

type Event = NonNullable<MachineWire['events']>[number];

/** Why a machine is down, or keeps going down, as its events tell; undefined while all is well. */
export function failureOf(
  seen: Pick<MachineWire, 'state' | 'events'>,
  now: Date,
): MachineFailure | undefined {
  const events = [...(seen.events ?? [])].sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0));
  const last = events.findLast(({ type, status }) => isStart(type, status) || endsIt(type, status));
  const failures = events.flatMap((event) => failureIn(event) ?? []);
  const newest = failures.at(-1);
  if (newest === undefined) return undefined;
  const recent = failures.filter(({ at }) => now.getTime() - at.getTime() < LOOP_MS);
  if (recent.length >= LOOP_EXITS) return { ...newest, reason: 'restarting' };
  // A start or a stop that somebody asked for, later than the failure, has dealt with it.
  return last !== undefined && failureIn(last) !== undefined ? newest : undefined;
}

function isStart(type: string, status: string | undefined): boolean {
  return type === 'start' && status === 'started';
}

function endsIt(type: string, status: string | undefined): boolean {
  return type === 'exit' || (type === 'launch' && status === 'failed');
}

function failureIn(event: Event): MachineFailure | undefined {
  const { type, status, timestamp, request } = event;
  const at = new Date(timestamp ?? 0);
  if (type === 'launch' && status === 'failed')
    return { reason: 'not_launched', exitCode: undefined, oomKilled: false, at };
  if (type !== 'exit') return undefined;
  const exit = exitEventOf(request);
  const exitCode = typeof exit['exit_code'] === 'number' ? exit['exit_code'] : undefined;
  const oomKilled = exit['oom_killed'] === true;
  if (exit['requested_stop'] === true || (!oomKilled && (exitCode ?? 0) === 0 && status !== 'failed'))
    return undefined;
  return { reason: oomKilled ? 'out_of_memory' : 'exited', exitCode, oomKilled, at };
}

/** Older machines wrap it in a monitor event. */
function exitEventOf(request: unknown): Readonly<Record<string, unknown>> {
  if (!isJsonObject(request)) return {};
  if (isJsonObject(request['exit_event'])) return request['exit_event'];
  return exitEventOf(request['MonitorEvent']);
}
