import type { Simulation } from '../../simulation.ts';
import type { Machine } from '../../world/platform.ts';
import { isObject, type JsonObject } from '../../world/json.ts';
import { Refusal } from '../request/refusal.ts';

/** How a health check of a machine stands, when the control surface has said so. */
export interface CheckVerdict {
  readonly status: 'passing' | 'warning' | 'critical';
  readonly output: string;
  readonly updatedAtMs: number;
}

/** The names of a machine's checks: those of the config, and those of its services as Fly.io numbers them. */
function checkNames(machine: Machine): string[] {
  const { checks, services } = machine.config;
  const ofServices = Array.isArray(services) ? services.filter(isObject) : [];
  const named = ofServices.flatMap((service, index) =>
    (Array.isArray(service['checks']) ? service['checks'].filter(isObject) : []).map((check) => {
      const port = check['port'] ?? service['internal_port'];
      return `servicecheck-${String(index).padStart(2, '0')}-${String(check['type'])}-${String(port)}`;
    }),
  );
  return [...(isObject(checks) ? Object.keys(checks) : []), ...new Set(named)];
}

/** The checks of a machine on the wire: a machine that runs is well until somebody says otherwise. */
export function checksWire(machine: Machine): JsonObject[] {
  return checkNames(machine).map((name) => {
    const running = machine.state === 'started';
    const verdict = running ? machine.checks?.[name] : undefined;
    return {
      name,
      status: verdict?.status ?? (running ? 'passing' : 'critical'),
      output: verdict?.output ?? '',
      updated_at: new Date(verdict?.updatedAtMs ?? machine.updatedAtMs).toISOString(),
    };
  });
}

/** Says how checks of a machine stand from now on: the named one, or all of them. Throws a 404 refusal for one that it does not have. */
export function judgeChecks(
  simulation: Simulation,
  machine: Machine,
  { name, status, output }: { name?: string; status: CheckVerdict['status']; output: string },
): void {
  const names = checkNames(machine);
  if (name !== undefined && !names.includes(name))
    throw new Refusal(
      404,
      `machine ${machine.id} has no check ${name}; it has ${names.join(', ') || 'none'}`,
    );
  const verdict: CheckVerdict = { status, output, updatedAtMs: simulation.clock.nowMs() };
  const judged = (name === undefined ? names : [name]).map((one) => [one, verdict]);
  machine.checks = { ...machine.checks, ...(Object.fromEntries(judged) as Record<string, CheckVerdict>) };
  simulation.world.machines.changed(machine.id);
  simulation.logs.write(
    machine.id,
    `Health check ${name === undefined ? 'of every name' : `'${name}'`} is ${status} now. ${output}`.trim(),
    status === 'passing' ? 'info' : 'error',
  );
}
