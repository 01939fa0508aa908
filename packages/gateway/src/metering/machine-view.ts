import { type MachineWire } from '@hangar/flyio';
import type { Guest, Machine } from '../nouns.ts';
import { failureOf } from './failure.ts';
import { marksOf, METADATA_MARKS } from '../rules/machine-marks.ts';

/** What upstream gives a machine that asks for nothing. */
const SMALLEST_GUEST: Guest = { cpuKind: 'shared', cpus: 1, memoryMb: 256 };

/** The size that is metered. */
export function guestOf(machine: MachineWire): Guest {
  const guest = (machine.config ?? machine.incomplete_config)?.guest;
  return {
    cpuKind: guest?.cpu_kind ?? SMALLEST_GUEST.cpuKind,
    cpus: guest?.cpus ?? SMALLEST_GUEST.cpus,
    memoryMb: guest?.memory_mb ?? SMALLEST_GUEST.memoryMb,
  };
}

/** The row of a machine, as seen now. */
export function machineRow(
  machine: MachineWire,
  environment: string,
  now: Date,
  known: Machine | undefined,
): Machine {
  const created = machine.created_at === undefined ? Number.NaN : Date.parse(machine.created_at);
  return {
    id: machine.id,
    environment,
    state: machine.state,
    region: machine.region ?? known?.region ?? '',
    guest: guestOf(machine),
    operation: marksOf(machine)[METADATA_MARKS.operation] ?? known?.operation,
    createdAt: known?.createdAt ?? (Number.isNaN(created) ? now : new Date(created)),
    observedAt: now,
    destroyedAt: machine.state === 'destroyed' ? (known?.destroyedAt ?? now) : undefined,
    failure: hasEvents(machine) ? failureOf(machine, now) : sameFailure(machine, known),
  };
}

/** True when the description tells what happened; lists leave the events out. */
export function hasEvents({ events }: Pick<MachineWire, 'events'>): boolean {
  return (events?.length ?? 0) > 0;
}

/** Without events nothing new is known about a failure but that a machine in another state has got past it. */
function sameFailure({ state }: MachineWire, known: Machine | undefined): Machine['failure'] {
  return known?.state === state ? known.failure : undefined;
}
