import type { Environment, Machine } from '../nouns.ts';
import { isObject } from '../rules/machine-config.ts';
import { metadataMarks, readMachine, marksOf } from './machine-view.ts';
import { lookAtMachines } from './observe.ts';
import { organizationPages } from '../upstream/organization-pages.ts';
import type { Parts } from '../deps.ts';
import { sendUpstream } from '../upstream/send.ts';

/** A machine of which an event tells, with its environment; the machine only when it was known before. */
export interface FoundMachine {
  readonly environment: Environment;
  readonly machine: Machine | undefined;
}

/** An event may overtake the answer that makes its machine known, so an unknown one is looked for once. */
export async function findMachine(id: string, parts: Parts): Promise<FoundMachine | undefined> {
  const known = await parts.store.machine(id);
  if (known) {
    const environment = await parts.store.environment(known.environment);
    return environment && { environment, machine: known };
  }
  const environment = await environmentOfMachine(id, parts);
  if (!environment) return undefined;
  await lookAtMachines(environment, parts);
  return { environment, machine: undefined };
}

/**
 * Its mark says which; without one (it was made behind the gateway's back) the app must lie on the environment's own
 * network, since a name may have changed hands.
 */
async function environmentOfMachine(id: string, parts: Parts): Promise<Environment | undefined> {
  const { store, organization, machines } = parts;
  const send = async (target: string) =>
    await sendUpstream(machines, { method: 'GET', target, repeatable: true }, async () => {});
  for await (const item of organizationPages({ organization, what: 'machines', query: [], send })) {
    if (!isObject(item) || item['id'] !== id) continue;
    const machine = readMachine(item);
    const mark = machine && marksOf(machine)[metadataMarks.environment];
    if (mark !== undefined) return await store.environment(mark);
    const named = await store.environmentNamed(String(item['app_name']));
    if (!named) return undefined;
    const app = await machines.getApp(named.name);
    return app.ok && app.value.network === named.network ? named : undefined;
  }
  return undefined;
}
