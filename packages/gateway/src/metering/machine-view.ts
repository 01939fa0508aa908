import { machineWire, type MachineWire } from '@hangar/flyio';
import type { Environment, Guest, Machine } from '../nouns.ts';
import { failureOf } from './failure.ts';
import { isReservedMetadata } from '../rules/body-rules.ts';
import { isObject } from '../rules/machine-config.ts';

/** Marks that the gateway writes into a machine's metadata, and hides again. */
export const metadataMarks = {
  environment: 'hangar_env',
  installation: 'hangar_install',
  operation: 'hangar_op',
} as const;

/** What upstream gives a machine that asks for nothing. */
const smallestGuest: Guest = { cpuKind: 'shared', cpus: 1, memoryMb: 256 };

/** Reads a machine out of an answer, or undefined when it is not one. */
export function readMachine(value: unknown): MachineWire | undefined {
  const read = machineWire.safeParse(value);
  return read.success ? read.data : undefined;
}

/** The marks that a machine carries, whatever else is written into its metadata. */
export function marksFor(
  environment: Pick<Environment, 'id'>,
  operation: string | undefined,
  installation: string,
): Record<string, string> {
  return {
    [metadataMarks.environment]: environment.id,
    [metadataMarks.installation]: installation,
    ...(operation === undefined ? {} : { [metadataMarks.operation]: operation }),
  };
}

/** The marks of a machine, empty where there are none. */
export function marksOf(machine: MachineWire): Readonly<Record<string, string>> {
  return (machine.config ?? machine.incomplete_config)?.metadata ?? {};
}

/** The size that is metered. */
export function guestOf(machine: MachineWire): Guest {
  const guest = (machine.config ?? machine.incomplete_config)?.guest;
  return {
    cpuKind: guest?.cpu_kind ?? smallestGuest.cpuKind,
    cpus: guest?.cpus ?? smallestGuest.cpus,
    memoryMb: guest?.memory_mb ?? smallestGuest.memoryMb,
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
    operation: marksOf(machine)[metadataMarks.operation] ?? known?.operation,
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

/** A metadata map without our marks. */
export function withoutMarks(metadata: unknown): unknown {
  if (!isObject(metadata)) return metadata;
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !isReservedMetadata(key)));
}

/** A machine's JSON as a caller may see it: all of it but our marks, wherever a config stands. */
export function cleanMachine(value: unknown): unknown {
  if (!isObject(value)) return value;
  const clean: Record<string, unknown> = { ...value };
  for (const member of ['config', 'incomplete_config', 'user_config']) {
    const config = value[member];
    if (isObject(config) && isObject(config['metadata'])) {
      clean[member] = { ...config, metadata: withoutMarks(config['metadata']) };
    }
  }
  return clean;
}
