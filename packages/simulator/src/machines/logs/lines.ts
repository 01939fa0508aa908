import type { Simulation } from '../../simulation.ts';
import type { App } from '../../world/platform.ts';
import { machinesOf } from '../machine/wire.ts';
import { invalidArgument } from '../request/refusal.ts';

/** A line of an app's log. */
export interface LogLine {
  readonly id: string;
  readonly timeMs: number;
  readonly message: string;
  readonly level: 'info' | 'error';
  /** The machine; empty for a line about the app itself. */
  readonly instance: string;
  readonly region: string;
}

/** Which lines somebody wants. The empty text is all of them. */
export interface LogFilter {
  readonly instance: string;
  readonly region: string;
}

/** A place among the lines: time, and id among those of one moment. */
const CURSOR = /^(\d{1,15})-(\w{1,64})$/;

/** The life of an app and of its machines, and what these have printed, oldest first. */
export function linesOf({ world, logs }: Simulation, app: App, { instance, region }: LogFilter): LogLine[] {
  const created: LogLine = {
    // Before every other id of that moment.
    id: '0',
    timeMs: app.createdAtMs,
    message: `App ${app.name} was created`,
    level: 'info',
    instance: '',
    region: '',
  };
  const lives = machinesOf(world, app.name).flatMap((machine): LogLine[] => {
    const place = { instance: machine.id, region: machine.region };
    return [
      ...[...machine.events.values()].map((event) => ({
        id: event.id,
        timeMs: event.timestamp,
        message: `Machine ${machine.name}: ${event.type}, now ${event.status}`,
        level: 'info' as const,
        ...place,
      })),
      ...logs.of(machine.id).map((line) => ({ ...line, ...place })),
    ];
  });
  return [created, ...lives]
    .filter(
      (one) => (instance === '' || one.instance === instance) && (region === '' || one.region === region),
    )
    .toSorted(compare);
}

/** Where a line is, for whoever wants what comes after it. */
export function cursorOf(line: LogLine): string {
  return `${line.timeMs}-${line.id}`;
}

/** The lines behind that place. Throws a 400 refusal for a cursor that no answer has given. */
export function linesAfter(lines: readonly LogLine[], cursor: string): LogLine[] {
  const [, time = '', id = ''] = CURSOR.exec(cursor) ?? [];
  if (time === '') throw invalidArgument('next_token is not one that an answer before has given');
  return lines.filter((one) => compare(one, { timeMs: Number(time), id }) > 0);
}

function compare(a: Pick<LogLine, 'timeMs' | 'id'>, b: Pick<LogLine, 'timeMs' | 'id'>): number {
  return a.timeMs - b.timeMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
