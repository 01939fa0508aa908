import { isGone, isRunning, type Guest, type Interval } from '../nouns.ts';

/** A machine as upstream describes it, as far as running time can be read from it. */
export interface ObservedMachine {
  readonly id: string;
  readonly state: string;
  readonly events?:
    | readonly {
        readonly type: string;
        readonly status?: string | undefined;
        readonly timestamp?: number | undefined;
      }[]
    | null
    | undefined;
}

/** What an observation changes about a machine's running times: rows to write, found again by machine and start. */
export interface RunningTime {
  readonly intervals: readonly Interval[];
}

type Change = { readonly at: number; readonly running: boolean };

/**
 * Reads running times out of a machine's own events, and where those are silent, out of the state it is seen in.
 * Replaying the same events, or a longer history of them, yields the same intervals, so late and doubled messages
 * never add time (docs/specs/gateway.md#running-time).
 *
 * @param open the interval without an end that is known so far
 * @param now when the machine was looked at; used only where no event tells the time
 */
export function runningTime(
  seen: ObservedMachine,
  facts: {
    readonly environment: string;
    readonly guest: Guest;
    readonly open: Interval | undefined;
    readonly now: Date;
  },
): RunningTime {
  const { environment, guest, open, now } = facts;
  const intervals = new Map<number, Interval>();
  let current: Interval | undefined = open;
  const keep = (interval: Interval): void => {
    intervals.set(interval.startedAt.getTime(), interval);
  };
  const start = (at: Date, exact: boolean): void => {
    current = { machine: seen.id, environment, startedAt: at, stoppedAt: undefined, guest, exact };
    keep(current);
  };
  const stop = (at: Date, exact: boolean): void => {
    if (!current) return;
    const end = at < current.startedAt ? current.startedAt : at;
    keep({ ...current, stoppedAt: end, exact: current.exact && exact });
    current = undefined;
  };

  const changes = changesOf(seen);
  for (const change of changes) {
    const at = new Date(change.at);
    if (change.running) {
      // The history may begin before the interval that is already open; that start is known.
      if (!current) start(at, true);
    } else if (current && at >= current.startedAt) {
      stop(at, true);
    }
  }
  // Guessing a start while events tell of any would count the same time twice once the start event shows up.
  if (isRunning(seen.state) && !current && changes.length === 0) start(now, false);
  if (!isRunning(seen.state) && current) stop(now, false);
  return { intervals: [...intervals.values()] };
}

/** The moments at which a machine began or ceased to run, oldest first, without repetitions. */
function changesOf(seen: ObservedMachine): Change[] {
  const changes: Change[] = [];
  for (const event of [...(seen.events ?? [])].sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0))) {
    if (event.timestamp === undefined) continue;
    const running = runningAfter(event.type, event.status);
    if (running === undefined || changes.at(-1)?.running === running) continue;
    changes.push({ at: event.timestamp, running });
  }
  return changes;
}

/** Whether the machine runs after an event; undefined when the event says nothing about it. */
function runningAfter(type: string, status: string | undefined): boolean | undefined {
  if (type === 'exit') return false;
  if (status === undefined) return undefined;
  if (type === 'start' && status === 'started') return true;
  if (isGone(status) || ['stopped', 'suspended', 'failed'].includes(status)) return false;
  return undefined;
}
