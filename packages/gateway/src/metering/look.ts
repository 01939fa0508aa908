import type { MachineWire } from '@hangar/flyio';
import type { Deps } from '../deps.ts';
import type { Environment, Machine } from '../nouns.ts';
import { marksOf, METADATA_MARKS } from '../rules/machine-marks.ts';
import { noteMachine, noteGone } from './observe.ts';
import type { Task } from '@hangar/contract';

/** Looks at a machine upstream and takes note of what is there. */
export async function lookAtMachine(environment: Environment, machine: Machine, deps: Deps): Promise<void> {
  const seen = await deps.machines.getMachine(environment.name, machine.id);
  if (seen.ok) await noteMachine(seen.value, environment.id, deps);
  else if (seen.reason.tag === 'refused' && seen.reason.status === 404) await noteGone(machine, deps);
  else deps.log.info({ machine: machine.id, reason: seen.reason.tag }, 'a machine could not be looked at');
}

/**
 * Looks at all machines of an environment, and takes in those that the gateway did not make itself. Upstream lists by
 * name: once the environment has given it away, or where a machine carries another one's mark, nothing is taken in.
 */
export async function lookAtMachines(environment: Environment, deps: Deps): Promise<void> {
  const listed = await deps.machines.listMachines(environment.name);
  if (!listed.ok) return;
  const now = await deps.store.environment(environment.id);
  if (now?.generation !== environment.generation || now.deletedAt !== undefined) return;
  const known = new Map(
    (await deps.store.machinesOf(environment.id)).map((machine) => [machine.id, machine]),
  );
  for (const { id } of listed.value) {
    const full = await deps.machines.getMachine(environment.name, id);
    if (full.ok && isOf(environment, full.value)) await noteMachine(full.value, environment.id, deps);
    known.delete(id);
  }
  for (const machine of known.values())
    if (machine.destroyedAt === undefined) await lookAtMachine(environment, machine, deps);
}

/** A machine without a mark was made behind the gateway's back, in the app that it lies in. */
export function isOf({ id }: Environment, machine: MachineWire): boolean {
  const mark = marksOf(machine)[METADATA_MARKS.environment];
  return mark === undefined || mark === id;
}

/** Looks at all machines now and then: events may be lost, and a machine may be made behind the gateway's back. */
export function powerTask(deps: Deps): Task {
  return {
    name: 'gateway-power',
    everySeconds: 300,
    async run(signal) {
      for (const environment of await deps.store.environmentsWithMachines()) {
        if (signal.aborted) return;
        await lookAtMachines(environment, deps);
      }
    },
  };
}
