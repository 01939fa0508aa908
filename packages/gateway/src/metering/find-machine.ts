import type { Environment, Machine } from '../nouns.ts';
import { isObject } from '../rules/json.ts';
import { marksOf, readMachine, METADATA_MARKS } from '../rules/machine-marks.ts';
import { lookAtMachines } from './look.ts';
import { organizationPages } from '../upstream/organization-pages.ts';
import type { Deps } from '../deps.ts';
import { sendUpstream } from '../upstream/send.ts';

/** A machine of which an event tells, with its environment; the machine only when it was known before. */
export interface FoundMachine {
  readonly environment: Environment;
  readonly machine: Machine | undefined;
}

/** An event may overtake the answer that makes its machine known, so an unknown one is looked for once. */
export async function findMachine(id: string, deps: Deps): Promise<FoundMachine | undefined> {
  const known = await deps.store.machine(id);
  if (known) {
    const environment = await deps.store.environment(known.environment);
    return environment && { environment, machine: known };
  }
  const environment = await environmentOfMachine(id, deps);
  if (!environment) return undefined;
  await lookAtMachines(environment, deps);
  return { environment, machine: undefined };
}

/**
 * Its mark says which; without one (it was made behind the gateway's back) the app must lie on the environment's own
 * network, since a name may have changed hands.
 */
async function environmentOfMachine(id: string, deps: Deps): Promise<Environment | undefined> {
  const { store, organization, machines } = deps;
  const send = async (target: string) =>
    await sendUpstream(machines, { method: 'GET', target, repeatable: true }, async () => {});
  for await (const item of organizationPages({ organization, what: 'machines', query: [], send })) {
    if (!isObject(item) || item['id'] !== id) continue;
    const machine = readMachine(item);
    const mark = machine && marksOf(machine)[METADATA_MARKS.environment];
    if (mark !== undefined) return await store.environment(mark);
    const named = await store.environmentNamed(String(item['app_name']));
    if (!named) return undefined;
    const app = await machines.getApp(named.name);
    return app.ok && app.value.network === named.network ? named : undefined;
  }
  return undefined;
}
