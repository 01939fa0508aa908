import { machineWire, type MachineWire } from '@hangar/flyio';
import { isObject } from './json.ts';
import type { Environment } from '../nouns.ts';
import { isReservedMetadata } from './body-rules.ts';

/** Marks that the gateway writes into a machine's metadata, and hides again. */
export const METADATA_MARKS = {
  environment: 'hangar_env',
  installation: 'hangar_install',
  operation: 'hangar_op',
} as const;

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
    [METADATA_MARKS.environment]: environment.id,
    [METADATA_MARKS.installation]: installation,
    ...(operation === undefined ? {} : { [METADATA_MARKS.operation]: operation }),
  };
}

/** The marks of a machine, empty where there are none. */
export function marksOf(machine: MachineWire): Readonly<Record<string, string>> {
  return (machine.config ?? machine.incomplete_config)?.metadata ?? {};
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
